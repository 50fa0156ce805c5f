"""Prepared samples: the same as the dataset's own, in an order that only seed and epoch decide."""

import errno
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from cstm.config import ClipConfig
from cstm.data.feeding.live import LiveSamples
from cstm.data.feeding.preparation import check_space, prepare
from cstm.data.feeding.prepared import PreparedSamples, prepared_name
from cstm.data.feeding.rows import Batch, collate, mirror_sentence
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.frames.masks import covered
from cstm.data.frames.transforms import ResizePad
from cstm.data.language.words import Vocabulary
from cstm.data.sample import DIRECTIONS
from cstm.data.synthetic import synthesize

CLIP = ClipConfig(size=64)


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> A2DSentences:
    root = tmp_path_factory.mktemp("prepare") / "world"
    synthesize(root, 5, 1, seed=6, size=(96, 80), frames=12, workers=1)
    return A2DSentences(root, "train", CLIP)


@pytest.fixture(scope="module")
def prepared(samples, tmp_path_factory) -> PreparedSamples:
    folder = tmp_path_factory.mktemp("prepared") / "clips"
    counts = list(prepare(samples, CLIP, folder, workers=0))
    assert counts[-1] == len({(pair.video, pair.frame) for pair in samples.pairs})
    assert [path.name for path in folder.parent.iterdir()] == ["clips"]
    return PreparedSamples(folder, samples)


def batch_of(
    prepared: PreparedSamples, indices: list[int], vocabulary: Vocabulary, mirror: bool = False
) -> Batch:
    return collate([prepared.row(index, mirror) for index in indices], vocabulary)


def order_of(prepared: PreparedSamples, seed: int, epoch: int) -> list[int]:
    return [index for run in prepared.epoch_runs(seed, epoch, 2) for index in run]


def test_a_batch_holds_what_the_dataset_gives(samples, prepared):
    vocabulary = Vocabulary.of_sentences([pair.sentence for pair in prepared.pairs])
    indices = [0, len(samples) // 2, len(samples) - 1]
    batch = batch_of(prepared, indices, vocabulary)
    for row, index in enumerate(indices):
        sample = samples[index]
        fit = ResizePad.for_frame(80, 96, 64)
        assert batch.name[row] == samples.pairs[index].name
        assert batch.words[row].tolist() == vocabulary.encode(samples.pairs[index].sentence)
        assert torch.equal(batch.clip[row], fit.apply(sample.frames))
        assert torch.equal(batch.mask[row], (fit.apply_mask(sample.mask) >= 0.5).byte())
        assert torch.equal(batch.action[row], fit.apply_labels(sample.action))
        assert torch.equal(batch.direction[row], fit.apply_labels(sample.direction))
        assert torch.equal(batch.category[row], fit.apply_labels(sample.category))


class Panned(A2DSentences):
    """Before a patterned wall, along which the camera goes."""

    def __getitem__(self, index):
        wall = np.random.default_rng(index).integers(0, 256, (10, 15, 3), dtype=np.uint8)
        wall = cv2.resize(wall, (120, 80), interpolation=cv2.INTER_CUBIC)
        frames = np.stack([wall[:, 3 * time : 3 * time + 96] for time in range(8)])
        return replace(super().__getitem__(index), frames=frames)


def test_clips_without_the_cameras_motion_are_prepared_apart(samples, tmp_path):
    panned, clip = Panned(samples.root, "train", CLIP), replace(CLIP, camera_motion="compensated")
    assert prepared_name(clip) != prepared_name(CLIP)
    list(prepare(panned, clip, tmp_path / "clips", workers=0))
    steady = PreparedSamples(tmp_path / "clips", panned)
    live, kept = LiveSamples(panned, clip), LiveSamples(panned, CLIP)
    steadied, panning = [], []
    for index in range(len(panned)):
        row, other = steady.row(index, mirror=False), kept.row(index, mirror=False)
        assert all(map(np.array_equal, row, live.row(index, mirror=False)))
        assert all(map(np.array_equal, row[1:], other[1:]))
        assert (row.clip[4] == other.clip[4]).all()
        for seen, clip_ in ((steadied, row.clip), (panning, other.clip)):
            seen.append(np.abs(clip_.astype(int) - row.clip[4])[..., 10:-10, 20:-20].mean())
    assert np.median(steadied) < np.median(panning) / 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("clips.npy", b""),
        ("clips.npy", b"\x93NUMPY"),
        ("categories.npy", None),
        ("pairs.json", b"{}"),
        ("pairs.json", b'{"pairs": [["a'),
        ("pairs.json", b"[]"),
    ],
)
def test_prepared_clips_that_are_damaged_are_one_line(samples, tmp_path, name, content):
    list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    if content is None:
        (tmp_path / "clips" / name).unlink()
    else:
        (tmp_path / "clips" / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"clips: prepared clips that are not whole .*delete it"):
        PreparedSamples(tmp_path / "clips", samples)


