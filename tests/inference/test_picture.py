import numpy as np
import pytest
from PIL import Image

from cstm.inference.overlay import query_colour
from cstm.inference.picture import SummaryPicture
from cstm.inference.segmenter import FrameResult

QUERIES = ["a cat", "the white dog on the left"]


def results(count, height=54, width=96):
    for index in range(count):
        masks = np.zeros((2, height, width), bool)
        masks[0, 10:40, 10:40] = True
        masks[1, 10:40, 50:80] = True
        image = np.full((height, width, 3), 2 * index, np.uint8)
        yield FrameResult(index, index / 10, image, masks, np.ones(2))


def test_results_pass_through_and_only_the_chosen_are_kept():
    picture = SummaryPicture(QUERIES, frames=100, columns=5, width=800)
    passed = list(picture.watch(results(100)))
    assert [result.index for result in passed] == list(range(100))
    assert [time for time, _ in picture._columns] == [1.0, 3.0, 5.0, 7.0, 9.0]


def test_picture_shows_every_query_in_its_colour(tmp_path):
    picture = SummaryPicture(QUERIES, frames=100, columns=6, width=1200)
    for _ in picture.watch(results(100)):
        pass
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


def test_fewer_frames_than_columns():
    picture = SummaryPicture(QUERIES, frames=3, columns=6, width=800)
    for _ in picture.watch(results(3)):
        pass
    assert [time for time, _ in picture._columns] == [0.0, 0.1, 0.2]
    assert picture.render().shape[1] == 800


def test_a_video_shorter_than_announced_still_makes_a_picture():
    picture = SummaryPicture(QUERIES, frames=100, columns=6)
    for _ in picture.watch(results(60)):
        pass
    assert picture.render().shape[1] == 1600


def test_no_frames_no_picture():
    with pytest.raises(ValueError, match="no frames to show"):
        SummaryPicture(QUERIES, frames=10).render()
