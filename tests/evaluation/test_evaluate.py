"""Evaluation counts every sample once, at native resolution, whatever the batch."""

import json
import os
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from cstm.cli.measure import evaluate as evaluate_command
from cstm.cli.measure import score as score_command
from cstm.config import ClipConfig
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.formats.coco_results import image_ids
from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.masks import decode_mask, encode_mask
from cstm.data.frames.transforms import ResizePad
from cstm.data.language.words import Vocabulary
from cstm.data.synthetic import synthesize
from cstm.evaluation.evaluate import evaluate, share, spread
from cstm.evaluation.metrics import ReleasedProtocol, make_protocol
from cstm.evaluation.tables import metric_tables
from cstm.experiments import get_experiment
from cstm.inference.segmenter import Segmenter
from cstm.model.network import ActorSegmenter, Predicted

CLIP = ClipConfig(size=64)
BREAKDOWNS = (
    "by_tag", "by_action", "by_direction", "by_combination", "by_camera", "by_kind", "by_actor",
)  # fmt: skip


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> A2DSentences:
    root = tmp_path_factory.mktemp("evaluate") / "world"
    synthesize(root, 1, 4, seed=2, size=(96, 80), frames=12, workers=1)
    (root / "unseen_combinations.csv").write_text("video_id,combination\ntest00001,cat running\n")
    return A2DSentences(root, "test", CLIP)


@pytest.fixture(scope="module")
def network(samples) -> tuple[ActorSegmenter, Vocabulary]:
    torch.manual_seed(0)
    words = Vocabulary.of_sentences(pair.sentence for pair in samples.pairs)
    return ActorSegmenter(get_experiment("tiny").model, len(words)).eval(), words


def measured(network, samples, batch, indices=None, protocol="ratio", clip=CLIP):
    metric = make_protocol(protocol, clip.size)
    counts = list(evaluate(*network, samples, clip, metric, indices, batch, workers=0))
    assert counts[-1] == (len(samples) if indices is None else len(indices))
    return metric.compute()


def test_the_batch_size_changes_nothing(network, samples):
    one, seven = measured(network, samples, 1), measured(network, samples, 7)
    assert one["samples"] == seven["samples"] == len(samples)
    assert one["mean_iou"] == pytest.approx(seven["mean_iou"], abs=1e-3)
    assert one["pick_rate"] == seven["pick_rate"]
    for breakdown in ("by_action", "by_actor"):
        assert sum(group["samples"] for group in one[breakdown].values()) == len(samples)


