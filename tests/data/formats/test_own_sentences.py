"""Own videos: the same samples as those of the drawn world, from whatever encoding of masks."""

import re
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from own_videos import annotation, edit
from rotation import rotate

from cstm.config import ClipConfig
from cstm.data.datasets import open_dataset
from cstm.data.feeding.preparation import prepare
from cstm.data.feeding.prepared import PreparedSamples
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.formats.own_files import read_own
from cstm.data.formats.own_sentences import OwnSentences
from cstm.data.frames.masks import decode_mask, encode_mask, read_segmentation
from cstm.data.frames.transforms import ResizePad
from cstm.data.sample import DIRECTIONS
from cstm.inference.samples import write_clip

CLIP = ClipConfig(frames=4, size=64)


@pytest.mark.parametrize("split", ["train", "test"])
def test_samples_are_those_of_the_same_clips_in_a2d_s_format(own, split):
    mine = open_dataset("own", own, split, CLIP)
    a2d = A2DSentences(own.parent / "world", split, CLIP)
    samples = {(p.name, p.sentence): sample for p, sample in zip(a2d.pairs, a2d, strict=True)}
    present = [pair for pair in mine.pairs if pair.instance]
    assert len(present) == len(a2d)
    moved = False
    for pair, sample in zip(mine.pairs, mine, strict=True):
        if not pair.instance:
            assert not sample.mask.any()
            assert (pair.actor, pair.action, pair.direction) == (None, None, None)
            continue
        twin = next(
            twin
            for (name, sentence), twin in samples.items()
            if name.startswith(f"{pair.video.removesuffix('.mp4')}/{pair.frame + 1:05d}/")
            and sentence == pair.sentence
        )
        assert np.array_equal(sample.frames, twin.frames)
        assert np.array_equal(sample.mask, twin.mask)
        assert np.array_equal(sample.action, twin.action)
        assert np.array_equal(sample.direction, twin.direction)
        assert np.array_equal(sample.category, twin.category)
        moved |= bool(sample.direction.any())
    assert moved
    assert any(pair.instance == 0 for pair in mine.pairs)


def test_a_class_or_an_action_told_anew_makes_another_pair(root):
    def identities():
        return [pair.identity for pair in OwnSentences(root, "train").pairs]

    before = identities()
    number = next(pair.instance for pair in OwnSentences(root, "train").pairs if pair.instance)
    for changed in ({"category": "giraffe"}, {"action": "none"}, {"direction": "away"}):
        edit(root, annotation(number, **changed))
        after = identities()
        assert before != after, changed
        assert [pair[:2] for pair in before] == [pair[:2] for pair in after]
        before = after


def test_what_is_known_before_decoding_is_that_of_a2d_s_format(own):
    def known(samples):
        return sorted(
            (pair.video.removesuffix(".mp4"), pair.frame, pair.sentence, pair.actor, pair.action,
             pair.direction)
            for pair in samples.pairs if pair.sentence != "a zebra on the left"
        )  # fmt: skip

    mine, a2d = OwnSentences(own, "train"), A2DSentences(own.parent / "world", "train")
    assert known(mine) == known(a2d)


def test_sentences_of_a_frame_follow_each_other(own):
    frames = [(pair.video, pair.frame) for pair in OwnSentences(own, "train").pairs]
    assert len(list(groupby(frames))) == len(set(frames))


def test_an_actor_without_sentences_lends_its_action_still(root):
    before = OwnSentences(root, "train", CLIP)
    frames = [(pair.video, pair.frame) for pair in before.pairs]
    first, second = next(
        (one, two)
        for one, two in zip(before.pairs, before.pairs[1:], strict=False)
        if (one.video, one.frame) == (two.video, two.frame) and 0 < one.instance < two.instance
    )
    edit(root, lambda document: document["annotations"][second.instance - 1].pop("sentences"))
    after = OwnSentences(root, "train", CLIP)
    assert {pair.instance for pair in after.pairs} == {p.instance for p in before.pairs} - {
        second.instance
    }
    index = frames.index((first.video, first.frame))
    names = [pair.name for pair in after.pairs]
    seen = after[names.index(first.name)]
    assert seen.action.any()
    assert np.array_equal(seen.action, before[index].action)
    assert np.array_equal(seen.direction, before[index].direction)


