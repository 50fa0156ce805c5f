"""Training end to end on a handful of drawn clips: both stages, resuming, checkpoints."""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from functools import partialmethod
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file, save_file
from small import EXPERIMENT, SCHEDULE

from cstm.config import Experiment
from cstm.data.feeding.mixture import Source
from cstm.data.synthetic import synthesize
from cstm.download import PublishedFile
from cstm.evaluation.evaluate import evaluate
from cstm.model.backbones import build_spatial
from cstm.model.network import ActorSegmenter
from cstm.model.published import PUBLISHED, Published
from cstm.training import decoding
from cstm.training.average import Average
from cstm.training.calibrate import with_threshold
from cstm.training.checkpoint import load_checkpoint, save_checkpoint
from cstm.training.fit import Step
from cstm.training.objective import Objective
from cstm.training.plan import Pace, Run
from cstm.training.run import train
from cstm.training.stages import build_stage, stages_of
from cstm.training.start import with_threshold_of
from cstm.training.state import Progress
from cstm.training.watch import watch


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("training") / "world"
    synthesize(root, 3, 2, seed=3, size=(96, 80), frames=12, workers=1)
    return root


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("prepared")


def run_of(world: Path, prepared: Path, out: Path, experiment: Experiment = EXPERIMENT) -> Run:
    return Run(
        experiment, "test", (Source("synthetic", world, 1.0),), out, prepared, validation_samples=4
    )


def train_all(run: Run) -> list[str]:
    fabric = Fabric(accelerator="cpu", devices=1)
    return [stage.name for stage, _ in train(run, fabric)]


