"""A film of each query: its mask drawn on the video, or what it shows cut out."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from numpy import ndarray

from cstm.inference.film import TRANSPARENT, open_film
from cstm.inference.outputs import AddResult, Task
from cstm.inference.overlay import Overlay, query_colour
from cstm.inference.result import FrameResult

_EDGE = np.ones((17, 17), np.uint8)
"""Around a cut-out the picture is kept for 8 pixels: films mix the colours of neighbours."""


@contextmanager
def write_overlays(task: Task) -> Iterator[AddResult]:
    """``01-overlay.mp4`` for query 1, and so on (:class:`~cstm.inference.overlay.Overlay`)."""
    with ExitStack() as files:
        films = [
            files.enter_context(
                _open_overlay(task, task.path_of_query(number, "-overlay.mp4"), [number])
            )
            for number in range(len(task.queries))
        ]

        def add(result: FrameResult) -> None:
            for film in films:
                film(result)

        yield add


@contextmanager
def write_together(task: Task) -> Iterator[AddResult]:
    """``overlay.mp4``: all queries in one film, each in its colour."""
    with _open_overlay(task, task.folder / "overlay.mp4", range(len(task.queries))) as add:
        yield add


@contextmanager
def _open_overlay(task: Task, path: Path, queries: Sequence[int]) -> Iterator[AddResult]:
    sentences, colours = [task.queries[q] for q in queries], [query_colour(q) for q in queries]
    overlay = Overlay(task.height, task.width, sentences, colours, task.pixel_aspect)
    size = overlay.height, overlay.width
    with open_film(path, *size, task.fps / task.every, task.pixel_aspect) as film:

        def add(result: FrameResult) -> None:
            drawn = overlay.draw(result.image, result.masks[list(queries)])
            film.add(drawn, result.time - task.start)

        yield add


@contextmanager
def write_cutouts(task: Task) -> Iterator[AddResult]:
    """``01-cutout.webm`` for query 1, and so on: what the mask shows, all else transparent.

    Pixels are square, for PyAV can't tell a WebM that they are not.
    """
    shown = max(1, round(task.width * task.pixel_aspect))
    with ExitStack() as files:
        films = [
            files.enter_context(
                open_film(
                    task.path_of_query(number, "-cutout.webm"),
                    task.height,
                    shown,
                    task.fps / task.every,
                    encoding=TRANSPARENT,
                )
            )
            for number in range(len(task.queries))
        ]

        def add(result: FrameResult) -> None:
            for film, mask in zip(films, result.masks, strict=True):
                picture = cut_out(result.image, mask)
                if shown != task.width:
                    picture = cv2.resize(picture, (shown, task.height))
                film.add(picture, result.time - task.start)

        yield add


def cut_out(
    image: UInt8[ndarray, "height width 3"], mask: Bool[ndarray, "height width"]
) -> UInt8[ndarray, "height width 4"]:
    """The picture opaque where the mask is, and else transparent and, but for a rim, black."""
    opaque = mask.astype(np.uint8)
    return np.dstack([image * cv2.dilate(opaque, _EDGE)[..., None], 255 * opaque])
