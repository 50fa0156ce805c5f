"""Results as files: mask pictures, overlay videos, a picture of all, and ``masks.json``."""

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from cstm.data.video import open_video
from cstm.folder import check_output, whole_folder
from cstm.inference.coco import open_masks_json
from cstm.inference.film import open_film
from cstm.inference.overlay import Overlay, query_colour
from cstm.inference.picture import SummaryPicture
from cstm.inference.progress import frame_progress
from cstm.inference.segmenter import FrameResult, Segmenter

WRITTEN = re.compile(r"masks\.json|picture\.png|\d{2,}|\d{2,}-overlay\.mp4")
"""What a segmentation leaves in its folder."""


def segment_to_folder(
    segmenter: Segmenter,
    video: str | Path,
    queries: Sequence[str],
    out: Path,
    *,
    overwrite: bool = False,
) -> int:
    """Segment a video file into a folder, with a progress bar; returns the number of frames.

    See :func:`write_segmentation` for the files and the errors.
    """
    check_output(out, overwrite, WRITTEN)
    opened = open_video(video)
    results = segmenter.segment(opened, queries)
    with frame_progress(results, opened.announced) as watched:
        return write_segmentation(
            watched,
            opened.path.name,
            opened.fps,
            queries,
            out,
            overwrite=overwrite,
            pixel_aspect=opened.pixel_aspect,
        )


def write_segmentation(
    results: Iterable[FrameResult],
    video: str,
    fps: Fraction,
    queries: Sequence[str],
    out: Path,
    *,
    overwrite: bool = False,
    pixel_aspect: Fraction = Fraction(1),
) -> int:
    """Write every query's masks and overlay, and all in COCO's format; returns the frame count.

    ``out`` then holds, for query 1 and so on, ``01/00000.png`` (0 or 255 at native size),
    ``01-overlay.mp4``, and for all ``picture.png`` (queries × frames) and ``masks.json``::

        {"video", "width", "height", "frames", "fps",
         "queries": [{"text", "segmentations": [RLE, or null if empty], "scores": [float]}]}

    The folder appears when all is written, or not at all.

    Args:
        results: one frame after the other, of one size; not held.
        video: name of the video, for ``masks.json``.
        fps: mean frames per second; the overlays keep each frame's own time.
        queries: the sentences, in the order of the results' masks.
        out: folder to write.
        overwrite: replace the folder if it exists and a segmentation wrote it.
        pixel_aspect: width of the video's pixels ÷ their height.

    Raises:
        ValueError: the folder can't be written, or there are no frames.
    """
    stream = iter(results)
    with whole_folder(out, overwrite, WRITTEN) as folder:
        first = next(stream, None)
        if first is None:
            raise ValueError(f"{video} has no frames; there is nothing to write")
        height, width, _ = first.image.shape
        with ExitStack() as files:
            masks_json = files.enter_context(open_masks_json(folder / "masks.json", queries))
            films = []
            summary = SummaryPicture(queries)
            for number, query in enumerate(queries):
                overlay = Overlay(height, width, [query], [query_colour(number)], pixel_aspect)
                path = folder / f"{number + 1:02d}-overlay.mp4"
                film = open_film(path, overlay.height, overlay.width, fps, pixel_aspect)
                masks = folder / f"{number + 1:02d}"
                masks.mkdir()
                films.append((masks, overlay, files.enter_context(film)))
            for result in chain([first], stream):
                summary.add(result)
                for (masks, overlay, film), mask in zip(films, result.masks, strict=True):
                    _write_png(masks / f"{result.index:05d}.png", mask)
                    film.add(overlay.draw(result.image, mask[None]), result.time)
                masks_json.add(result.masks, result.scores)
            masks_json.finish(video, width, height, float(fps))
            summary.save(folder / "picture.png")
        return masks_json.frames


def _write_png(path: Path, mask: Bool[ndarray, "height width"]) -> None:
    written, picture = cv2.imencode(".png", mask.astype(np.uint8) * 255)
    assert written, "OpenCV writes PNG"
    path.write_bytes(picture.tobytes())