@pytest.fixture(scope="module")
def finished(world, prepared, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run")
    names = train_all(run_of(world, prepared, out))
    assert sorted(set(names), key=names.index) == ["spatial", "temporal", "joint"]
    return out


def test_the_joint_network_has_the_encoders_of_stage_one_and_only_its_decoder_moved(finished):
    trained = load_checkpoint(finished / "cstm.safetensors")
    stage = stages_of(EXPERIMENT)[-1]
    fresh = build_stage(stage, trained.vocabulary, finished).state_dict()
    joint = load_checkpoint(finished / "cstm.safetensors").network.state_dict()
    for name in ("spatial", "temporal"):
        alone = load_checkpoint(finished / name / "last.safetensors").network.state_dict()
        encoder = {key: value for key, value in alone.items() if key.startswith(f"{name}.")}
        assert encoder
        for key, value in encoder.items():
            assert torch.equal(joint[key], value), key
    moved = {key for key, value in joint.items() if not torch.equal(value, fresh[key])}
    assert moved
    assert all(key.startswith("decoder.") for key in moved)
    weights = {key for key in joint if key.startswith("decoder.") and key.endswith("weight")}
    assert weights <= moved


def test_stage_two_may_train_everything(finished):
    trained = load_checkpoint(finished / "cstm.safetensors")
    fixed, free = (
        build_stage(stages_of(replace(EXPERIMENT, joint=joint))[-1], trained.vocabulary, finished)
        for joint in ("decoder", "all")
    )
    for name, parameter in fixed.named_parameters():
        assert parameter.requires_grad == name.startswith("decoder."), name
    assert all(parameter.requires_grad for parameter in free.parameters())
    for key, value in fixed.state_dict().items():
        assert torch.equal(value, free.state_dict()[key]), key


def test_the_average_of_the_weights_is_what_is_kept(finished):
    state = torch.load(finished / "spatial" / "state.pt", weights_only=True)
    kept = load_checkpoint(finished / "spatial" / "last.safetensors").network.state_dict()
    for key, value in kept.items():
        assert torch.equal(value, state["average"][key]), key
    assert any(not torch.equal(v, state["objective"][f"network.{k}"]) for k, v in kept.items())


def test_the_average_is_what_is_validated_once_probing_is_over(
    world, prepared, tmp_path, monkeypatch
):
    averages, begins, validated = [], [], []

    class Watched(Average):
        def __init__(self, network, decay, begin):
            super().__init__(network, decay, begin)
            averages.append(self.network)
            begins.append(begin)

    def watched(network, *asked):
        validated.append(network)
        return evaluate(network, *asked)

    monkeypatch.setattr("cstm.training.fit.Average", Watched)
    monkeypatch.setattr("cstm.training.run.evaluate", watched)
    model = replace(EXPERIMENT.model, temporal=None)
    schedule = replace(SCHEDULE, average=1.0, warm_up_steps=1, probing_steps=2)
    experiment = replace(EXPERIMENT, model=model, encoders=schedule)
    train_all(run_of(world, prepared, tmp_path, experiment))
    assert begins == [3]
    assert len(validated) == SCHEDULE.epochs
    assert all(network is averages[0] for network in validated)


def test_a_run_leaves_metrics_and_provenance(finished):
    lines = (finished / "temporal" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
    first, last = map(json.loads, lines)
    assert last["loss"] < first["loss"]
    assert 0 <= last["validation"]["mean_iou"] <= 1
    assert 0 <= last["direction"] <= 1
    checkpoint = load_checkpoint(finished / "cstm.safetensors")
    assert checkpoint.provenance["experiment"] == "test"
    assert checkpoint.provenance["stage"] == "joint"
    assert checkpoint.experiment.model == EXPERIMENT.model
    assert list((finished / "temporal" / "tensorboard").iterdir())


def test_a_finished_run_has_nothing_left_to_do(finished, world, prepared):
    assert train_all(run_of(world, prepared, finished)) == []


def test_samples_read_when_due_make_the_same_weights_and_leave_nothing(finished, world, tmp_path):
    """As decoded ones do, and a run goes on either way."""
    run = replace(run_of(world, tmp_path / "prepared", tmp_path / "run"), pace=Pace(workers=2))
    train_all(run)
    assert not run.prepared.exists()
    decoded = load_checkpoint(finished / "cstm.safetensors").network.state_dict()
    read = load_checkpoint(run.out / "cstm.safetensors").network.state_dict()
    for key, value in decoded.items():
        assert torch.equal(value, read[key]), key
    assert train_all(replace(run, pace=Pace())) == []


def test_a_broken_stage_is_trained_anew_once_its_folder_is_gone(
    world, prepared, finished, tmp_path
):
    shutil.copytree(finished, tmp_path / "run")
    run, spatial = run_of(world, prepared, tmp_path / "run"), tmp_path / "run" / "spatial"
    (spatial / "state.pt").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"delete .*spatial to train anew"):
        train_all(run)
    shutil.rmtree(spatial)
    assert set(train_all(run)) == {"spatial"}
    assert train_all(run) == []


def test_clips_that_a_killed_run_left_half_decoded_do_not_stay(world, prepared, finished):
    (clips,) = prepared.iterdir()
    left, young = (prepared / f".{clips.name}.partial-{number:08d}" for number in range(2))
    for folder in (left, young):
        folder.mkdir()
        (folder / "clips.npy").touch()
    for path in (left, left / "clips.npy"):
        os.utime(path, (0, 0))
    assert train_all(run_of(world, prepared, finished)) == []
    assert sorted(prepared.iterdir()) == sorted([clips, young])
    shutil.rmtree(young)


def test_weights_that_nothing_starts_from_are_refused(world, prepared, finished, tmp_path):
    run = run_of(world, prepared, tmp_path)
    for stream in ("spatial", "temporal"):
        with pytest.raises(ValueError, match=rf"cstm\.safetensors; leave out --{stream}-weights"):
            replace(run, start=finished / "cstm.safetensors", **{f"{stream}_weights": "random"})
    alone = replace(run.experiment, model=replace(run.experiment.model, temporal=None))
    with pytest.raises(ValueError, match="no temporal encoder; leave out --temporal-weights"):
        replace(run, experiment=alone, temporal_weights="random")


def test_what_an_encoder_knew_is_held_on_to(world, prepared, tmp_path):
    torch.manual_seed(4)
    teacher = build_spatial("efficientnet_lite0", 0)
    published = {name.split(".", 2)[2]: tensor for name, tensor in teacher.state_dict().items()}
    torch.save(published, tmp_path / "published.pth")
    model = replace(EXPERIMENT.model, spatial="efficientnet_lite0", temporal=None)
    distilled = replace(SCHEDULE, distillation_weight=0.5, epochs=1)
    experiment = replace(EXPERIMENT, model=model, encoders=distilled)
    run = replace(
        run_of(world, prepared, tmp_path / "run", experiment),
        spatial_weights=str(tmp_path / "published.pth"),
    )
    steps = train(replace(run, pace=Pace(save_minutes=0.0)), Fabric(accelerator="cpu", devices=1))
    next(steps)
    next(steps)  # saves what the first has come to
    steps.close()
    (tmp_path / "published.pth").unlink()
    assert set(train_all(run)) == {"spatial"}, "what has begun needs them no more"
    state = torch.load(run.out / "spatial" / "state.pt", weights_only=True)["objective"]
    for name, tensor in teacher.state_dict().items():
        assert torch.equal(state[f"distillation.teacher.{name}"], tensor), name
    metrics = json.loads((run.out / "spatial" / "metrics.jsonl").read_text())
    assert 0 < metrics["distillation_loss"] < 3
    narrow = replace(EXPERIMENT, encoders=distilled)
    with pytest.raises(ValueError, match=r"narrow2d .* leave out --encoders\.distillation-weight"):
        train_all(run_of(world, prepared, tmp_path / "other", narrow))


def test_parts_learn_at_their_rates_and_the_best_epoch_is_kept(
    world, prepared, tmp_path, monkeypatch
):
    monkeypatch.setattr(Progress, "best_epoch", lambda _: 1)
    schedule = replace(SCHEDULE, samples=8, average=0.0, spatial_rate=1e-6)
    alone = replace(EXPERIMENT, decoder=schedule, joint="alone")
    train_all(run_of(world, prepared, tmp_path, alone))
    best, last = (
        load_file(tmp_path / "joint" / f"{name}.safetensors") for name in ("best", "last")
    )
    moved = {key: float((best[key] - last[key]).abs().max()) for key in best if "weight" in key}
    fast = [far for key, far in moved.items() if key.startswith("decoder.fusions")]
    slow = [far for key, far in moved.items() if key.startswith("spatial.backbone")]
    assert min(fast) > 1e-4, "best is of the first epoch, last of the second"
    assert max(slow) < 1e-6


def test_fresh_heads_probe_in_the_first_steps_alone(world, prepared, tmp_path, monkeypatch):
    seen, forward = [], Objective.forward

    def watched(self, *batch):
        seen.append(self.probing)
        return forward(self, *batch)

    monkeypatch.setattr(Objective, "forward", watched)
    model = replace(EXPERIMENT.model, temporal=None)
    probing = replace(SCHEDULE, class_weight=0.5, probing_steps=2, epochs=1)
    train_all(run_of(world, prepared, tmp_path, replace(EXPERIMENT, model=model, encoders=probing)))
    assert len(seen) > 3
    assert seen == [True, True] + [False] * (len(seen) - 2)


def test_an_interrupted_run_ends_with_the_weights_of_an_undisturbed_one(
    finished, world, prepared, tmp_path
):
    run = run_of(world, prepared, tmp_path)
    for count, (stage, step) in enumerate(train(run, Fabric(accelerator="cpu", devices=1))):
        if stage.name == "spatial" and step.epoch == 1 and count:
            break
    rest = [step for stage, step in train(run, Fabric(accelerator="cpu", devices=1))
            if stage.name == "spatial"]  # fmt: skip
    assert rest[0].step > 0
    undisturbed = load_checkpoint(finished / "cstm.safetensors").network.state_dict()
    resumed = load_checkpoint(tmp_path / "cstm.safetensors").network.state_dict()
    for key, value in undisturbed.items():
        assert torch.equal(value, resumed[key]), key


def test_a_run_goes_on_with_its_own_settings_only(finished, world, prepared, tmp_path):
    record = (finished / "config.json").read_bytes()
    same = run_of(world, prepared, finished)
    assert train_all(replace(same, pace=Pace(accumulate=2))) == [], "which decides no weights"
    with pytest.raises(ValueError, match="was trained with another precision"):
        list(train(same, Fabric(accelerator="cpu", devices=1, precision="64-true")))
    wider = replace(EXPERIMENT, model=replace(EXPERIMENT.model, width=8))
    with pytest.raises(ValueError, match="was trained with another width"):
        train_all(run_of(world, prepared, finished, wider))
    faster = replace(EXPERIMENT, encoders=replace(SCHEDULE, learning_rate=0.1))
    with pytest.raises(ValueError, match="was trained with another learning_rate"):
        train_all(run_of(world, prepared, finished, faster))
    assert (finished / "config.json").read_bytes() == record
    # Nothing of that size is decoded yet, and nothing is decoded to find out.
    larger = replace(EXPERIMENT, clip=replace(EXPERIMENT.clip, size=96))
    with pytest.raises(ValueError, match="was trained with another size"):
        train_all(run_of(world, tmp_path / "decoded", finished, larger))
    assert not (tmp_path / "decoded").exists()
    broken = tmp_path / "spatial" / "state.pt"
    broken.parent.mkdir()
    broken.write_bytes((finished / "spatial" / "state.pt").read_bytes()[:5000])
    with pytest.raises(ValueError, match="can't be read") as caught:
        train_all(run_of(world, prepared, tmp_path))
    assert "\n" not in str(caught.value)


def test_results_of_something_else_are_kept(finished, world, prepared, tmp_path):
    alone = replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None))
    result = (finished / "cstm.safetensors").read_bytes()
    with pytest.raises(ValueError, match="holds a run of another network, with joint"):
        train_all(run_of(world, prepared, finished, alone))
    assert (finished / "cstm.safetensors").read_bytes() == result
    for name in ("config.json", "cstm.safetensors"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(ValueError, match=f"{name} is there, and of no run"):
            train_all(run_of(world, prepared, tmp_path))
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()
    # Where an encoder was copied that is all, there is still a description.
    shutil.copytree(finished / "spatial", tmp_path / "spatial")
    assert train_all(run_of(world, prepared, tmp_path, alone)) == []
    assert json.loads((tmp_path / "config.json").read_text())["name"] == "test"


def test_two_datasets_are_mixed_validated_apart_and_know_common_words(world, prepared, tmp_path):
    other = tmp_path / "other"
    synthesize(other, 2, 1, seed=9, size=(96, 80), frames=12, workers=1)
    glove = tmp_path / "glove.txt"
    numbers = " 0.5" * EXPERIMENT.model.word_channels
    glove.write_text("".join(f"{word}{numbers}\n" for word in ("cat", "zebra", "xylophone")))
    run = replace(
        run_of(world, prepared, tmp_path / "run"),
        sources=(Source("a2d", other, 1.0), Source("synthetic", world, 2.0)),
        experiment=replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None)),
        vectors=glove,
        words=2,
    )
    train_all(run)
    known = load_checkpoint(tmp_path / "run" / "cstm.safetensors").vocabulary
    assert "zebra" in known, "a common word that no sentence has"
    assert "xylophone" not in known
    lines = (tmp_path / "run" / "spatial" / "metrics.jsonl").read_text().splitlines()
    validation = json.loads(lines[-1])["validation"]
    apart = [validation[name]["mean_iou"] for name in ("a2d-other", f"synthetic-{world.name}")]
    assert validation["mean_iou"] == pytest.approx(sum(apart) / 2)
    moved = replace(run, sources=(Source("a2d", other, 1.0), Source("synthetic", world, 1.0)))
    with pytest.raises(ValueError, match="weights of the datasets"):
        train_all(moved)