class Turned(A2DSentences):
    """Every second frame stands on its end."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        if self.pairs[index].frame % 2:
            return sample
        maps = ("mask", "action", "direction", "category", "look_alike")
        turned = {name: map_.T for name in maps if (map_ := getattr(sample, name)) is not None}
        return replace(sample, frames=sample.frames.swapaxes(1, 2), **turned)


@pytest.mark.parametrize("looks", [1, 2])
def test_frames_of_several_shapes_share_a_batch_without_padding(network, samples, looks):
    turned = Turned(samples.root, "test", CLIP)
    assert len({turned[index].mask.shape for index in range(len(turned))}) == 2
    fitted = ClipConfig(size=96, resize="fit")
    results = []
    for batch in (1, 7):
        metric = make_protocol("ratio", 96)
        list(evaluate(*network, turned, fitted, metric, batch=batch, looks=looks))
        results.append(metric.compute())
    assert results[0]["samples"] == len(turned)
    assert results[0]["mean_iou"] == pytest.approx(results[1]["mean_iou"], abs=1e-3)


class Heard(ActorSegmenter):
    """So many eighths of the picture, from the top, and a presence, by the sentence alone."""

    @staticmethod
    def of(words):
        return words.sum(1) % 7 + 1, (words.sum(1) % 5 - 1.5)

    def predict(self, clip, words):
        eighths, presence = self.of(words)
        rows = torch.arange(clip.shape[-2])[:, None].expand(clip.shape[-2:])
        mask = 40.0 * (rows < clip.shape[-2] * eighths[:, None, None] / 8) - 20
        return Predicted(mask, presence)


def test_every_sample_has_the_answer_to_its_own_sentence(network, samples):
    _, vocabulary = network
    heard = Heard(get_experiment("tiny").model, len(vocabulary)).eval()
    turned = Turned(samples.root, "test", CLIP)
    metric = make_protocol("ratio", 96)
    fitted = ClipConfig(size=96, resize="fit")
    list(evaluate(heard, vocabulary, turned, fitted, metric, batch=7, workers=0))
    told = set()
    for index, row in metric.rows.items():
        words = torch.tensor([vocabulary.encode(turned.pairs[index].sentence)])
        eighths, presence = (float(value) for value in heard.of(words))
        (found,) = row.predictions
        assert found.score == pytest.approx(1 / (1 + np.exp(-presence)), abs=1e-4)
        share = decode_mask(found.mask).mean()
        assert share == (pytest.approx(eighths / 8, abs=0.02) if presence > 0 else 0)
        told.add((eighths, presence))
    assert len(told) > 5


class Shows(ActorSegmenter):
    """Answers with the same mask whatever is asked."""

    def __init__(self, mask: np.ndarray):
        super().__init__(get_experiment("tiny").model, 9)
        self.mask = torch.from_numpy(mask)

    def predict(self, clip, words):
        return Predicted(40.0 * self.mask.expand(len(clip), -1, -1) - 20)


def test_what_is_told_of_a_sample_is_its_own(samples):
    index = next(n for n in range(len(samples)) if samples[n].look_alike is not None)
    sample = samples[index]
    vocabulary = Vocabulary.of_sentences(["a dog"])
    for shown, picked in ((sample.mask, 1), (sample.look_alike, 0)):
        metric = make_protocol("ratio", 96)
        clip = ClipConfig(size=96)
        fit = ResizePad.for_frame(80, 96, 96)
        network = Shows(fit.apply_mask(shown).numpy())
        list(evaluate(network, vocabulary, samples, clip, metric, [index], workers=0))
        assert metric.rows[index].picked == picked
        assert metric.rows[index].pair is samples.pairs[index]


class Logged(A2DSentences):
    """Writes down which process asks for what."""

    def __getitem__(self, index):
        pair = self.pairs[index]
        with (self.root / "asked.txt").open("a") as log:
            log.write(f"{pair.video} {pair.frame} {os.getpid()}\n")
        return super().__getitem__(index)


def test_all_that_is_said_of_a_frame_is_read_by_one_process(network, samples):
    logged = Logged(samples.root, "test", CLIP)
    (samples.root / "asked.txt").unlink(missing_ok=True)
    list(evaluate(*network, logged, CLIP, make_protocol("ratio", 64), batch=3, workers=2))
    asked = (samples.root / "asked.txt").read_text().splitlines()
    frames = {line.rsplit(" ", 1)[0] for line in asked}
    assert len(asked) == len(samples) > len(frames) == len(set(asked))
    assert len({line.rsplit(" ", 1)[1] for line in asked}) == 2


def test_unseen_combinations_are_told_apart(network, samples):
    groups = measured(network, samples, 4)["by_combination"]
    unseen = sum(pair.video == "test00001" for pair in samples.pairs)
    assert groups["unseen"]["samples"] == unseen > 0
    assert groups["seen"]["samples"] == len(samples) - unseen > 0


@pytest.mark.parametrize("protocol", ["ratio", "coco", "released"])
def test_an_actor_that_is_not_seen_has_an_empty_mask_under_every_protocol(samples, protocol):
    words = Vocabulary.of_sentences(pair.sentence for pair in samples.pairs)
    torch.manual_seed(0)
    network = ActorSegmenter(replace(get_experiment("tiny").model, presence="pooled"), len(words))
    ious = []
    for logit in (40.0, -40.0):
        torch.nn.init.constant_(network.decoder.presence.judge[2].bias, logit)
        ious.append(measured((network.eval(), words), samples, 8, range(4), protocol)["mean_iou"])
    assert ious[0] > ious[1] == pytest.approx(0, abs=1e-3)


@torch.inference_mode()
def test_iou_is_taken_at_native_resolution(network, samples):
    ious = []
    for pair, sample in zip(samples.pairs, samples, strict=True):
        fit = ResizePad.for_frame(80, 96, 64)
        clip = fit.apply(sample.frames)[None].float() / 255
        logits = network[0].predict(clip, torch.tensor([network[1].encode(pair.sentence)])).mask
        mask = (fit.invert(logits.sigmoid())[0] > 0.5).numpy()
        union = (mask | sample.mask).sum()
        ious.append((mask & sample.mask).sum() / union if union else 1.0)
    assert measured(network, samples, 4)["mean_iou"] == pytest.approx(np.mean(ious), abs=1e-3)


@pytest.mark.parametrize("resize", ["pad", "squash"])
def test_released_binarises_the_picture_without_its_padding(network, samples, resize):
    """Of a padded square 64 high, the picture's rows are those from 5 to 57."""
    seen, raised = [], []

    class Watched(ReleasedProtocol):
        def mask(self, native, small, is_raised):
            seen.append(small.shape)
            raised.append(is_raised)
            return super().mask(native, small, is_raised)

    clip = replace(CLIP, resize=resize)
    list(evaluate(*network, samples, clip, Watched(64), [0, 5], workers=0))
    assert seen == [(53, 64) if resize == "pad" else (64, 64)] * 2
    heard = Heard(get_experiment("tiny").model, len(network[1])).eval()
    list(evaluate(heard, network[1], samples, clip, Watched(64), [0, 5], workers=0))
    assert raised == [False, False, True, True], "masks of networks with presence are raised"


