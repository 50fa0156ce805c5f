import numpy as np
import pytest
from blobs import results, write
from PIL import Image

from cstm.inference.outputs.pictures import davis_palette, number_pixels
from cstm.inference.result import FrameResult

DAVIS = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128)]
"""The palette's first colours, as they are in DAVIS 2017's annotations."""


def test_the_palette_is_that_of_davis():
    palette = davis_palette()
    assert palette.shape == (256, 3)
    assert [tuple(colour) for colour in palette[:6].tolist()] == DAVIS
    assert tuple(palette[8].tolist()) == (64, 0, 0)
    assert tuple(palette[255].tolist()) == (224, 224, 192)
    assert len({tuple(colour) for colour in palette.tolist()}) == 256


def test_indexed_pictures_number_the_queries(tmp_path):
    write(tmp_path / "out", results(4, indices=[3, 5, 7, 9]), save=["indexed"])
    for result in results(4, indices=[3, 5, 7, 9]):
        with Image.open(tmp_path / f"out/indexed/{result.index:05d}.png") as picture:
            assert picture.mode == "P"
            assert picture.getpalette() == davis_palette().ravel().tolist()
            numbers = np.asarray(picture)
        assert (numbers == number_pixels(result.masks, result.scores)).all()
        assert ((numbers > 0) == result.masks.any(0)).all()
    assert len(list((tmp_path / "out/indexed").iterdir())) == 4


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.6], [0, 1, 1, 2]),
        ([0.6, 0.9], [0, 1, 2, 2]),
        ([0.7, 0.7], [0, 1, 1, 2]),
    ],
)
def test_where_masks_overlap_the_higher_score_wins(scores, expected):
    masks = np.array([[[0, 1, 1, 0]], [[0, 0, 1, 1]]], bool)
    assert number_pixels(masks, np.array(scores)).tolist() == [expected]


def test_more_queries_than_colours_are_refused(tmp_path):
    masks = np.zeros((256, 4, 4), bool)
    frame = FrameResult(0, 0.0, np.zeros((4, 4, 3), np.uint8), masks, np.zeros(256))
    with pytest.raises(ValueError, match="255 queries at most, got 256"):
        write(tmp_path / "out", [frame], ["a cat"] * 256, save=["indexed"])
    assert list(tmp_path.iterdir()) == []
    numbers = number_pixels(np.ones((255, 1, 1), bool), np.arange(255.0))
    assert numbers.tolist() == [[255]]