def test_what_can_be_refused_is_refused_before_any_work(world, tmp_path):
    run = run_of(world, tmp_path / "prepared", tmp_path / "run")
    for wrong, word in (
        (replace(run, pace=Pace(accumulate=3)), "multiple of 3"),
        (replace(run, temporal_weights=str(tmp_path / "none.pt")), "no weights at"),
        (replace(run, sources=(Source("jhmdb", world, 1.0),)), "jhmdb"),
        (replace(run, sources=(*run.sources, Source("own", tmp_path / "none", 1.0))), "none"),
        (replace(run, vectors=tmp_path / "glove.txt"), "glove.txt"),
        (replace(run, out=world / "a2d_annotation.txt" / "run"), "cannot write"),
    ):
        with pytest.raises(ValueError, match=word):
            train_all(wrong)
    assert not list(tmp_path.iterdir())


def test_prepared_samples_of_another_dataset_are_refused(finished, prepared, tmp_path):
    other = tmp_path / "other" / "world"
    synthesize(other, 2, 1, seed=8, size=(96, 80), frames=12, workers=1)
    with pytest.raises(ValueError, match="prepared from another dataset"):
        train_all(run_of(other, prepared, tmp_path / "run"))


def test_what_another_run_has_decoded_meanwhile_is_taken(world, tmp_path, monkeypatch):
    decode = decoding.prepare

    def overtaken(samples, clip, folder):
        list(decode(samples, clip, folder))
        yield from decode(samples, clip, folder)

    monkeypatch.setattr(decoding, "prepare", overtaken)
    stage_one = replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None))
    train_all(run_of(world, tmp_path / "prepared", tmp_path / "run", stage_one))
    assert (tmp_path / "run" / "cstm.safetensors").exists()


