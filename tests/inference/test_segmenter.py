import warnings
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from cstm.config import ClipConfig
from cstm.data.frames.frame_range import FrameRange
from cstm.data.language.words import Vocabulary
from cstm.experiments import TINY
from cstm.inference import SegmentationWarning
from cstm.inference.samples import write_clip
from cstm.inference.segmenter import Segmenter
from cstm.model.network import ActorSegmenter, Predicted

SMALL = ClipConfig(size=16)


def numbered(length, size=16):
    """Grey frames; frame k has the value k, so that a clip tells which frames it holds."""
    return [np.full((size, size, 3), index, np.uint8) for index in range(length)]


def noise(length, height=24, width=40):
    return np.random.default_rng(5).integers(0, 256, (length, height, width, 3), np.uint8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    length=st.integers(1, 40),
    frames=st.integers(1, 9),
    step=st.integers(1, 4),
    queries=st.integers(1, 5),
    batch=st.integers(1, 9),
)
def test_every_frame_is_the_target_of_its_own_clamped_clip(
    brightness, vocabulary, length, frames, step, queries, batch
):
    brightness.clips.clear()
    brightness.words.clear()
    brightness.batches.clear()
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(frames, step, 16), batch=batch)
    sentences = [f"a {vocabulary.words[number + 1]}" for number in range(queries)]
    results = list(segmenter.segment(numbered(length), sentences))

    assert [result.index for result in results] == list(range(length))
    assert [int(result.image[0, 0, 0]) for result in results] == list(range(length))
    expected = [
        [min(max(0, target + (place - frames // 2) * step), length - 1) for place in range(frames)]
        for target in range(length)
        for _ in sentences
    ]
    seen = [(clip[:, 0, 8, 8] * 255).round().int().tolist() for clip in brightness.clips]
    assert seen == expected
    assert brightness.words == [vocabulary.encode(text) for text in sentences] * length
    assert max(brightness.batches) <= batch


def test_the_papers_window_of_eight_frames(brightness, vocabulary):
    segmenter = Segmenter(brightness, vocabulary, SMALL)
    list(segmenter.segment(numbered(30), ["cat"]))
    window = (brightness.clips[15][:, 0, 8, 8] * 255).round().int().tolist()
    assert window == [7, 9, 11, 13, 15, 17, 19, 21]


@pytest.mark.parametrize(
    ("height", "width"), [(61, 97), (97, 61), (33, 200), (64, 64), (1, 1), (5, 1)]
)
def test_masks_come_back_to_the_native_frame(brightness, vocabulary, height, width):
    rows, columns = np.mgrid[:height, :width]
    disc = ((rows - 0.4 * height) / (0.3 * height)) ** 2 + (
        (columns - 0.6 * width) / (0.25 * width)
    ) ** 2 < 1
    image = np.repeat(disc[..., None], 3, 2).astype(np.uint8) * 255
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(size=64))
    (result,) = segmenter.segment(iter([image]), ["cat"])
    assert result.masks.shape == (1, height, width)
    assert (result.masks[0] & disc).sum() >= 0.9 * (result.masks[0] | disc).sum()


def test_a_neighbour_of_another_shape_is_squashed_to_that_of_the_target(brightness, vocabulary):
    """The left half is bright, in a wide frame and in a high one."""
    wide, high = np.zeros((40, 90, 3), np.uint8), np.zeros((90, 40, 3), np.uint8)
    wide[:, :45] = high[:, :20] = 255
    fitted = ClipConfig(frames=3, step=1, size=64, resize="fit")
    list(Segmenter(brightness, vocabulary, fitted).segment(iter([wide, high, wide]), ["cat"]))
    middle = brightness.clips[1]
    assert middle.shape == (3, 3, 64, 32)
    assert (middle[..., :12] > 0.9).all()
    assert (middle[..., 20:] < 0.1).all()


def test_arrays_are_25_frames_a_second(brightness, vocabulary):
    results = Segmenter(brightness, vocabulary, SMALL).segment(numbered(3), ["cat"])
    assert [result.time for result in results] == pytest.approx([0, 0.04, 0.08])


@pytest.mark.parametrize("queries", [["cat"], ["cat", "dog", "running"]])
def test_without_padding_frames_of_any_shape_have_clips_of_their_own(
    brightness, vocabulary, queries
):
    shapes = [(40, 90)] * 3 + [(90, 40)] * 2 + [(64, 64)] * 4
    images = [np.full((*shape, 3), 200, np.uint8) for shape in shapes]
    fitted = ClipConfig(frames=3, step=1, size=64, resize="fit")
    segmenter = Segmenter(brightness, vocabulary, fitted, batch=4)
    results = list(segmenter.segment(iter(images), queries))
    assert [result.masks.shape for result in results] == [(len(queries), *s) for s in shapes]
    assert all(result.masks.all() for result in results)
    sides = {(40, 90): (32, 64), (90, 40): (64, 32), (64, 64): (64, 64)}
    seen = [clip.shape[2:] for clip in brightness.clips[:: len(queries)]]
    assert seen == [sides[shape] for shape in shapes]
    assert all((clip > 0.7).all() for clip in brightness.clips), "there is no padding"


def test_what_fills_a_batch_is_told_before_the_next_frame_is_asked_for(brightness, vocabulary):
    asked = []

    def frames():
        for number, image in enumerate(numbered(9)):
            asked.append(number)
            yield image

    clip = ClipConfig(frames=1, step=1, size=16)
    for result in Segmenter(brightness, vocabulary, clip, batch=1).segment(frames(), ["cat"]):
        assert asked[-1] == result.index


def test_a_batch_changes_nothing(learned, vocabulary):
    queries = ["a white cat jumping", "the dog on the left", "running"]
    video = noise(14)
    one = list(
        Segmenter(learned, vocabulary, SMALL, batch=1).segment(video, queries, "probabilities")
    )
    for batch in (2, 8):
        segmenter = Segmenter(learned, vocabulary, SMALL, batch=batch)
        many = list(segmenter.segment(video, queries, "probabilities"))
        for a, b in zip(one, many, strict=True):
            np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
            np.testing.assert_allclose(a.scores, b.scores, atol=1e-3)
    assert any(result.masks.any() for result in one)
    assert not all(result.masks.all() for result in one)


def test_several_queries_equal_one_at_a_time(learned, vocabulary):
    queries = ["a white cat jumping", "the dog on the left", "running"]
    segmenter = Segmenter(learned, vocabulary, SMALL)
    together = list(segmenter.segment(noise(11), queries, "probabilities"))
    different = False
    for number, query in enumerate(queries):
        alone = list(segmenter.segment(noise(11), [query], "probabilities"))
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_allclose(a.probabilities[number], b.probabilities[0], atol=1e-5)
            different |= bool((a.masks[number] != a.masks[0]).any())
    assert different


def test_score_is_the_mean_probability_inside_the_mask(learned, vocabulary):
    segmenter = Segmenter(learned, vocabulary, SMALL)
    for result in segmenter.segment(noise(6), ["cat", "the dog"], "probabilities"):
        for mask, score, probabilities in zip(
            result.masks, result.scores, result.probabilities, strict=True
        ):
            assert (mask == (probabilities > 0.5)).all()
            assert score == pytest.approx(probabilities[mask].mean() if mask.any() else 0, abs=1e-6)


def test_an_empty_mask_scores_zero_and_probabilities_are_kept_only_on_request(
    brightness, vocabulary
):
    segmenter = Segmenter(brightness, vocabulary, SMALL)
    (result,) = segmenter.segment(numbered(1), ["cat"])
    assert not result.masks.any()
    assert result.scores.tolist() == [0.0]
    assert result.probabilities is None


class Doubtful(nn.Module):
    """Finds the whole picture, if the actor is there: the brightness of the clip."""

    def predict(self, clip: torch.Tensor, words: torch.Tensor) -> Predicted:
        clip = clip.repeat_interleave(len(words) // len(clip), dim=0)
        return Predicted(
            torch.full_like(clip[:, 0, 0], 3.0), torch.logit(clip[:, 4].mean((1, 2, 3)))
        )


def test_an_absent_actor_has_an_empty_mask_and_the_presence_is_the_score(vocabulary):
    video = [np.full((16, 16, 3), value, np.uint8) for value in (30, 200, 120, 135, 250)]
    segmenter = Segmenter(Doubtful(), vocabulary, SMALL, batch=3)
    results = list(segmenter.segment(video, ["cat", "the dog"], "probabilities"))
    expected = [30 / 255, 200 / 255, 120 / 255, 135 / 255, 250 / 255]
    for result, presence in zip(results, expected, strict=True):
        np.testing.assert_allclose(result.scores, [presence] * 2, rtol=1e-4)
        assert (result.masks == (presence > 0.5)).all()
        assert (result.probabilities > 0.9).all()


def test_the_least_score_is_the_users_to_choose(vocabulary):
    video = [np.full((16, 16, 3), value, np.uint8) for value in (30, 200, 120, 135, 250)]
    for least, found in ((0.1, 5), (0.5, 3), (0.9, 1)):
        segmenter = Segmenter(Doubtful(), vocabulary, SMALL, least_score=least)
        assert sum(result.masks.all() for result in segmenter.segment(video, ["cat"])) == found
    with pytest.raises(ValueError, match=r"least_score should be from 0 to 1, got 1\.5"):
        Segmenter(Doubtful(), vocabulary, SMALL, least_score=1.5)


def test_a_second_look_shows_small_actors_nearer_and_asks_the_same(brightness, vocabulary):
    rows, columns = np.mgrid[:180, :320]
    video, truths = [], []
    for index in range(9):
        truth = (rows - 60) ** 2 + (columns - 200 - 3 * index) ** 2 < 9**2
        truths.append(truth)
        video.append(np.repeat(truth[..., None], 3, 2).astype(np.uint8) * 255)

    def overlaps(looks):
        segmenter = Segmenter(brightness, vocabulary, ClipConfig(size=32), batch=8, looks=looks)
        results = list(segmenter.segment(iter(video), ["cat", "dog"]))
        masks = [mask for result in results for mask in result.masks]
        return [
            (mask & truth).sum() / (mask | truth).sum()
            for mask, truth in zip(masks, np.repeat(truths, 2, axis=0), strict=True)
        ]

    once, asked = overlaps(1), len(brightness.clips)
    assert asked == 18
    twice = overlaps(2)
    assert min(twice) > max(0.85, *once)
    assert len(brightness.clips) == 18 + 36
    words = [vocabulary.encode(text) for text in ("cat", "dog")]
    assert all(brightness.words.count(word) == 27 for word in words)
    assert brightness.batches == [8, 8, 2, 8, 8, 8, 8, 2, 2], "second looks share batches too"
    # Each of the nearer clips still shows the actor's motion: it wanders through the window.
    nearer = brightness.clips[-1].mean((1, 2))
    places = nearer.argmax(-1)
    assert places[0] < places[-1]


class Unsure(nn.Module):
    """Marks what is bright, of whom nobody is there."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def predict(self, clip: torch.Tensor, words: torch.Tensor) -> Predicted:
        self.asked += len(words)
        target = clip[:, clip.shape[1] // 2].mean(1)
        return Predicted(20 * (target - 0.5), torch.full((len(words),), -3.0))


def test_nobody_is_looked_at_again(vocabulary):
    image = np.zeros((180, 320, 3), np.uint8)
    image[60:70, 100:110] = 255
    for least, asked in ((0.5, 3), (0.01, 6)):
        network = Unsure()
        segmenter = Segmenter(network, vocabulary, ClipConfig(size=32), looks=2, least_score=least)
        list(segmenter.segment([image] * 3, ["cat"]))
        assert network.asked == asked


def test_a_second_look_sees_no_motion_of_the_camera_either(brightness, vocabulary):
    rng = np.random.default_rng(0)
    place = cv2.GaussianBlur(rng.integers(0, 220, (140, 320, 3), dtype=np.uint8), None, 1.5)
    video = [place[:, 4 * index : 4 * index + 240].copy() for index in range(9)]
    for index, image in enumerate(video):
        image[60:76, 120 - 4 * index : 136 - 4 * index] = 255
    changes = {}
    for camera_motion in ("kept", "compensated"):
        clip = ClipConfig(size=96, resize="fit", camera_motion=camera_motion)
        brightness.clips.clear()
        list(Segmenter(brightness, vocabulary, clip, looks=2).segment(iter(video), ["cat"]))
        nearer = np.stack([c for c in brightness.clips if c.shape[-2] == c.shape[-1]])
        first, target = nearer[:, [2, 4]].swapaxes(0, 1)
        changes[camera_motion] = np.abs(first - target)[..., 24:-24, 24:-24].mean()
    assert changes["compensated"] < 0.3 * changes["kept"]


def test_the_real_network_fits(vocabulary):
    config = replace(
        TINY,
        width=4,
        decoder_channels=8,
        word_channels=8,
        language_channels=8,
        relation_channels=8,
    )
    torch.manual_seed(0)
    network = ActorSegmenter(config, len(vocabulary))
    one, many = (
        list(
            Segmenter(network, vocabulary, ClipConfig(size=64), batch=batch).segment(
                noise(3), ["a white cat jumping", "the dog"], "probabilities"
            )
        )
        for batch in (1, 8)
    )
    for a, b in zip(one, many, strict=True):
        assert a.masks.shape == (2, 24, 40)
        np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
    assert not network.training


def test_a_file_is_segmented_as_its_frames_are(learned, vocabulary, tmp_path):
    path = tmp_path / "clip.mp4"
    write_clip(noise(9), Fraction(10), path)
    segmenter = Segmenter(learned, vocabulary, SMALL)
    from_file = list(segmenter.segment(str(path), ["the cat"]))
    again = list(segmenter.segment([result.image for result in from_file], ["the cat"]))
    assert len(from_file) == len(again) == 9
    assert [round(result.time, 6) for result in from_file] == [index / 10 for index in range(9)]
    for a, b in zip(from_file, again, strict=True):
        assert (a.masks == b.masks).all()


def test_some_frames_have_the_masks_of_a_whole_run(learned, vocabulary):
    # A clip at a time: in batches of other sizes sums are rounded differently.
    segmenter = Segmenter(learned, vocabulary, SMALL, batch=1)
    whole = list(segmenter.segment(noise(40), ["the cat", "a dog"], "probabilities"))

    @settings(max_examples=25)
    @given(start=st.integers(0, 39), size=st.integers(1, 40), every=st.integers(1, 20))
    def check(start, size, every):
        wanted = FrameRange(start, start + size, every)
        some = list(segmenter.segment(noise(40), ["the cat", "a dog"], "probabilities", wanted))
        expected = whole[start : start + size : every]
        assert [result.index for result in some] == [result.index for result in expected]
        for a, b in zip(some, expected, strict=True):
            assert a.time == b.time
            assert (a.image == b.image).all()
            assert (a.probabilities == b.probabilities).all()
            assert (a.masks == b.masks).all()
            assert (a.scores == b.scores).all()

    check()
    assert any(result.masks.any() for result in whole)


def test_nothing_is_read_after_the_last_frame_needed(brightness, vocabulary):
    taken = []
    frames = (taken.append(index) or image for index, image in enumerate(numbered(200)))
    segmenter = Segmenter(brightness, vocabulary, SMALL)
    results = list(segmenter.segment(frames, ["cat"], frames=FrameRange(50, 60)))
    assert [result.index for result in results] == list(range(50, 60))
    # Six that the last clip reaches, and one that shows that all are there.
    assert taken[-1] == 59 + 6 + 1


def test_frames_that_the_video_does_not_have_are_told(brightness, vocabulary, tmp_path):
    path = tmp_path / "clip.mp4"
    write_clip(noise(9), Fraction(10), path)
    segmenter = Segmenter(brightness, vocabulary, SMALL)
    with pytest.raises(ValueError, match="the video ends with frame 8"):
        list(segmenter.segment(path, ["cat"], frames=FrameRange(9)))
    seconds = FrameRange(0.3, 0.5, unit="seconds")
    times = [result.time for result in segmenter.segment(path, ["cat"], frames=seconds)]
    assert times == pytest.approx([0.3, 0.4])


def test_a_truncated_file_is_segmented_and_told(brightness, vocabulary, tmp_path):
    path = tmp_path / "clip.mp4"
    write_clip(noise(40), Fraction(25), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    results = Segmenter(brightness, vocabulary, SMALL).segment(path, ["cat"])
    with pytest.warns(SegmentationWarning, match=r"clip\.mp4: decoded \d+ frames"):
        count = sum(1 for _ in results)
    assert 10 < count < 40


def test_errors_come_before_the_first_frame(brightness, vocabulary, tmp_path):
    segmenter = Segmenter(brightness, vocabulary, SMALL)
    with pytest.raises(ValueError, match="no such video file"):
        segmenter.segment(tmp_path / "none.mp4", ["cat"])
    with pytest.raises(ValueError, match="no words"):
        segmenter.segment(numbered(3), ["  "])
    with pytest.raises(ValueError, match="batch should be at least 1"):
        Segmenter(brightness, vocabulary, SMALL, batch=0)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)]
)
def test_frames_must_be_rgb_bytes(brightness, vocabulary, image):
    results = Segmenter(brightness, vocabulary, SMALL).segment(iter([image]), ["cat"])
    with pytest.raises(ValueError, match="expected RGB as uint8"):
        next(results)


def test_frames_may_lie_in_memory_in_any_order_and_be_overwritten(brightness, vocabulary):
    segmenter = Segmenter(brightness, vocabulary, SMALL, looks=2)
    frames = list(noise(6))
    expected = [frame.image for frame in segmenter.segment(frames, ["cat"])]
    buffer = np.empty_like(frames[0])

    def refilled() -> Iterator[np.ndarray]:
        for frame in frames:
            buffer[:] = frame[..., ::-1]
            yield buffer[..., ::-1]

    found = [frame.image for frame in segmenter.segment(refilled(), ["cat"])]
    assert all((a == b).all() for a, b in zip(expected, found, strict=True))


def test_no_frames_no_results(brightness, vocabulary):
    assert list(Segmenter(brightness, vocabulary, SMALL).segment([], ["cat"])) == []


def test_reduced_precision_stays_near(learned, vocabulary):
    full, reduced = (
        list(
            Segmenter(learned, vocabulary, SMALL, precision=precision).segment(
                noise(3), ["the cat"], "probabilities"
            )
        )
        for precision in ("32-true", "bf16-mixed")
    )
    difference = max(
        np.abs(a.probabilities - b.probabilities).mean() for a, b in zip(full, reduced, strict=True)
    )
    assert 0 < difference < 0.1


def test_grad_mode_of_the_caller_is_left_alone(brightness, vocabulary):
    for _ in Segmenter(brightness, vocabulary, SMALL).segment(numbered(3), ["cat"]):
        assert not torch.is_inference_mode_enabled()
        assert torch.is_grad_enabled()


def test_whole_sentences_give_no_warning(brightness):
    known = Vocabulary(("cat", "white"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(Segmenter(brightness, known, SMALL).segment(numbered(2), ["White  cat."]))
