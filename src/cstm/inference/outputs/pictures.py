"""Masks as PNGs, of each query alone or of all in one, and some frames at a glance."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from PIL import Image

from cstm.inference.outputs import AddResult, Task
from cstm.inference.picture import SummaryPicture
from cstm.inference.result import FrameResult


@contextmanager
def write_masks(task: Task) -> Iterator[AddResult]:
    """``01/00000.png`` for query 1 and frame 0, and so on: 0 or 255 at native size."""
    folders = [task.path_of_query(number) for number in range(len(task.queries))]
    for folder in folders:
        folder.mkdir()

    def add(result: FrameResult) -> None:
        for folder, mask in zip(folders, result.masks, strict=True):
            written, picture = cv2.imencode(".png", mask.astype(np.uint8) * 255)
            assert written, "OpenCV writes PNG"
            (folder / f"{result.index:05d}.png").write_bytes(picture.tobytes())

    yield add


@contextmanager
def write_indexed(task: Task) -> Iterator[AddResult]:
    """``indexed/00000.png`` for frame 0, and so on, as DAVIS has it: see :func:`number_pixels`.

    Raises:
        ValueError: there are more queries than a PNG has colours.
    """
    if len(task.queries) > 255:
        raise ValueError(f"indexed pictures hold 255 queries at most, got {len(task.queries)}")
    folder = task.folder / "indexed"
    folder.mkdir()
    palette = davis_palette().tobytes()

    def add(result: FrameResult) -> None:
        picture = Image.fromarray(number_pixels(result.masks, result.scores))
        picture.putpalette(palette)
        picture.save(folder / f"{result.index:05d}.png")

    yield add


def number_pixels(
    masks: Bool[ndarray, "query height width"], scores: Float[ndarray, " query"]
) -> UInt8[ndarray, "height width"]:
    """The query that every pixel belongs to, counted from 1, or 0 for none.

    Where masks overlap the higher score wins, and of two that are equal the first query.
    """
    numbers = np.zeros(masks.shape[1:], np.uint8)
    worst_first = np.argsort(-scores, kind="stable")[::-1]
    for number in worst_first:
        numbers[masks[number]] = number + 1
    return numbers


def davis_palette() -> UInt8[ndarray, "256 3"]:
    """The colours in which DAVIS, and before it PASCAL VOC, show objects 0 to 255.

    Bits 0, 3, 6 of a number are the highest bits of red, bits 1, 4, 7 those of green, and bits 2
    and 5 those of blue.
    """
    number, bit = np.mgrid[:256, :3]
    channels = [((number >> 3 * bit + channel & 1) << 7 - bit).sum(1) for channel in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8)


@contextmanager
def write_picture(task: Task) -> Iterator[AddResult]:
    """``picture.png``: some frames (:class:`~cstm.inference.picture.SummaryPicture`)."""
    summary = SummaryPicture(task.queries, pixel_aspect=task.pixel_aspect)
    yield summary.add
    summary.save(task.folder / "picture.png")
