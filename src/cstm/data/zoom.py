"""A part of a clip seen as the whole: geometric augmentation for training.

Films show actors nearer than photographs do, cut by the picture's border.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int, UInt8
from numpy import ndarray
from numpy.random import Generator

from cstm.data.prepared import Row

_SHARE = 0.8
"""Share of clips of which a part is looked for; not for all one is found."""
_SIDES = (0.35, 0.9)
"""Least and greatest side of the part, as a share of the picture's."""
_LEAST_SEEN = 0.4
"""Share of every actor that the part must show."""
_MOST_FILLED = 0.85
"""Share of the part that an actor may fill."""
_TRIES = 4

_PLACE = re.compile(
    r"\b(?:on|at|in|near) the (?:far )?"
    r"(?:left|right|top|bottom|middle|cent(?:er|re)|corner|front|back|foreground|background)\b"
)
"""Sentences about a place in the picture, which would be another in a part of it."""


@dataclass(frozen=True)
class Zoom:
    """A square part of a square picture, in pixels."""

    left: int
    top: int
    side: int

    @classmethod
    def draw(cls, rng: Generator, rows: Sequence[Row]) -> "Zoom | None":
        """Draw a part in which enough is seen of every actor of a frame; None for the whole.

        Args:
            rng: what decides.
            rows: samples of one frame. Where a sentence speaks of a place in the picture, it stays
                whole.
        """
        actors = [row.mask for row in rows if row.mask.any()]
        if rng.random() >= _SHARE or not actors or any(_PLACE.search(r.sentence) for r in rows):
            return None
        size = actors[0].shape[0]
        first, end = _unpadded(rows[0].clip[0])
        for _ in range(_TRIES):
            side = round(size * float(np.exp(rng.uniform(*np.log(_SIDES)))))
            points = np.argwhere(actors[int(rng.integers(len(actors)))])
            point = points[int(rng.integers(len(points)))]
            corner = point - side / 2 + rng.uniform(-0.3, 0.3, 2) * side
            # Where the picture is large enough, without padding beside it; else with all of it.
            bounds = np.sort([first, end - side], axis=0)
            top, left = np.clip(corner.round(), *bounds).clip(0, size - side).astype(int).tolist()
            part = cls(left, top, side)
            seen = [part._of(mask).sum(dtype=int) for mask in actors]
            if all(
                area >= _LEAST_SEEN * mask.sum(dtype=int) and area <= _MOST_FILLED * side**2
                for area, mask in zip(seen, actors, strict=True)
            ):
                return part
        return None

    def apply(self, row: Row) -> Row:
        """The part of a sample, as large as the whole was."""
        size = row.mask.shape[0]

        def larger(picture: ndarray, how: int) -> ndarray:
            return cv2.resize(np.ascontiguousarray(picture), (size, size), interpolation=how)

        frames = self._of(row.clip).transpose(0, 2, 3, 1)
        clip = np.stack([larger(frame, cv2.INTER_LINEAR) for frame in frames])
        return row._replace(
            clip=clip.transpose(0, 3, 1, 2),
            mask=(larger(255 * self._of(row.mask), cv2.INTER_LINEAR) > 127).astype(np.uint8),
            action=larger(self._of(row.action), cv2.INTER_NEAREST),
            direction=larger(self._of(row.direction), cv2.INTER_NEAREST),
            category=larger(self._of(row.category), cv2.INTER_NEAREST),
        )

    def _of(self, picture: UInt8[ndarray, "*stack size size"]) -> UInt8[ndarray, "*stack _ _"]:
        bottom, right = self.top + self.side, self.left + self.side
        return picture[..., self.top : bottom, self.left : right]


def _unpadded(
    frame: UInt8[ndarray, "3 size size"],
) -> tuple[Int[ndarray, "2"], Int[ndarray, "2"]]:
    """First row and column of the picture inside its padding, which is black, and its end."""
    seen = np.argwhere(frame.any(axis=0))
    if not len(seen):
        return np.array([0, 0]), np.array(frame.shape[1:])
    return seen.min(0), seen.max(0) + 1