def test_a_loss_that_is_not_a_number_names_the_batch(world, prepared, tmp_path):
    schedule = replace(SCHEDULE, learning_rate=1e30)
    with pytest.raises(ValueError, match=r"the loss is .*train\d+/"):
        train_all(run_of(world, prepared, tmp_path, replace(EXPERIMENT, encoders=schedule)))


def test_a_single_stream_needs_one_stage():
    spatial = replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None))
    temporal = replace(EXPERIMENT, model=replace(EXPERIMENT.model, spatial=None))
    assert [stage.name for stage in stages_of(spatial)] == ["spatial"]
    assert [stage.name for stage in stages_of(temporal)] == ["temporal"]


def test_all_may_be_trained_together_without_a_stage_one(world, prepared, tmp_path):
    schedule = replace(SCHEDULE, epochs=2, samples=8)
    alone = replace(EXPERIMENT, decoder=schedule, joint="alone")
    steps = [
        (stage.name, step.step)
        for stage, step in train(
            run_of(world, prepared, tmp_path, alone), Fabric(accelerator="cpu", devices=1)
        )
    ]
    assert steps == [("joint", number) for number in range(4)], "two epochs of two batches of 4"
    fresh = build_stage(
        stages_of(alone)[0], load_checkpoint(tmp_path / "cstm.safetensors").vocabulary, tmp_path
    ).state_dict()
    trained = torch.load(tmp_path / "joint" / "state.pt", weights_only=True)["objective"]
    for part in ("spatial.backbone", "temporal.backbone", "decoder.fusions"):
        moved = [not torch.equal(trained[f"network.{k}"], fresh[k]) for k in fresh if part in k]
        assert any(moved), part