def test_image_ids_are_the_communitys(samples):
    first = samples.pairs[0]
    assert image_ids("a2d", [replace(first, video="EadxBPmQvtg", frame=24, instance=3)]) == [
        "v_EadxBPmQvtg_f_25_i_3"
    ]
    pullup = replace(first, video="100_pullups_pullup_f_nm_np1_fr_med_1", frame=1)
    assert image_ids("jhmdb", [pullup]) == ["v_100_pullups_pullup_f_nm_np1_fr_med_1_f_2"]
    ids = image_ids("synthetic", samples.pairs)
    assert len(set(ids)) == len(samples)
    assert any(name.endswith("_s_2") for name in ids)


@pytest.mark.parametrize("protocol", ["ratio", "coco", "released"])
def test_scoring_the_saved_files_gives_the_same_numbers(samples, tmp_path, capsys, protocol):
    predictions, truth = tmp_path / "predictions.json", tmp_path / "truth.json"
    evaluate_command(
        "tiny",
        root=samples.root,
        data="synthetic",
        protocol=protocol,
        samples=11,
        save_predictions=predictions,
        save_truth=truth,
        workers=0,
        json=True,
    )
    evaluated = json.loads(capsys.readouterr().out)
    size = get_experiment("tiny").clip.size
    score_command(predictions, truth, protocol=protocol, size=size, json=True)
    scored = json.loads(capsys.readouterr().out)
    assert evaluated["samples"] == scored["samples"] == 11
    assert evaluated["mean_iou"] > 0.1
    for name in evaluated.keys() - {*BREAKDOWNS, "by_presence", "look_alike_samples", "pick_rate"}:
        assert scored[name] == evaluated[name], name


def test_files_are_there_even_where_nobody_reads_the_tables(samples, tmp_path, monkeypatch):
    def closed(*_):
        raise SystemExit(1)

    monkeypatch.setattr("cstm.cli.measure._show", closed)
    files = {"save_predictions": tmp_path / "masks.json", "save_truth": tmp_path / "truth.json"}
    with pytest.raises(SystemExit):
        evaluate_command("tiny", root=samples.root, data="synthetic", samples=2, workers=0, **files)
    assert all(path.is_file() for path in files.values())


