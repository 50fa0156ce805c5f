"""A segmentation at a glance, ``picture.png``: frames × queries, each a row under its sentence."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from numpy import ndarray
from PIL import Image

from cstm.data.frames.masks import covered
from cstm.inference.caption import Colour, caption, line_height, set_lines, text_width
from cstm.inference.overlay import draw_mask, query_colour
from cstm.inference.result import FrameResult

_PAPER: Colour = (255, 255, 255)
_INK: Colour = (28, 30, 36)
_GREY: Colour = (128, 132, 140)
_GAP = 6
_MARGIN = 36
_SIZE = 27.0
"""Pixels of type; the picture is made to be shown at half its size."""


_KEPT = 4
"""While nobody knows how long the video is, so many times the columns shown are kept at most."""
_MOST_HIGH = 4
"""A frame that is higher than so many times its width is shown lower."""


class _Column(NamedTuple):
    """One frame, once for every query."""

    time: float
    cells: UInt8[ndarray, "query height width 3"]


class SummaryPicture:
    """Gathers evenly spaced frames from a stream of results and sets them out as one picture.

    The stream may be of any length: some frames are kept, reduced to the size in which they will
    be shown, and when there are too many every other one is dropped.

    Args:
        queries: the sentences, in the order of the results' masks.
        columns: how many frames to show.
        width: of the picture in pixels.
        pixel_aspect: width of the video's pixels ÷ their height; those of the picture are square.
    """

    def __init__(
        self,
        queries: Sequence[str],
        columns: int = 6,
        width: int = 1600,
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        self._queries = list(queries)
        self._shown = columns
        self._width = width
        self._pixel_aspect = pixel_aspect
        self._cell = (width - 2 * _MARGIN - (columns - 1) * _GAP) // columns
        self._kept: list[_Column] = []
        self._seen = 0
        self._stride = 1

    def add(self, result: FrameResult) -> None:
        """Take the next frame in, or pass it over."""
        if self._seen % self._stride == 0:
            self._kept.append(_Column(result.time, self._draw(result)))
        self._seen += 1
        if len(self._kept) > _KEPT * self._shown:
            self._kept = self._kept[::2]
            self._stride *= 2

    @property
    def columns(self) -> list[_Column]:
        """Those to show, as things are: the middle of each of as many equal parts of the video.

        First and last frames are often empty.
        """
        count = min(self._shown, len(self._kept))
        return [self._kept[int((i + 0.5) * len(self._kept) / count)] for i in range(count)]

    def render(self) -> UInt8[ndarray, "height width 3"]:
        """The picture; columns that no frame came for stay white."""
        columns = self.columns
        if not columns:
            raise ValueError("no frames to show; add() some first")
        inner = self._width - 2 * _MARGIN
        space = np.full((_MARGIN // 2, self._width, 3), _PAPER, np.uint8)
        rows = [space]
        for number, query in enumerate(self._queries):
            words = caption(query, inner, _SIZE, query_colour(number), ink=_INK, paper=_PAPER)
            rows += [_indented(words, self._width)]
            rows += [self._strip([column.cells[number] for column in columns]), space]
        return np.concatenate([*rows[:-1], space[:_GAP], self._times(columns), space])

    def save(self, path: Path) -> None:
        """Write the picture in the format of the path's suffix."""
        Image.fromarray(self.render()).save(path)

    def _draw(self, result: FrameResult) -> UInt8[ndarray, "query height width 3"]:
        """The frame with each query's mask; outlines are drawn last, at the size shown."""
        height, width = result.image.shape[:2]
        high = round(height * self._cell / (width * self._pixel_aspect))
        shown = (self._cell, min(max(1, high), _MOST_HIGH * self._cell))
        interpolation = cv2.INTER_AREA if self._cell < width else cv2.INTER_CUBIC
        image = cv2.resize(result.image, shown, interpolation=interpolation)
        return np.stack(
            [
                draw_mask(image, _resized(mask, shown), query_colour(number))
                for number, mask in enumerate(result.masks)
            ]
        )

    def _times(self, columns: Sequence[_Column]) -> UInt8[ndarray, "height width 3"]:
        size = 0.7 * _SIZE
        labels = []
        for column in columns:
            text = f"{column.time:.1f} s"
            label = np.full((line_height(size), self._cell, 3), _PAPER, np.uint8)
            line = set_lines([text], int(text_width(text, size)) + 2, size, ink=_GREY, paper=_PAPER)
            label[: len(line), : line.shape[1]] = line[: len(label), : self._cell]
            labels.append(label)
        return self._strip(labels)

    def _strip(
        self, cells: list[UInt8[ndarray, "height cell 3"]]
    ) -> UInt8[ndarray, "height width 3"]:
        """Cells side by side with thin gaps."""
        strip = np.full((len(cells[0]), self._width, 3), _PAPER, np.uint8)
        for number, cell in enumerate(cells):
            left = _MARGIN + number * (self._cell + _GAP)
            strip[:, left : left + self._cell] = cell
        return strip


def _resized(mask: Bool[ndarray, "height width"], shown: tuple[int, int]) -> Bool[ndarray, "h w"]:
    smaller = shown[0] < mask.shape[1]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return covered(cv2.resize(mask.astype(np.float32), shown, interpolation=interpolation))


def _indented(
    row: UInt8[ndarray, "height inner 3"], width: int
) -> UInt8[ndarray, "height width 3"]:
    right = width - _MARGIN - row.shape[1]
    return np.pad(row, ((0, 0), (_MARGIN, right), (0, 0)), constant_values=255)