def test_a_backbone_with_a_rate_of_0_keeps_weights_and_statistics(world, prepared, tmp_path):
    schedule = replace(SCHEDULE, epochs=1, samples=8, average=0.0, spatial_rate=0.0)
    alone = replace(EXPERIMENT, decoder=schedule, joint="alone")
    assert train_all(run_of(world, prepared, tmp_path, alone)) == ["joint"] * 2
    trained = load_checkpoint(tmp_path / "cstm.safetensors")
    fresh = build_stage(stages_of(alone)[0], trained.vocabulary, tmp_path).state_dict()
    after = trained.network.state_dict()
    same = {key: torch.equal(value, fresh[key]) for key, value in after.items()}
    assert all(is_same for key, is_same in same.items() if key.startswith("spatial.backbone."))
    for part in ("temporal.backbone.", "spatial.cmam.", "decoder."):
        assert not all(is_same for key, is_same in same.items() if key.startswith(part)), part


def test_a_network_goes_on_from_another_with_its_words(finished, world, prepared, tmp_path, capsys):
    before = load_checkpoint(finished / "cstm.safetensors")
    still = replace(SCHEDULE, epochs=1, samples=4, learning_rate=0.0)
    run = replace(
        run_of(world, prepared, tmp_path, replace(EXPERIMENT, decoder=still)),
        start=finished / "cstm.safetensors",
    )
    assert train_all(run) == ["joint"]
    after = load_checkpoint(tmp_path / "cstm.safetensors")
    assert after.vocabulary == before.vocabulary
    assert after.provenance["start"] == "cstm.safetensors"
    told = f"{run.start} keeps its encoders as they are; --joint all trains them, too\n"
    assert capsys.readouterr().err == told, "it knows all words"
    for key, value in before.network.named_parameters():
        assert torch.equal(after.network.state_dict()[key], value), key


@pytest.mark.parametrize("joint", ["decoder", "all"])
def test_what_goes_on_is_the_decoder_or_all(finished, world, prepared, tmp_path, joint, capsys):
    before = load_checkpoint(finished / "cstm.safetensors").network
    short = replace(SCHEDULE, epochs=1, samples=4, average=0.0)
    clip = replace(EXPERIMENT.clip, camera_motion="compensated")
    experiment = replace(EXPERIMENT, decoder=short, joint=joint, clip=clip)
    run = run_of(world, tmp_path / "prepared", tmp_path / "run", experiment)
    train_all(replace(run, start=finished / "cstm.safetensors"))
    told = capsys.readouterr().err
    assert "--clip.camera-motion kept; what this run trains, with compensated" in told
    assert ("keeps its encoders" in told) == (joint == "decoder")
    after = load_checkpoint(tmp_path / "run" / "cstm.safetensors").network.state_dict()
    for key, value in before.named_parameters():
        is_fixed = joint == "decoder" and not key.startswith("decoder.")
        assert torch.equal(after[key], value) <= is_fixed or not value.requires_grad, key
        if is_fixed:
            assert torch.equal(after[key], value), key
    other = replace(experiment, joint="all" if joint == "decoder" else "decoder")
    with pytest.raises(ValueError, match="trained with another joint"):
        train_all(replace(run, experiment=other, start=finished / "cstm.safetensors"))


