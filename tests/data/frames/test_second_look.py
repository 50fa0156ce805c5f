"""Small actors are looked at again where they are, and believed where both looks agree."""

import cv2
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from cstm.config import ClipConfig
from cstm.data.frames.second_look import SMALL, Seen, find_window, look_again

CLIP = ClipConfig(frames=3, size=64)
HEIGHT, WIDTH = 180, 320


def disc(row: float, column: float, radius: float, height=HEIGHT, width=WIDTH):
    rows, columns = np.mgrid[:height, :width]
    return (rows - row) ** 2 + (columns - column) ** 2 < radius**2


def seen(truth, found) -> Seen:
    """A first look that gave ``found`` for a clip in which white is ``truth``."""
    image = np.repeat(truth[..., None], 3, 2).astype(np.uint8) * 255
    probability = np.where(found, 0.8, 0.1).astype(np.float32)
    return Seen([image] * CLIP.frames, None, probability, found)


class White:
    """Says "actor" where the target frame is white, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, clips, numbers):
        assert clips.shape[1:] == (CLIP.frames, 3, CLIP.size, CLIP.size)
        self.asked.append(numbers)
        return torch.from_numpy(clips[:, CLIP.frames // 2].mean(1) / 255).float()


def iou(mask, truth) -> float:
    return (mask & truth).sum() / (mask | truth).sum()


def test_an_outline_that_was_coarse_becomes_fine_and_all_else_stays():
    truth = disc(60, 250, 9)
    coarse = np.kron(truth[::10, ::10], np.ones((10, 10), bool))
    first = seen(truth, coarse)
    (after,) = look_again([first], CLIP, 8, White())
    assert iou(coarse, truth) < 0.7 < 0.9 < iou(after > 0.5, truth)
    window = find_window(first)
    outside = np.ones((HEIGHT, WIDTH), bool)
    window.of(outside)[:] = False
    assert (after[outside] == first.probability[outside]).all()
    assert (first.probability == np.where(coarse, np.float32(0.8), np.float32(0.1))).all()


def test_what_the_second_look_takes_for_another_stays_as_it_was():
    first = seen(disc(60, 250, 9), disc(60, 228, 9))
    (after,) = look_again([first], CLIP, 8, White())
    assert (after == first.probability).all()


def test_only_who_is_small_and_there_is_looked_at_again_in_batches():
    small, large, nobody = disc(60, 250, 9), disc(90, 160, 70), np.zeros((HEIGHT, WIDTH), bool)
    white = White()
    first = [seen(truth, truth) for truth in (small, large, small, nobody, small)]
    look_again(first, CLIP, 2, white)
    assert white.asked == [[0, 2], [4]]


def test_who_is_tiny_is_not_blown_up_from_a_few_pixels():
    found = disc(90, 160, 3)
    window = find_window(Seen([], None, np.where(found, 0.9, 0.0), found))
    assert window is not None
    assert window.side == 32


@given(
    height=st.integers(2, 200),
    width=st.integers(2, 200),
    row=st.floats(0, 1),
    column=st.floats(0, 1),
    radius=st.floats(1, 40),
)
def test_a_window_lies_in_the_frame_around_the_actor(height, width, row, column, radius):
    found = disc(row * height, column * width, radius, height, width)
    window = find_window(Seen([], None, np.where(found, 0.9, 0.0), found))
    rows, columns = np.nonzero(found)
    extent = 0 if not len(rows) else 1 + max(np.ptp(rows), np.ptp(columns))
    is_small = 0 < extent < SMALL * max(height, width) and extent < min(height, width)
    assert (window is not None) == is_small
    if window is not None:
        assert 0 <= window.top <= height - window.side
        assert 0 <= window.left <= width - window.side
        assert window.of(found).sum() == found.sum()


def test_of_several_regions_the_most_probable_one_counts():
    here, there = disc(40, 60, 8), disc(140, 280, 10)
    probability = np.where(here, 0.95, np.where(there, 0.52, 0.0))
    window = find_window(Seen([], None, probability, here | there))
    assert window.of(here).sum() == here.sum()
    assert not window.of(there).any()


def test_frames_of_several_sizes_are_not_cut():
    small = disc(60, 250, 9)
    frames = [np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.zeros((90, 160, 3), np.uint8)]
    assert find_window(Seen(frames, None, small * 0.9, small)) is None


def test_frames_are_cut_where_the_camera_would_have_seen_them():
    truth = disc(60, 250, 9)
    first = seen(truth, truth)
    (still,) = look_again([first], CLIP, 8, White())
    # The camera had the target frame's picture 40 pixels farther left before, and right after it.
    moves = [np.array([[1, 0, 40 * step], [0, 1, 0], [0, 0, 1]], float) for step in (1, 0, -1)]
    frames = [
        cv2.warpAffine(image, np.linalg.inv(move)[:2], (WIDTH, HEIGHT))
        for image, move in zip(first.frames, moves, strict=True)
    ]
    asked = []

    def watched(clips, numbers):
        asked.append(clips)
        return White()(clips, numbers)

    (moving,) = look_again([first._replace(frames=frames, moves=moves)], CLIP, 8, watched)
    assert (moving == still).all()
    assert (asked[0] == asked[0][:, [1]]).all()