def test_prepared_clips_of_another_number_are_refused(samples, tmp_path):
    list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    for name in ("masks.npy", "actions.npy"):
        whole = np.load(tmp_path / "clips" / name)
        np.save(tmp_path / "clips" / name, whole[:-1])
        with pytest.raises(ValueError, match="another dataset"):
            PreparedSamples(tmp_path / "clips", samples)
        np.save(tmp_path / "clips" / name, whole)


def test_a_mirrored_batch_is_the_mirror_of_everything(samples, prepared):
    said = [pair.sentence for pair in prepared.pairs]
    vocabulary = Vocabulary.of_sentences([*said, *map(mirror_sentence, said)])
    indices = list(range(len(samples)))
    plain = batch_of(prepared, indices, vocabulary)
    mirrored = batch_of(prepared, indices, vocabulary, mirror=True)
    assert torch.equal(mirrored.clip, plain.clip.flip(-1))
    assert torch.equal(mirrored.mask, plain.mask.flip(-1))
    assert torch.equal(mirrored.action, plain.action.flip(-1))
    assert torch.equal(mirrored.category, plain.category.flip(-1))
    assert mirrored.category.any()
    left, right = (1 + DIRECTIONS.index(name) for name in ("left", "right"))
    swapped = plain.direction.flip(-1)
    was_left, was_right = swapped == left, swapped == right
    assert was_left.any() or was_right.any()
    swapped[was_left], swapped[was_right] = right, left
    assert torch.equal(mirrored.direction, swapped)
    assert not torch.equal(mirrored.words, plain.words)


def test_a_mirror_swaps_left_and_right_in_words():
    assert mirror_sentence("the dog on the Left is running to the right") == (
        "the dog on the right is running to the left"
    )
    assert mirror_sentence("leftmost, going rightwards") == "rightmost, going leftwards"


def test_an_epoch_sees_every_sample_once_and_only_seed_and_epoch_decide(prepared):
    everything = list(range(len(prepared.pairs)))
    order = order_of(prepared, 1, 2)
    assert sorted(order) == everything
    assert order == order_of(prepared, 1, 2)
    assert order != order_of(prepared, 1, 3)
    assert order != order_of(prepared, 2, 2)


def test_sentences_of_a_frame_stay_together_and_look_alikes_first(prepared):
    pairs = prepared.pairs
    runs = prepared.epoch_runs(0, 0, 2)
    assert all(len({prepared.frame_of(index) for index in run}) == 1 for run in runs)
    of_look_alikes = {
        prepared.frame_of(run[0])
        for run in runs
        if len(run) == 2 and pairs[run[1]].instance == pairs[run[0]].look_alike
    }
    told = {
        number
        for number, group in enumerate(prepared.groups)
        if {pairs[i].look_alike for i in group} & {pairs[i].instance for i in group}
    }
    assert of_look_alikes == told
    assert len(told) > 2


def test_one_of_two_look_alikes_is_enough_to_tell(prepared, monkeypatch):
    pairs = list(prepared.pairs)
    one, other = next(
        (group[0], index)
        for group in prepared.groups
        for index in group
        if pairs[group[0]].look_alike == pairs[index].instance
    )
    pairs[other] = replace(pairs[other], look_alike=None)
    monkeypatch.setattr(prepared, "pairs", pairs)
    assert prepared._are_look_alikes(one, other)
    assert prepared._are_look_alikes(other, one)


def test_who_is_there_has_a_mask_however_small():
    faint = np.zeros((8, 8))
    faint[2, 3:5], faint[5, 5] = 0.2, 0.1
    assert covered(faint).sum() == 2
    assert not covered(np.zeros((8, 8))).any()
    assert covered(np.eye(8) * 0.9 + 0.1).sum() == 8


def test_a_disk_that_is_full_is_one_line(samples, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"take \d+\.\d GB and \d+\.\d GB are free"):
        check_space(tmp_path / "new", [samples] * 1000, ClipConfig(size=32 * 1000))
    left = tmp_path / "new" / ".a2d.partial-00000000"
    left.mkdir(parents=True)
    with pytest.raises(ValueError, match=f"killed run has left there: {left.name}$"):
        check_space(tmp_path / "new", [samples] * 1000, ClipConfig(size=32 * 1000))
    left.rmdir()
    left.parent.rmdir()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(ValueError, match=r"cannot write .*: No space left on device; .*--prepared"):
        list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    assert not list(tmp_path.iterdir())


def test_interrupted_preparation_leaves_nothing_that_looks_finished(samples, tmp_path):
    steps = prepare(samples, CLIP, tmp_path / "clips", workers=0)
    next(steps)
    steps.close()
    assert not (tmp_path / "clips").exists()
    list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    assert (tmp_path / "clips" / "pairs.json").exists()