def test_a_network_of_another_fusion_takes_encoders_that_are_copied(
    finished, world, prepared, tmp_path
):
    for name in ("spatial", "temporal"):
        shutil.copytree(finished / name, tmp_path / "run" / name)
    experiment = replace(EXPERIMENT, model=replace(EXPERIMENT.model, fusion="max"))
    assert set(train_all(run_of(world, prepared, tmp_path / "run", experiment))) == {"joint"}
    before, after = (
        load_checkpoint(out / "cstm.safetensors") for out in (finished, tmp_path / "run")
    )
    assert after.experiment.model.fusion == "max"
    for name, value in before.network.spatial.state_dict().items():
        assert torch.equal(after.network.spatial.state_dict()[name], value)


def test_a_run_goes_on_without_settings_that_were_none_when_it_began(
    finished, world, prepared, tmp_path
):
    shutil.copytree(finished, tmp_path / "run")
    for path in (tmp_path / "run").glob("*/state.pt"):
        state = torch.load(path, weights_only=True)
        settings = json.loads(state["settings"])
        del settings["schedule"]["dice_weight"]
        torch.save(state | {"settings": json.dumps(settings)}, path)
    assert train_all(run_of(world, prepared, tmp_path / "run")) == []
    dice = replace(EXPERIMENT, encoders=replace(SCHEDULE, dice_weight=0.5))
    with pytest.raises(ValueError, match="was trained with another dice_weight"):
        train_all(run_of(world, prepared, tmp_path / "run", dice))


def test_what_a_network_goes_on_with_is_read_as_itself(finished, world, prepared, tmp_path):
    checkpoint = load_checkpoint(finished / "cstm.safetensors")
    _, other, *_ = words = checkpoint.vocabulary.words
    synonyms = {words[0]: other, "xylophonist": other}
    start = tmp_path / "start.safetensors"
    vocabulary = replace(checkpoint.vocabulary, synonyms=synonyms)
    save_checkpoint(start, replace(checkpoint, vocabulary=vocabulary))
    still = replace(SCHEDULE, epochs=1, samples=4, learning_rate=0.0)
    run = run_of(world, prepared, tmp_path / "run", replace(EXPERIMENT, decoder=still))
    train_all(replace(run, start=start))
    after = load_checkpoint(tmp_path / "run" / "cstm.safetensors").vocabulary
    assert after.synonyms == {"xylophonist": other}, "the world's sentences say the first"


def test_a_calibrated_threshold_goes_on_with_its_decoder(finished, world, prepared, tmp_path):
    checkpoint = with_threshold(load_checkpoint(finished / "cstm.safetensors"), 0.2)

    def threshold(**settings: Any) -> float:
        experiment = replace(EXPERIMENT, model=replace(EXPERIMENT.model, **settings))
        run = with_threshold_of(checkpoint, run_of(world, prepared, tmp_path, experiment))
        return run.experiment.model.presence_threshold

    assert threshold() == 0.2
    assert threshold(decoder="refined") == 0.5, "it was for another decoder"
    assert threshold(presence_threshold=0.7) == 0.7, "the run says so itself"


def test_encoders_go_on_under_another_decoder(finished, world, prepared, tmp_path, capsys):
    before = load_checkpoint(finished / "cstm.safetensors").network.state_dict()
    model = replace(EXPERIMENT.model, decoder="refined")
    still = replace(SCHEDULE, epochs=1, samples=4, learning_rate=0.0)
    experiment = replace(EXPERIMENT, model=model, decoder=still)
    run = replace(
        run_of(world, prepared, tmp_path, experiment), start=finished / "cstm.safetensors"
    )
    assert train_all(run) == ["joint"]
    assert "differs in decoder: its encoders are taken" in capsys.readouterr().err
    after = load_checkpoint(tmp_path / "cstm.safetensors")
    assert after.experiment.model.decoder == "refined"
    weights = dict(after.network.named_parameters())
    for key in (key for key in before if key in weights and not key.startswith("decoder.")):
        assert torch.equal(weights[key], before[key]), key


