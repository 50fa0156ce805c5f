"""Results as files: a folder that appears whole or not at all, with what was asked for."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path

from cstm.config import USUAL_OUTPUTS, Output
from cstm.data.frames.frame_range import ALL, FrameRange
from cstm.folder import check_output, whole_folder
from cstm.inference.outputs import AddResult, Task, Writer
from cstm.inference.outputs.array import write_array
from cstm.inference.outputs.documents import write_coco, write_masks_json
from cstm.inference.outputs.films import write_cutouts, write_overlays, write_together
from cstm.inference.outputs.pictures import write_indexed, write_masks, write_picture
from cstm.inference.progress import frame_progress
from cstm.inference.queries import check_queries
from cstm.inference.result import FrameResult
from cstm.inference.segmenter import Segmenter
from cstm.inference.source import open_source

WRITERS: dict[Output, Writer] = {
    "masks": write_masks,
    "overlay": write_overlays,
    "together": write_together,
    "picture": write_picture,
    "json": write_masks_json,
    "indexed": write_indexed,
    "cutout": write_cutouts,
    "numpy": write_array,
    "coco": write_coco,
}

WRITTEN = re.compile(
    r"(\d{2,}|indexed)/\d{5,}\.png|(\d{2,}-)?overlay\.mp4|\d{2,}-cutout\.webm|"
    r"picture\.png|masks\.(json|npy)|coco\.json"
)
"""The files that a segmentation leaves in its folder."""


def segment_to_folder(
    segmenter: Segmenter,
    video: str | Path,
    queries: Sequence[str],
    out: Path,
    *,
    save: Sequence[Output] = USUAL_OUTPUTS,
    frames: FrameRange = ALL,
    overwrite: bool = False,
) -> int:
    """Segment a video into a folder, with a progress bar; returns the number of frames.

    See :func:`~cstm.inference.source.open_source` for what a video may be, and
    :func:`write_segmentation` for the files and the errors.
    """
    check_output(out, overwrite, WRITTEN)
    if out.exists() and Path(video).resolve().is_relative_to(out.resolve()):
        raise ValueError(f"{video} lies in {out}, which would be replaced; choose another folder")
    _check_kinds(save)
    check_queries(queries, segmenter.vocabulary)
    opened = open_source(video, frames.seconds)
    results = segmenter.segment(opened, queries, frames=frames)
    with frame_progress(results, frames.count(opened.announced, opened.fps)) as watched:
        return write_segmentation(
            watched,
            opened.name,
            opened.fps,
            queries,
            out,
            save=save,
            every=frames.every,
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
    save: Sequence[Output] = USUAL_OUTPUTS,
    every: int = 1,
    overwrite: bool = False,
    pixel_aspect: Fraction = Fraction(1),
) -> int:
    """Write what is asked for, as :data:`WRITERS` do it; returns the frame count.

    The folder appears when all is written, or not at all.

    Args:
        results: one frame after the other, of one size; not held.
        video: name of the video, for the files that tell it.
        fps: mean frames per second of the video; films keep each frame's own time.
        queries: the sentences, in the order of the results' masks.
        out: folder to write.
        save: kinds of output.
        every: how many frames of the video from one result to the next.
        overwrite: replace the folder if it exists and a segmentation wrote it.
        pixel_aspect: width of the video's pixels ÷ their height.

    Raises:
        ValueError: the folder can't be written, a kind is unknown or there is none, or there are no
            frames, or frames of several sizes.
    """
    _check_kinds(save)
    stream = iter(results)
    with whole_folder(out, overwrite, WRITTEN) as folder:
        first = next(stream, None)
        if first is None:
            raise ValueError(f"{video} has no frames; there is nothing to write")
        height, width, _ = first.image.shape
        start = first.time
        task = Task(folder, video, tuple(queries), height, width, fps, every, start, pixel_aspect)
        count = 0
        with open_writers(task, save) as add:
            for result in chain([first], stream):
                add(result)
                count += 1
        return count


@contextmanager
def open_writers(task: Task, save: Sequence[Output]) -> Iterator[AddResult]:
    """All the writers asked for as one: what it gives takes one frame's result after the other.

    Raises:
        ValueError: a kind of output is unknown, or there is none.
    """
    _check_kinds(save)
    with ExitStack() as files:
        writers = [files.enter_context(WRITERS[kind](task)) for kind in dict.fromkeys(save)]

        def add(result: FrameResult) -> None:
            height, width, _ = result.image.shape
            if (height, width) != (task.height, task.width):
                raise ValueError(
                    f"frame {result.index} has {width}×{height} pixels and the first one "
                    f"{task.width}×{task.height}; write frames of one size to one folder"
                )
            for write in writers:
                write(result)

        yield add


def _check_kinds(save: Sequence[str]) -> None:
    unknown = [kind for kind in save if kind not in WRITERS]
    if unknown or not save:
        wrong = f"no output is called {unknown[0]!r}" if unknown else "nothing to save"
        raise ValueError(f"{wrong}; choose among {', '.join(WRITERS)}")
