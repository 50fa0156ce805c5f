from fractions import Fraction

import numpy as np
import pytest

from cstm.inference.overlay import Overlay, draw_mask, draw_masks, query_colour

GREY = np.full((60, 80, 3), 120, np.uint8)


def box(top=20, bottom=40, left=25, right=60):
    mask = np.zeros((60, 80), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_inside_is_tinted_outline_is_full_colour_and_the_rest_untouched():
    before = GREY.copy()
    drawn = draw_mask(GREY, box(), (255, 0, 0)).astype(int)
    assert (before == GREY).all(), "the picture given was drawn on"
    red, green = drawn[30, 40, :2]
    assert 150 < red < 220
    assert 50 < green < 90
    edge = drawn[30, 24:27]
    assert edge[:, 0].max() > 200
    assert edge[:, 1].min() < 40
    far = np.ones((60, 80), bool)
    far[12:48, 17:68] = False
    assert (drawn[far] == 120).all()


def test_the_tint_ends_at_the_outline():
    """Two pixels beyond it there is its shade, which has no hue."""
    drawn = draw_mask(GREY, box(), (255, 0, 0)).astype(int)
    assert (np.ptp(drawn[30, :23], axis=1) <= 3).all()


def test_later_masks_lie_over_earlier_ones():
    masks = np.stack([box(), box(30, 50, 40, 70)])
    red, blue = (255, 0, 0), (0, 0, 255)
    drawn = draw_mask(draw_mask(GREY, masks[0], red), masks[1], blue)
    np.testing.assert_array_equal(draw_masks(GREY, masks, [red, blue]), drawn)


def test_an_empty_mask_changes_nothing():
    drawn = draw_mask(GREY, np.zeros((60, 80), bool), (255, 0, 0))
    assert (drawn == GREY).all()
    assert drawn is not GREY


def test_a_full_mask_is_outlined_at_the_border():
    drawn = draw_mask(GREY, np.ones((60, 80), bool), (255, 0, 0)).astype(int)
    assert drawn[0, 40, 1] < drawn[30, 40, 1] - 20
    assert drawn[30, 79, 1] < drawn[30, 40, 1] - 20


def test_holes_and_single_pixels_are_drawn():
    mask = box()
    mask[28:32, 40:44] = False
    mask[5, 5] = True
    drawn = draw_mask(GREY, mask, (255, 0, 0)).astype(int)
    assert drawn[5, 5, 0] > 160
    assert abs(drawn[30, 42, 0] - 120) < abs(drawn[30, 50, 0] - 120)


@pytest.mark.parametrize("layout", ["C", "F", "mirrored"])
def test_any_memory_layout_gives_the_same_picture(layout):
    random = np.random.default_rng(0)
    image, mask = random.integers(0, 256, (60, 80, 3), np.uint8), random.random((60, 80)) > 0.6
    expected = draw_mask(image, mask, (30, 144, 255))
    if layout == "mirrored":
        image, mask = image[:, ::-1].copy()[:, ::-1], mask[:, ::-1].copy()[:, ::-1]
    else:
        image, mask = np.array(image, order=layout), np.array(mask, order=layout)
    assert (draw_mask(image, mask, (30, 144, 255)) == expected).all()


def test_colours_are_distinct():
    colours = np.array([query_colour(number) for number in range(40)], float)
    assert len({tuple(colour) for colour in colours}) == 40
    first = colours[:8]
    distances = np.linalg.norm(first[:, None] - first[None], axis=2) + 999 * np.eye(8)
    assert distances.min() > 60


@pytest.mark.parametrize(("height", "width"), [(60, 80), (61, 80), (60, 81), (61, 81), (1, 1)])
def test_frames_are_even_and_hold_the_whole_picture(height, width):
    image = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    overlay = Overlay(height, width, ["a white cat is jumping"], [(255, 0, 0)])
    frame = overlay.draw(image, np.zeros((1, height, width), bool))
    assert frame.shape == (overlay.height, overlay.width, 3)
    assert overlay.height % 2 == overlay.width % 2 == 0
    assert (frame[:height, :width] == image).all()
    assert (frame[:height, width:] == image[:, -1:]).all(), "an odd width's last column twice"
    assert overlay.height > height + 10


def test_several_sentences_stand_below_each_other_each_in_its_colour():
    colours = [query_colour(number) for number in range(3)]
    overlay = Overlay(60, 200, ["a cat", "a dog", "a bird"], colours)
    masks = np.zeros((3, 60, 200), bool)
    for number in range(3):
        masks[number, 10:50, 60 * number + 10 : 60 * number + 50] = True
    frame = overlay.draw(np.zeros((60, 200, 3), np.uint8), masks).astype(int)
    tops = []
    for number, colour in enumerate(colours):
        near = np.abs(frame - colour).sum(axis=2) < 90
        rows, columns = np.nonzero(near[:60])
        assert columns.min() >= 60 * number
        assert columns.max() < 60 * number + 60
        rows, columns = np.nonzero(near[60:])
        assert columns.max() < 30, "the dot before the sentence"
        tops.append(rows.min())
    assert tops == sorted(set(tops))


def test_type_is_set_for_the_pixels_shown():
    """With wide pixels fewer of them make the same words."""

    def columns_of_ink(aspect):
        overlay = Overlay(240, 320, ["a cat"], [(255, 0, 0)], Fraction(aspect))
        bar = overlay.draw(np.zeros((240, 320, 3), np.uint8), np.zeros((1, 240, 320), bool))[240:]
        return np.flatnonzero((bar.min(axis=2) > 128).any(axis=0)).max()

    assert columns_of_ink(2) < 0.75 * columns_of_ink(1)