def test_tables_are_there_even_where_no_file_can_be(samples, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("cstm.data.formats.coco_results.write_json", full)
    with pytest.raises(OSError, match="no space"):
        evaluate_command(
            "tiny",
            root=samples.root,
            data="synthetic",
            samples=2,
            workers=0,
            json=True,
            save_truth=tmp_path / "truth.json",
        )
    assert json.loads(capsys.readouterr().out)["samples"] == 2


class White(ActorSegmenter):
    """Says "actor" where the target frame is light; for every second sentence, where it isn't."""

    def predict(self, clip, words):
        sign = 1 - 2 * (words.sum(1) % 2)[:, None, None]
        return Predicted(20 * sign * (clip[:, clip.shape[1] // 2].mean(1) - 0.7))


@pytest.mark.parametrize("camera_motion", ["kept", "compensated"])
def test_a_second_look_finds_what_the_segmenters_finds(samples, network, camera_motion):
    _, vocabulary = network
    clip = replace(CLIP, camera_motion=camera_motion)
    white = White(get_experiment("tiny").model, len(vocabulary)).eval()
    metric = make_protocol("ratio", 64)
    list(evaluate(white, vocabulary, samples, clip, metric, range(9), 4, 0, looks=2))
    segmenter = Segmenter(white, vocabulary, clip, looks=2)
    once_only = Segmenter(white, vocabulary, clip)
    changed = 0
    for number, row in metric.rows.items():
        pair = samples.pairs[number]
        video = samples.root / "Release" / "clips320H" / f"{pair.video}.mp4"
        frame = FrameRange(pair.frame, pair.frame + 1)
        (found,) = segmenter.segment(video, [pair.sentence], frames=frame)
        assert row.predictions[0].mask == encode_mask(found.masks[0])
        (once,) = once_only.segment(video, [pair.sentence], frames=frame)
        changed += bool((once.masks != found.masks).any())
    assert changed
    alike = [p for p in samples.pairs if (p.video, p.frame) == (pair.video, pair.frame)]
    sentences = [one.sentence for one in alike]
    (together,) = segmenter.segment(video, sentences, frames=frame)
    for sentence, mask in zip(sentences, together.masks, strict=True):
        (apart,) = segmenter.segment(video, [sentence], frames=frame)
        assert (mask == apart.masks[0]).all(), "each sentence is asked again itself"
    with pytest.raises(ValueError, match="native size"):
        evaluate_command("tiny", root=samples.root, protocol="released", looks=2)


def test_what_the_command_is_told_reaches_the_evaluation(samples, monkeypatch):
    told = {}

    def watched(network, vocabulary, dataset, clip, metric, indices, batch, workers, data, looks):
        videos = {pair.video for pair in dataset.pairs}
        told.update(clip=clip, videos=videos, batch=batch, workers=workers, looks=looks)
        raise SystemExit

    monkeypatch.setattr("cstm.evaluation.evaluate.evaluate", watched)
    with pytest.raises(SystemExit):
        evaluate_command(
            "tiny",
            root=samples.root,
            data="synthetic",
            split="train",
            size=96,
            camera_motion="compensated",
            looks=2,
            batch=3,
            workers=1,
        )
    assert (told["clip"].size, told["clip"].camera_motion) == (96, "compensated")
    assert (told["looks"], told["batch"], told["workers"]) == (2, 3, 1)
    assert told["videos"] == {"train00000"}


def test_settings_that_make_no_sense(samples, tmp_path):
    with pytest.raises(ValueError, match="batch should be at least 1"):
        evaluate_command("tiny", root=samples.root, batch=0)
    with pytest.raises(ValueError, match="samples should be at least 1"):
        evaluate_command("tiny", root=samples.root, samples=0)
    (tmp_path / "masks.json").touch()
    with pytest.raises(ValueError, match="--overwrite"):
        evaluate_command("tiny", root=samples.root, save_predictions=tmp_path / "masks.json")
    for path in (tmp_path, Path("/proc/none/masks.json")):
        with pytest.raises(ValueError, match="cannot write"):
            evaluate_command("tiny", root=samples.root, save_predictions=path)


def test_a_spread_of_samples_reaches_over_the_whole_dataset():
    assert spread(10, 10) == spread(10, 99) == list(range(10))
    assert spread(10, 5) == [0, 2, 4, 6, 8]
    assert len(set(spread(997, 300))) == 300
    assert spread(997, 300)[-1] > 990


@pytest.mark.parametrize("total", [0, 1, 2, 7, 16, 97])
@pytest.mark.parametrize("batch", [1, 3, 16])
@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_processes_share_whole_batches(total, batch, processes):
    indices = list(range(100, 100 + total))
    shares = [share(indices, batch, process, processes) for process in range(processes)]
    assert [index for part in shares for index in part] == indices
    assert all((part[0] - 100) % batch == 0 for part in shares if part)
    sizes = [-(-len(part) // batch) for part in shares]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("protocol", ["ratio", "coco", "released"])
def test_tables_name_the_protocol_and_have_a_row_for_every_group(network, samples, protocol):
    result = measured(network, samples, 4, [0, 1, 2], protocol)
    tables = metric_tables(result)
    assert str(tables[0].title).startswith(f"{protocol} protocol")
    assert tables[0].row_count == 1
    keys = [f"precision@0.{x}" for x in range(5, 10)] + ["ap", "overall_iou", "mean_iou"]
    told = dict(zip(("samples", *keys), range(10, 19), strict=False))
    whole = {**result, **{key: value / 100 for key, value in told.items()}, "samples": 10}
    shown = {str(c.header): next(iter(c.cells)) for c in metric_tables(whole)[0].columns}
    expected = {"": "all", "samples": "10", "AP": "16.0", "overall": "17.0", "mean": "18.0"}
    assert shown | expected | {f".{x}": f"{x + 6}.0" for x in range(5, 10)} == shown
    assert sum(table.row_count for table in tables[1:]) == sum(len(result[k]) for k in BREAKDOWNS)


def test_tables_show_every_digit_on_80_columns_and_any_word(network, samples):
    result = measured(network, samples, 4, [0, 1, 2])
    full = {key: 1.0 for key, value in result.items() if isinstance(value, float)}
    row = {**result, **full, "samples": 12345, "pick_rate": 1.0, "look_alike_samples": 9}
    names = ("[/x]", "dog [b]")
    row["by_actor"] = {name: {**row} for name in names}
    console = Console(file=StringIO(), width=80)
    for table in metric_tables(row):
        console.print(table)
    told = console.file.getvalue()
    assert "…" not in told
    assert all(name in told for name in names)
