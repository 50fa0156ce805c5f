"""The presence threshold: chosen on samples with and without their actor, kept in the weights."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cstm.cli.weights import calibrate as calibrate_command
from cstm.config import ClipConfig, Experiment
from cstm.data.composed.clips import CLIPS
from cstm.data.datasets import open_dataset
from cstm.data.formats.coco_results import Prediction
from cstm.data.frames.masks import encode_mask
from cstm.data.language.words import Vocabulary
from cstm.evaluation.metrics import RatioProtocol
from cstm.experiments import get_experiment
from cstm.model.network import ActorSegmenter
from cstm.training.batch_norm import statistics_anew
from cstm.training.calibrate import Presences, calibrate, presences_of
from cstm.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


@pytest.mark.parametrize("lost", [0.0, 0.02, 0.1])
def test_the_threshold_is_the_highest_that_loses_few(lost):
    random = np.random.default_rng(0)
    presences = Presences(random.beta(5, 1, 300), random.beta(1, 5, 200))
    found = calibrate(presences, lost)
    assert found.lost == (presences.present < found.threshold).mean() <= lost
    assert found.rejected == (presences.absent < found.threshold).mean()
    higher = np.nextafter(found.threshold, 1)
    assert (presences.present < higher).mean() > lost


def test_who_is_there_and_who_is_not_are_told_apart():
    metric, mask = RatioProtocol(), np.ones((4, 4), bool)
    for number, (truth, score) in enumerate([(mask, 0.9), (~mask, 0.2), (mask, 0.6)]):
        found = [Prediction(score, encode_mask(mask))]
        metric.add(number, f"{number}", encode_mask(truth), found)
    present, absent = presences_of(metric)
    assert (present.tolist(), absent.tolist()) == ([0.9, 0.6], [0.2])


def test_a_share_of_a_hundred_is_a_whole_number_of_them():
    """0.29 × 100 is 28.999… in floating point."""
    presences = Presences(np.linspace(0.1, 0.9, 100), np.array([0.05]))
    assert calibrate(presences, 0.29).lost == pytest.approx(0.29)


def test_a_certain_network_keeps_a_threshold_that_a_logarithm_can_take():
    found = calibrate(Presences(np.ones(5), np.zeros(5)), 0.0)
    assert math.isfinite(math.log(found.threshold / (1 - found.threshold)))
    assert (found.lost, found.rejected) == (0, 1)


def test_a_network_that_is_wrongly_sure_loses_no_more_than_it_may():
    present = np.r_[np.full(5, 1e-6), np.full(95, 0.9)]
    assert calibrate(Presences(present, np.full(9, 1e-9)), 0.02).lost <= 0.02


@pytest.mark.parametrize(("present", "absent"), [(0, 3), (3, 0)])
def test_both_kinds_of_samples_are_needed(present, absent):
    with pytest.raises(ValueError, match="needs both"):
        calibrate(Presences(np.ones(present), np.zeros(absent)), 0.02)


@pytest.fixture
def weights(photographs, tmp_path, monkeypatch):
    monkeypatch.setitem(CLIPS, "train", 12)
    clip = ClipConfig(frames=2, size=64)
    samples = open_dataset("composed", photographs, "train", clip)
    words = Vocabulary.of_sentences(pair.sentence for pair in samples.pairs)
    torch.manual_seed(0)
    model = replace(get_experiment("tiny").model, width=4, presence="pooled")
    network = ActorSegmenter(model, len(words))
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, Checkpoint(network.eval(), words, Experiment(model, clip), {}))
    return path


def test_the_command_writes_weights_that_lose_as_few(weights, photographs, tmp_path, capsys):
    out = tmp_path / "out.safetensors"
    calibrate_command(weights, out, root=photographs, lost=0.25)
    found = load_checkpoint(out)
    threshold = found.experiment.model.presence_threshold
    assert found.network.presence_threshold == threshold != 0.5
    assert f"threshold {threshold:.4f}" in capsys.readouterr().out
    with pytest.raises(ValueError, match="exists; give another file"):
        calibrate_command(weights, out, root=photographs)
    with pytest.raises(ValueError, match="samples should be at least 1"):
        calibrate_command(weights, out, root=photographs, samples=0, overwrite=True)
    # The threshold that a file has already doesn't matter to the one found.
    calibrate_command(out, tmp_path / "again.safetensors", root=photographs, lost=0.25)
    again = load_checkpoint(tmp_path / "again.safetensors").experiment.model
    assert again.presence_threshold == pytest.approx(threshold, abs=1e-2)
    calibrate_command(
        out,
        tmp_path / "large.safetensors",
        root=photographs,
        size=96,
        resize="fit",
        camera_motion="compensated",
    )
    clip = load_checkpoint(tmp_path / "large.safetensors").experiment.clip
    assert (clip.size, clip.resize, clip.camera_motion) == (96, "fit", "compensated")
    before = found.experiment.clip
    assert (before.size, before.resize, before.camera_motion) == (64, "pad", "kept")


def test_the_threshold_is_chosen_on_samples_of_training_unless_told(tmp_path, monkeypatch):
    asked = []

    def watched(data, root, split, clip):
        asked.append((data, split))
        raise SystemExit

    monkeypatch.setattr("cstm.data.datasets.open_dataset", watched)
    for settings, expected in (({}, "train"), ({"split": "test"}, "test")):
        with pytest.raises(SystemExit):
            calibrate_command(Path("lite"), tmp_path / "a.safetensors", root=tmp_path, **settings)
        assert asked.pop() == ("composed", expected)


def batch_norms(network) -> dict[str, torch.nn.Module]:
    return {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
    }


def test_statistics_anew_are_the_means_of_what_passes_and_backbones_keep_theirs(weights):
    network = load_checkpoint(weights).network
    network.unused = torch.nn.BatchNorm2d(3).eval()
    random = torch.Generator().manual_seed(1)
    before = {name: layer.running_mean.clone() for name, layer in batch_norms(network).items()}
    seen: dict[str, list[torch.Tensor]] = {name: [] for name in before}

    def note(name):
        def hook(_, inputs):
            seen[name].append(inputs[0].transpose(0, 1).flatten(1))

        return hook

    for name, layer in batch_norms(network).items():
        layer.register_forward_pre_hook(note(name))
    with statistics_anew(network), torch.inference_mode():
        for clips in (4, 1, 3):
            shown = torch.rand(clips, 2, 3, 64, 64, generator=random)
            network.predict(shown, torch.ones(clips, 2).long())
    assert not any(module.training for module in network.modules())
    moved = 0
    for name, layer in batch_norms(network).items():
        if "backbone" in name or not seen[name]:
            assert torch.equal(layer.running_mean, before[name]), name
        else:
            values = torch.cat(seen[name], 1)
            torch.testing.assert_close(layer.running_mean, values.mean(1), atol=1e-4, rtol=1e-4)
            variance = values.var(1, correction=0)
            torch.testing.assert_close(layer.running_var, variance, atol=1e-4, rtol=1e-3)
            moved += not torch.equal(layer.running_mean, before[name])
    assert moved > 5
    assert not seen["unused"]


def test_statistics_of_large_means_and_small_variances_are_exact():
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(2)).eval()
    x = 300.1 + torch.tensor([0.0, 1e-3])[:, None, None] * torch.randn(4, 2, 8, 8)
    with statistics_anew(network):
        network(x)
    expected = x.double().transpose(0, 1).flatten(1).var(1, unbiased=False)
    assert torch.allclose(network[0].running_var.double(), expected, rtol=1e-3, atol=1e-12)


def test_the_command_takes_statistics_before_it_asks(weights, photographs, tmp_path):
    out = tmp_path / "out.safetensors"
    calibrate_command(weights, out, root=photographs, size=96, statistics=16)
    before, after = (batch_norms(load_checkpoint(path).network) for path in (weights, out))
    changed = {n for n in before if not torch.equal(before[n].running_var, after[n].running_var)}
    assert changed
    assert not any("backbone" in name for name in changed)
    trace = load_checkpoint(out).provenance["calibrated"]
    assert (trace["statistics"], trace["split"], trace["lost"]) == (16, "train", 0.02)
    with pytest.raises(ValueError, match="statistics should be at least 0"):
        calibrate_command(weights, out, root=photographs, statistics=-1, overwrite=True)


def test_a_network_without_presence_is_refused(photographs, tmp_path):
    words = Vocabulary(("cat",))
    model = replace(get_experiment("tiny").model, width=4)
    checkpoint = Checkpoint(ActorSegmenter(model, len(words)), words, Experiment(model), {})
    save_checkpoint(tmp_path / "a.safetensors", checkpoint)
    with pytest.raises(ValueError, match="doesn't tell whether the actor is there"):
        calibrate_command(tmp_path / "a.safetensors", tmp_path / "b.safetensors", root=photographs)
