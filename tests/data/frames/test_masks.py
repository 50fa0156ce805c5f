"""Run lengths as COCO's files have them: what is whole comes through, what is broken is told."""

from contextlib import suppress
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco

from cstm.data.frames.masks import decode_mask, encode_mask, judge, mask_score, read_segmentation

masks = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda shape: arrays(bool, shape) | arrays(bool, shape, elements=st.just(False))
)


def run_lengths(mask: np.ndarray) -> list[int]:
    """Uncompressed run lengths, down the columns, the first of zeros."""
    runs = [(value, len(list(run))) for value, run in groupby(mask.T.ravel().tolist())]
    return [0] * runs[0][0] + [length for _, length in runs]


@given(masks)
def test_a_mask_comes_back_from_both_kinds_of_run_lengths(mask):
    encoded = encode_mask(mask)
    assert np.array_equal(decode_mask(encoded), mask)
    assert read_segmentation(encoded, *mask.shape) == encoded
    plain = {"size": list(mask.shape), "counts": run_lengths(mask)}
    assert read_segmentation(plain, *mask.shape) == encoded


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(masks, st.data())
def test_text_with_a_changed_character_is_told_or_still_whole(mask, data):
    """Never memory that nobody wrote, which pycocotools gives for run lengths that end early."""
    encoded = encode_mask(mask)
    place = data.draw(st.integers(0, len(encoded["counts"]) - 1))
    other = data.draw(st.sampled_from("0123Oo~PQ\x01é") | st.just(""))
    text = encoded["counts"][:place] + other + encoded["counts"][place + 1 :]
    changed = {"size": list(mask.shape), "counts": text}
    with suppress(ValueError):
        read = read_segmentation(changed, *mask.shape)
        assert decode_mask(read).shape == mask.shape
        pixels = coco.decode(read)
        assert np.array_equal(pixels, decode_mask(read))


def test_long_runs_use_several_characters():
    """Numbers of up to four characters of five bits, rising and falling."""
    mask = np.zeros((700, 900), bool)
    mask[3:600, 10] = mask[0, 500:] = mask[:, 700:890] = True
    encoded = encode_mask(mask)
    assert read_segmentation(encoded, 700, 900) == encoded


def test_polygons_are_filled():
    square = [[2, 1, 6, 1, 6, 4, 2, 4], [0, 0, 1, 0, 1, 1, 0, 1.0]]
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:6] = expected[0, 0] = True
    assert np.array_equal(decode_mask(read_segmentation(square, 6, 8)), expected)


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ([[0, 0, 1e9, 0, 1e9, 1e9]], "reach farther than 40 pixels, in an image of 4×3"),
        ([[0, 0, 10**400, 0, 2, 2]], "reach farther"),
        ([[0, 0, float("nan"), 0, 2, 2]], "lists of x, y"),
        ({"size": [3, 4], "counts": [5, 6]}, "broken"),
        ({"size": [3, 4], "counts": [5, 8]}, "broken"),
        ({"size": [3, 4], "counts": [-1, 13]}, "broken"),
        ({"size": [3, 4], "counts": [5.0, 7.0]}, "broken"),
        ({"size": [3, 4], "counts": ""}, "broken"),
        ({"size": [3, 4], "counts": "PPPPPPPPPPPPPP1"}, "broken"),
        ({"size": [3, 4], "counts": None}, "broken"),
        ({"size": [4, 3], "counts": [12]}, r"\[4, 3\], the image's is \[3, 4\]"),
        ({"counts": [12]}, "should be"),
        (None, "should be"),
        ("12", "should be"),
        ([], "empty list"),
        ([[0, 0, 1, 1]], "three corners"),
        ([[0, 0, 1, 1, 1]], "three corners"),
        ([[0, 0, 1, float("nan"), 1, 1]], "three corners"),
        ([1, 2, 3, 4, 5, 6], "three corners"),
    ],
)
def test_what_is_no_mask_of_the_image_is_told(segmentation, reason):
    with pytest.raises(ValueError, match=reason):
        read_segmentation(segmentation, 3, 4)


def test_the_score_is_the_mean_probability_inside_the_mask():
    probability = np.array([[0.6, 0.9], [0.2, 0.3]], np.float32)
    assert mask_score(probability, probability > 0.5) == pytest.approx(0.75)
    assert mask_score(probability, probability > 1) == 0


def test_the_probability_of_presence_is_the_score_and_decides_on_the_mask():
    probability = np.array([[0.6, 0.9], [0.2, 0.3]], np.float32)
    mask = probability > 0.5
    for presence, expected in ((0.5, mask), (0.97, mask), (0.49, np.zeros_like(mask))):
        judged, score = judge(probability, mask, presence)
        assert np.array_equal(judged, expected)
        assert score == presence
    for least, kept in ((None, 0.5), (0.2, 0.2), (0.9, 0.9), (0.0, 0.0)):
        for presence in (0.1, 0.4, 0.6, 0.95):
            judged, score = judge(probability, mask, presence, least)
            assert np.array_equal(judged, mask if presence >= kept else mask & False)
            assert score == presence
    sure = mask_score(probability, mask)
    assert judge(probability, mask, None, sure)[0].any()
    assert not judge(probability, mask, None, sure + 0.01)[0].any()
    judged, score = judge(probability, mask, None)
    assert np.array_equal(judged, mask)
    assert score == mask_score(probability, mask)