def test_words_that_the_network_to_start_from_lacks_are_told(finished, prepared, tmp_path, capsys):
    other = tmp_path / "other"
    synthesize(other, 2, 1, seed=8, size=(96, 80), frames=12, workers=1)
    schedule = replace(SCHEDULE, epochs=1, samples=4)
    run = replace(
        run_of(
            other, tmp_path / "prepared", tmp_path / "run", replace(EXPERIMENT, decoder=schedule)
        ),
        start=finished / "cstm.safetensors",
    )
    assert train_all(run) == ["joint"]
    assert "doesn't know" in capsys.readouterr().err


def test_a_network_of_another_kind_to_start_from_is_refused(finished, world, prepared, tmp_path):
    wide = replace(EXPERIMENT, model=replace(EXPERIMENT.model, width=8, fusion="add"))
    run = replace(run_of(world, prepared, tmp_path, wide), start=finished / "cstm.safetensors")
    with pytest.raises(ValueError, match=r"differs in fusion, width; leave --model"):
        train_all(run)


def test_fixed_word_vectors_stay_fixed_in_a_network_to_start_from(finished, tmp_path):
    checkpoint = load_checkpoint(finished / "cstm.safetensors")
    stage = stages_of(replace(EXPERIMENT, joint="all"), start=True)[0]
    free = build_stage(stage, checkpoint.vocabulary, tmp_path, start=checkpoint)
    assert free.spatial.language.vectors.weight.requires_grad
    table = checkpoint.network.spatial.language.vectors.weight
    checkpoint.network.temporal.language.set_vectors(table)
    fixed = build_stage(stage, checkpoint.vocabulary, tmp_path, start=checkpoint)
    for stream in (fixed.spatial, fixed.temporal):
        assert not stream.language.vectors.weight.requires_grad


def test_vectors_of_a_file_stay_fixed_in_a_single_stream_that_goes_on(
    finished, world, prepared, tmp_path
):
    checkpoint = load_checkpoint(finished / "cstm.safetensors")
    alone = replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None))
    network = ActorSegmenter(alone.model, len(checkpoint.vocabulary))
    start = tmp_path / "start.safetensors"
    save_checkpoint(start, replace(checkpoint, network=network, experiment=alone))
    vectors = tmp_path / "vectors.txt"
    rows = network.spatial.language.vectors.weight[2:].tolist()
    lines = [f"{word} {' '.join(map(str, row))}"
             for word, row in zip(checkpoint.vocabulary.words, rows, strict=True)]  # fmt: skip
    vectors.write_text("\n".join(lines) + "\n")
    run = replace(run_of(world, prepared, tmp_path / "run", alone), start=start, vectors=vectors)
    train_all(run)
    after = load_checkpoint(tmp_path / "run" / "cstm.safetensors").network
    assert torch.equal(
        after.spatial.language.vectors.weight, network.spatial.language.vectors.weight
    )


def test_weights_that_do_not_fit_are_refused_before_anything_is_decoded(world, tmp_path):
    wrong = tmp_path / "wrong.safetensors"
    save_file({"conv_stem.weight": torch.zeros(4, 3, 3, 3)}, wrong)
    model = replace(EXPERIMENT.model, spatial="efficientnet_lite0")
    out = tmp_path / "run"
    run = replace(
        run_of(world, tmp_path / "prepared", out, replace(EXPERIMENT, model=model)),
        spatial_weights=str(wrong),
    )
    with pytest.raises(ValueError, match="has nothing for efficientnet_lite0"):
        train_all(run)
    assert not (tmp_path / "prepared").exists()


def test_a_finished_run_decodes_nothing_again(finished, world, tmp_path):
    before = (finished / "joint" / "last.safetensors").read_bytes()
    out = shutil.copytree(finished, tmp_path / "run")
    (out / "cstm.safetensors").unlink()
    killed = [out / ".cstm.safetensors.partial-0a", out / "joint" / ".state.pt.partial-0b"]
    others = out / "mine" / ".cstm.safetensors.partial-0c"
    others.parent.mkdir()
    for path in (*killed, others):
        path.touch()
    assert train_all(run_of(world, tmp_path / "prepared", out)) == []
    assert not (tmp_path / "prepared").exists()
    assert (out / "joint" / "last.safetensors").read_bytes() == before
    assert (out / "cstm.safetensors").exists()
    assert not any(path.exists() for path in killed)
    assert others.exists(), "a run of its own may be at work there"


