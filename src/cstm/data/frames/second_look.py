"""A second look at small actors, of whom a network's input shows less than the camera saw."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from torch import Tensor

from cstm.config import ClipConfig
from cstm.data.frames.camera_motion import Matrix, moved
from cstm.data.frames.transforms import resize_pad

SMALL = 0.3
"""Side of an actor, in sides of its frame, below which it is looked at again."""
_AROUND = 3.0
"""Side of what is looked at then, in sides of the actor, if the frame has so much."""
_LEAST = 32
"""Pixels of that side at least: of fewer nothing can be told."""
_CONFIRMED = 0.5
"""Share of the first mask that the second has to cover, or it is another's."""
_WEIGHT = 0.6
"""Of the second look in that mean; the first has the rest."""

Answer = Callable[
    [UInt8[ndarray, "clip time 3 size size"], list[int]], Float[Tensor, "clip size size"]
]


class Seen(NamedTuple):
    """What a first look gave."""

    frames: Sequence[UInt8[ndarray, "height width 3"]]
    """The clip at its native size."""
    moves: Sequence[Matrix] | None
    """Of each frame, what takes the camera's motion out of it; None where that is kept."""
    probability: Float[ndarray, "height width"]
    mask: Bool[ndarray, "height width"]
    """Empty where nobody is."""


class Window(NamedTuple):
    """A square of a native frame."""

    top: int
    left: int
    side: int

    def of(self, image: ndarray) -> ndarray:
        """Its part of a picture, as a view."""
        return image[self.top : self.top + self.side, self.left : self.left + self.side]


def look_again(
    first: Sequence[Seen], clip: ClipConfig, batch: int, answer: Answer
) -> list[Float[ndarray, "height width"]]:
    """Probabilities after a second look at those who are small; else those of the first.

    A square around the most probable region goes through the network as a frame of its own would.
    If the second mask confirms the first, probabilities inside the square are a mean of both.

    Args:
        first: what was seen, all the same network's.
        clip: its input.
        batch: how many clips go through it at once.
        answer: gives probabilities for clips, and the places in ``first`` that they come from.
    """
    probabilities = [seen.probability for seen in first]
    windows = {number: find_window(seen) for number, seen in enumerate(first)}
    wanted = [(number, window) for number, window in windows.items() if window is not None]
    for start in range(0, len(wanted), batch):
        some = wanted[start : start + batch]
        clips = np.stack([_cut(first[number], window, clip) for number, window in some])
        squares = answer(clips, [number for number, _ in some])
        for (number, window), square in zip(some, squares, strict=True):
            before = probabilities[number]
            back = resize_pad(window.of(before), clip).invert(square[None])
            probabilities[number] = _settle(before, window, back[0].cpu().numpy())
    return probabilities


def find_window(seen: Seen) -> Window | None:
    """Where to look again: around the most probable region, if that is small; else None.

    A square that the frame's shorter side cuts must still hold more than the actor. Frames of
    several sizes are no clip to cut a window from.
    """
    count, labels, regions, _ = cv2.connectedComponentsWithStats(seen.mask.astype(np.uint8))
    if count == 1 or len({image.shape for image in seen.frames}) > 1:
        return None
    weights = np.bincount(labels.ravel(), seen.probability.ravel())
    left, top, width, height, _ = map(int, regions[1 + weights[1:].argmax()])
    rows, columns = seen.mask.shape
    actor = max(height, width)
    if actor >= SMALL * max(rows, columns):
        return None
    side = min(max(round(_AROUND * actor), _LEAST), rows, columns)
    if side <= actor:
        return None
    return Window(
        _begin(top + height / 2, side, rows), _begin(left + width / 2, side, columns), side
    )


def _begin(middle: float, length: int, whole: int) -> int:
    """Where a part of a whole begins whose middle is there, or as near as it fits."""
    return min(max(0, round(middle - length / 2)), whole - length)


def _cut(seen: Seen, window: Window, clip: ClipConfig) -> UInt8[ndarray, "time 3 size size"]:
    if seen.moves is None:
        frames = np.stack([window.of(image) for image in seen.frames])
    else:
        shift = np.array([[1, 0, -window.left], [0, 1, -window.top], [0, 0, 1]])
        frames = np.stack(
            [
                moved(image, shift @ move, window.side, window.side)
                for image, move in zip(seen.frames, seen.moves, strict=True)
            ]
        )
    return resize_pad(frames[0], clip).apply(frames).numpy()


def _settle(
    first: Float[ndarray, "height width"], window: Window, second: Float[ndarray, "side side"]
) -> Float[ndarray, "height width"]:
    before = window.of(first)
    if ((before > 0.5) & (second > 0.5)).sum() < _CONFIRMED * (before > 0.5).sum():
        return first
    both = first.copy()
    window.of(both)[:] = (1 - _WEIGHT) * before + _WEIGHT * second
    return both
