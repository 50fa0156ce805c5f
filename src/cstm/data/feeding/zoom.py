"""A clip seen from nearer or from farther away: geometric augmentation for training.

Films show actors nearer than photographs do, cut by the picture's border, and much farther away.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int, UInt8
from numpy import ndarray
from numpy.random import Generator

from cstm.data.feeding.rows import Row
from cstm.data.frames.masks import covered

_NEARER = 0.65
"""Share of clips of which a part is looked for; not for all one is found."""
_SIDES = (0.35, 0.9)
"""Least and greatest side of the part, as a share of the picture's."""
_LEAST_SEEN = 0.4
"""Share of every actor that the part must show."""
_MOST_FILLED = 0.85
"""Share of the part that an actor may fill."""
_TRIES = 4

_FARTHER = 0.2
"""Share of clips that are to be shown smaller; not where an actor would be next to nothing."""
_WIDER_SIDES = (1.15, 2.0)
_LEAST_AREA = 6**2
"""Pixels that every actor must keep."""

_PLACE = re.compile(
    r"\b(?:(?<!to )(?<!towards )(?<!toward )the (?:far |upper |lower |top |bottom )?|on |at )"
    r"(?:left|right|top|bottom|middle|cent(?:er|re)|corner|front|back|foreground|background)\b"
    r"|\b(?:left|right|top|bottom|upper|lower)[ -]?most\b",
    re.IGNORECASE,
)
"""Sentences about a place in the picture, which would be another in a part of it; not about a
direction, such as "to the left"."""


@dataclass(frozen=True)
class Zoom:
    """A square window on a square picture, in pixels: a part of it, or black around all of it."""

    left: int
    """Negative where there is black on the left."""
    top: int
    side: int

    @classmethod
    def draw(cls, rng: Generator, rows: Sequence[Row]) -> "Zoom | None":
        """Draw a window in which enough is seen of every actor of a frame; None for the whole.

        Args:
            rng: what decides.
            rows: samples of one frame. Where a sentence speaks of a place in the picture, it stays
                as it is.
        """
        kind = rng.random()
        if kind >= _NEARER + _FARTHER or any(_PLACE.search(row.sentence) for row in rows):
            return None
        # Where all sentences are about nobody, a window is drawn as often: it must be no clue.
        actors = [row.mask for row in rows if row.mask.any()] or [_anywhere(rng, rows[0].mask)]
        if kind < _NEARER:
            # The target frame: others may have black besides, where the camera did not look.
            clip = rows[0].clip
            return cls._nearer(rng, actors, _unpadded(clip[len(clip) // 2]))
        return cls._farther(rng, actors)

    @classmethod
    def _nearer(
        cls, rng: Generator, actors: list[ndarray], bounds: tuple[ndarray, ndarray]
    ) -> "Zoom | None":
        size = actors[0].shape[0]
        first, end = bounds
        for _ in range(_TRIES):
            side = _side(rng, size, _SIDES)
            points = np.argwhere(actors[int(rng.integers(len(actors)))])
            point = points[int(rng.integers(len(points)))]
            corner = point - side / 2 + rng.uniform(-0.3, 0.3, 2) * side
            # Where the picture is large enough, without padding beside it; else with all of it.
            least, most = np.sort([first, end - side], axis=0)
            top, left = np.clip(corner.round(), least, most).clip(0, size - side).astype(int)
            part = cls(int(left), int(top), side)
            seen = [part._of(mask).sum(dtype=int) for mask in actors]
            if all(
                area >= _LEAST_SEEN * mask.sum(dtype=int) and area <= _MOST_FILLED * side**2
                for area, mask in zip(seen, actors, strict=True)
            ):
                return part
        return None

    @classmethod
    def _farther(cls, rng: Generator, actors: list[ndarray]) -> "Zoom | None":
        size = actors[0].shape[0]
        side = _side(rng, size, _WIDER_SIDES)
        top, left = -rng.integers(side - size, size=2, endpoint=True)
        smallest = min(mask.sum(dtype=int) for mask in actors) * (size / side) ** 2
        return cls(int(left), int(top), side) if smallest >= _LEAST_AREA else None

    def apply(self, row: Row) -> Row:
        """What the window shows of a sample, as large as the whole was."""
        size = row.mask.shape[0]
        smooth = cv2.INTER_LINEAR if self.side <= size else cv2.INTER_AREA

        def resized(picture: ndarray, how: int) -> ndarray:
            return cv2.resize(np.ascontiguousarray(picture), (size, size), interpolation=how)

        frames = self._of(row.clip).transpose(0, 2, 3, 1)
        clip = np.stack([resized(frame, smooth) for frame in frames])
        return row._replace(
            clip=clip.transpose(0, 3, 1, 2),
            mask=covered(resized(self._of(row.mask).astype(np.float32), smooth)).astype(np.uint8),
            action=resized(self._of(row.action), cv2.INTER_NEAREST),
            direction=resized(self._of(row.direction), cv2.INTER_NEAREST),
            category=resized(self._of(row.category), cv2.INTER_NEAREST),
        )

    def _of(self, picture: UInt8[ndarray, "*stack size size"]) -> UInt8[ndarray, "*stack _ _"]:
        """The window's pixels, 0 where it reaches beyond the picture."""
        size = picture.shape[-1]
        top, left = max(0, self.top), max(0, self.left)
        bottom, right = min(size, self.top + self.side), min(size, self.left + self.side)
        beyond = (
            (top - self.top, self.top + self.side - bottom),
            (left - self.left, self.left + self.side - right),
        )
        stack = [(0, 0)] * (picture.ndim - 2)
        return np.pad(picture[..., top:bottom, left:right], (*stack, *beyond))


def _anywhere(rng: Generator, like: UInt8[ndarray, "size size"]) -> UInt8[ndarray, "size size"]:
    """Mask of a place as large as an actor."""
    size = like.shape[0]
    high, wide = rng.integers(size // 8, size // 2, size=2)
    top, left = rng.integers(0, (size - high, size - wide), endpoint=True)
    mask = np.zeros_like(like)
    mask[top : top + high, left : left + wide] = 1
    return mask


def _side(rng: Generator, size: int, sides: tuple[float, float]) -> int:
    return round(size * float(np.exp(rng.uniform(*np.log(sides)))))


def _unpadded(
    frame: UInt8[ndarray, "3 size size"],
) -> tuple[Int[ndarray, "2"], Int[ndarray, "2"]]:
    """First row and column of the picture inside its padding, which is black, and its end."""
    seen = np.argwhere(frame.any(axis=0))
    if not len(seen):
        return np.array([0, 0]), np.array(frame.shape[1:])
    return seen.min(0), seen.max(0) + 1