def test_a_full_disk_is_one_line_and_loses_nothing(world, prepared, tmp_path):
    resource = pytest.importorskip("resource", reason="no limits to files' sizes on Windows")
    run = replace(run_of(world, prepared, tmp_path), pace=Pace(save_minutes=0.0))
    steps = train(run, Fabric(accelerator="cpu", devices=1))
    next(steps)
    next(steps)  # saves what the first has come to
    state = tmp_path / "spatial" / "state.pt"
    before = state.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(ValueError, match=r"state\.pt .* MB free on its disk.*; make room"):
            next(steps)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert state.read_bytes() == before
    assert not list(tmp_path.rglob("*.partial-*"))
    assert train_all(run)[-1] == "joint"


def test_the_best_epoch_is_that_of_the_greatest_mean_iou():
    scores = (0.2, 0.5, None, 0.4)
    history = [
        {"epoch": epoch, "validation": score and {"mean_iou": score}}
        for epoch, score in enumerate(scores, start=1)
    ]
    assert Progress(history=history).best_epoch() == 2
    assert Progress(history=history[2:3]).best_epoch() is None


def test_glove_is_the_published_file(world, prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path / "cache"))
    content = "".join(
        f"{word}{' 0.5' * EXPERIMENT.model.word_channels}\n" for word in ("cat", "is")
    )
    file = PublishedFile(
        "http://localhost/glove.txt", f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    )
    monkeypatch.setitem(PUBLISHED, "glove", Published(file, "", ""))
    file.path.parent.mkdir()
    file.path.write_text(content)
    alone = replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None))
    run = replace(run_of(world, prepared, tmp_path / "run", alone), vectors=Path("glove"))
    train_all(run)
    network = load_checkpoint(tmp_path / "run" / "cstm.safetensors").network
    assert isinstance(network, ActorSegmenter)
    assert (network.spatial.language.vectors.weight == 0.5).all(1).sum() == 2


def test_a_run_that_ends_within_its_warm_up_is_told(world, prepared, tmp_path, capsys):
    slow = replace(SCHEDULE, warm_up_steps=1000)
    alone = replace(EXPERIMENT, model=replace(EXPERIMENT.model, temporal=None), encoders=slow)
    train_all(run_of(world, prepared, tmp_path, alone))
    assert "rises over 1000, stays small; raise --encoders.epochs" in capsys.readouterr().err


def test_what_a_first_batch_cannot_tell_is_watched_from_the_next(finished, capsys, monkeypatch):
    monkeypatch.setattr("cstm.training.watch._LOG_EVERY", 1)
    stage = stages_of(EXPERIMENT)[0]
    values = [{"action": float("nan")}, {"action": 0.5}]
    watch((stage, Step(0, number, 2, value, 1.0)) for number, value in enumerate(values))
    assert "action 0.500" in capsys.readouterr().err


def train_compiled(run: Run, graphs: Synchronized) -> None:
    torch.set_num_threads(1)

    def backend(graph: torch.fx.GraphModule, _):
        graphs.value += 1
        return graph.forward

    ActorSegmenter.compile = partialmethod(ActorSegmenter.compile, backend=backend)
    train_all(replace(run, pace=Pace(compiled=True)))


def test_a_compiled_network_learns_the_same(world, prepared, tmp_path):
    # Making code for the CPU takes minutes and is torch's to test; tracing the network is ours.
    # In a process of its own, where shapes are not checked, which can't be traced.
    alone = replace(EXPERIMENT, joint="alone")
    usual, compiled = (run_of(world, prepared, tmp_path / name, alone) for name in "ab")
    train_all(usual)
    context = get_context("spawn")
    graphs = context.Value("i", 0)
    process = context.Process(target=train_compiled, args=(compiled, graphs))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert graphs.value
    theirs, ours = (
        load_checkpoint(run.out / "cstm.safetensors").network.state_dict()
        for run in (usual, compiled)
    )
    torch.testing.assert_close(ours, theirs)