def square(root: Path, segmentation: object) -> np.ndarray:
    edit(root, annotation(1, segmentation=segmentation, sentences=["a square"]))
    samples = OwnSentences(root, "train", CLIP)
    index = next(i for i, pair in enumerate(samples.pairs) if pair.sentence == "a square")
    return samples[index].mask


def test_all_encodings_of_a_mask_are_the_same(root):
    expected = np.zeros((80, 96), bool)
    expected[10:30, 20:25] = True
    plain = [20 * 80 + 10]
    for _ in range(5):
        plain += [20, 60]
    plain[-1] += 80 * 96 - sum(plain)
    for segmentation in (
        encode_mask(expected),
        {"size": [80, 96], "counts": plain},
        [[20, 10, 25, 10, 25, 30, 20, 30]],
        [[20, 10, 23, 10, 23, 30, 20, 30], [23, 10, 25.0, 10, 25, 30, 23, 30]],
    ):
        assert np.array_equal(square(root, segmentation), expected)


def test_a_turned_video_is_annotated_as_it_is_displayed(root):
    """Stored 96×80, shown 80×96, as a telephone held upright writes it."""
    rotate(root / "videos" / "train00000.mp4", (0, 1, -1, 0))
    with pytest.raises(ValueError, match=r"size \(height, width\) is \[80, 96\].*as it is displ"):
        OwnSentences(root, "train", CLIP)

    def polygons(document):
        for one in document["annotations"]:
            if one["video_id"] == 0 and one["segmentation"]:
                one["segmentation"] = [[0, 0, 80, 0, 80, 96, 0, 96]]

    edit(root, polygons)
    sample = OwnSentences(root, "train", CLIP)[0]
    assert sample.frames.shape[1:3] == sample.mask.shape == (96, 80)


def test_prepared_samples_are_the_dataset_s_and_notice_when_it_is_changed(root, tmp_path):
    samples = OwnSentences(root, "train", CLIP)
    list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    prepared = PreparedSamples(tmp_path / "clips", samples)
    fit = ResizePad.for_frame(80, 96, 64)
    left, right = 1 + DIRECTIONS.index("left"), 1 + DIRECTIONS.index("right")
    seen = 0
    for index, (pair, sample) in enumerate(zip(samples.pairs, samples, strict=True)):
        row, mirrored = prepared.row(index, mirror=False), prepared.row(index, mirror=True)
        assert np.array_equal(row.clip, fit.apply(sample.frames).numpy())
        assert np.array_equal(row.mask, fit.apply_mask(sample.mask).numpy() >= 0.5)
        assert np.array_equal(row.direction, fit.apply_labels(sample.direction).numpy())
        assert row.sentence == pair.sentence
        if pair.sentence == "a zebra on the left":
            assert mirrored.sentence == "a zebra on the right"
        for one, other in ((left, right), (right, left)):
            turned = row.direction[:, ::-1] == one
            assert (mirrored.direction[turned] == other).all()
            seen += turned.sum()
    assert seen
    first = next(one for one in samples.pairs if one.instance)
    edit(root, annotation(first.instance, segmentation=[[0, 0, 9, 0, 9, 9]]))
    with pytest.raises(ValueError, match="before it was changed"):
        PreparedSamples(tmp_path / "clips", OwnSentences(root, "train", CLIP))


def test_prepared_samples_notice_a_video_that_was_cut_anew(root, tmp_path):
    samples = OwnSentences(root, "train", CLIP)
    list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    video = root / "videos" / samples.pairs[0].video
    video.write_bytes(video.read_bytes() + b"\0")
    with pytest.raises(ValueError, match="before it was changed"):
        PreparedSamples(tmp_path / "clips", OwnSentences(root, "train", CLIP))


def test_a_video_that_was_replaced_is_read_anew(root):
    samples = OwnSentences(root, "train", CLIP)
    assert samples[0].frames.any()
    black = np.zeros((12, 80, 96, 3), np.uint8)
    write_clip(black, Fraction(25), root / "videos" / samples.pairs[0].video)
    assert OwnSentences(root, "train", CLIP)[0].frames.max() < 20


def test_the_page_s_example_is_what_the_reader_takes(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "own-data.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (tmp_path / "train.json").write_text(example)
    (video,) = read_own(tmp_path, "train")
    assert video.path == tmp_path / "videos" / "street.mp4"
    assert [one.segmentation is None for one in video.annotations].count(True) == 2
    for one in video.annotations:
        if one.segmentation is not None:
            assert decode_mask(read_segmentation(one.segmentation, 272, 640)).any()
