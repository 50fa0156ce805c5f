from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import cv2
import numpy as np
import pytest
from PIL import Image

from cstm.inference.overlay import draw_mask, query_colour
from cstm.inference.picture import SummaryPicture, _resized
from cstm.inference.result import FrameResult

QUERIES = ["a cat", "the white dog on the left"]


def results(count, height=54, width=96):
    for index in range(count):
        masks = np.zeros((2, height, width), bool)
        masks[0, 10:40, 10:40] = True
        masks[1, 10:40, 50:80] = True
        image = np.full((height, width, 3), index % 200, np.uint8)
        yield FrameResult(index, index / 10, image, masks, np.ones(2))


def picture_of(count, **settings):
    picture = SummaryPicture(QUERIES, **settings)
    for result in results(count):
        picture.add(result)
    return picture


@pytest.mark.parametrize("count", [5, 6, 20, 21, 100, 997])
def test_frames_are_evenly_spread_and_few_are_kept(count):
    picture = picture_of(count, columns=5, width=400)
    times = [10 * column.time for column in picture.columns]
    expected = [(part + 0.5) * count / 5 for part in range(5)]
    np.testing.assert_allclose(times, expected, atol=max(1, 0.08 * count))
    assert len(picture._kept) <= 20


def test_picture_shows_every_query_in_its_colour(tmp_path):
    picture = picture_of(100, columns=6, width=1200)
    picture.save(tmp_path / "picture.png")
    shown = np.asarray(Image.open(tmp_path / "picture.png")).astype(int)
    assert shown.shape[1] == 1200
    assert (shown[:, :10] == 255).all()
    assert (shown[:, -10:] == 255).all()
    assert (shown[:5] == 255).all()
    rows = []
    for number in range(2):
        near = np.abs(shown - query_colour(number)).sum(axis=2) < 100
        assert near.sum() > 6 * 200, "a dot and six outlines"
        rows.append(np.flatnonzero(near.any(axis=1)))
    assert rows[0].max() < rows[1].min(), "each query has a row of its own"


def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are():
    square, wide = (
        picture_of(6, columns=6, width=1200, pixel_aspect=Fraction(aspect)) for aspect in (1, 2)
    )
    assert square.columns[0].cells.shape[1:3] == (103, 183)
    assert wide.columns[0].cells.shape[1:3] == (51, 183)


def test_a_frame_that_is_all_height_makes_no_picture_without_end():
    picture = SummaryPicture(QUERIES, columns=6, width=1200)
    for result in results(6, height=900, width=1):
        picture.add(result)
    assert picture.columns[0].cells.shape[1:3] == (4 * 183, 183)


def test_a_cell_is_of_its_querys_mask_and_a_column_of_its_time():
    picture = SummaryPicture(QUERIES, columns=3, width=600)
    times = [0.0, 3.25, 7.5]
    shown = [replace(result, time=time) for result, time in zip(results(3), times, strict=True)]
    for result in shown:
        picture.add(result)
    assert [column.time for column in picture.columns] == times
    for column, result in zip(picture.columns, shown, strict=True):
        size = column.cells.shape[2], column.cells.shape[1]
        for number, cell in enumerate(column.cells):
            mask = cv2.resize(result.masks[number].astype(np.float32), size) > 0.5
            small = cv2.resize(result.image, size)
            expected = draw_mask(small, mask, query_colour(number)).astype(int)
            assert np.abs(cell - expected).max() <= 2
    foot = picture.render()[-40:].astype(int)
    labels = [foot[:, left : left + 60] for left in (36, 214, 392)]
    assert all((label < 200).any() for label in labels)
    for one, other in combinations(labels, 2):
        assert (one != other).any()


def test_a_small_actor_does_not_get_lost():
    rng = np.random.default_rng(0)
    for top, left in rng.integers(0, 2000, (50, 2)):
        mask = np.zeros((2160, 3840), bool)
        mask[top : top + 8, left : left + 8] = True
        assert _resized(mask, (183, 103)).any()


def test_fewer_frames_than_columns():
    picture = picture_of(3, columns=6, width=800)
    assert [column.time for column in picture.columns] == [0.0, 0.1, 0.2]
    assert picture.render().shape[1] == 800


def test_no_frames_no_picture():
    with pytest.raises(ValueError, match="no frames to show"):
        SummaryPicture(QUERIES).render()
