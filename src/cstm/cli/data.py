"""Commands for datasets: check-data, synthesize."""

import json as json_format
import sys
from pathlib import Path
from typing import Annotated, Literal

from rich.console import Console
from tyro.conf import Positional, arg


def check_data(
    data: Positional[Literal["a2d", "jhmdb", "synthetic", "own"]],
    root: Annotated[Positional[Path], arg(metavar="FOLDER")],
    *,
    workers: int | None = None,
    json: bool = False,
) -> None:
    """Check that a dataset's files are there, open, and are as many as were published.

    Example: cstm check-data a2d A2D

    Example: cstm check-data own FOLDER

    Says what is missing and how to get it, what is broken, and which oddities of the published
    files the readers handle. Every annotation and extracted frame is read, and a video file is
    decoded up to its last annotated frame; of videos of your own it is the first frame, and their
    packets are counted. Of these all faults are listed, each with the annotation that has it. Exit
    code: 0 when all is there and opens, 1 when something is missing or broken, 2 for wrong usage.

    Args:
        data: Format of the dataset; synthetic is what `cstm synthesize` writes, own are videos of
            your own with masks and sentences (docs/own-data.md).
        root: Folder of the dataset.
        workers: Processes; one for each processor if not given.
        json: Print JSON instead of tables.
    """
    from cstm.data.check import PUBLISHED, check
    from cstm.data.check.tables import finding_tables

    found = check(data, root, workers)
    if json:
        print(json_format.dumps(found.as_json(PUBLISHED[data])))
    else:
        Console().print(*finding_tables(found, PUBLISHED[data]), sep="\n")
    if not found.usable:
        sys.exit(1)


def synthesize(
    root: Annotated[Positional[Path], arg(metavar="FOLDER")],
    *,
    clips: int = 2000,
    test_clips: int = 300,
    seed: int = 0,
    size: tuple[int, int] = (320, 240),
    frames: int = 32,
    workers: int | None = None,
) -> None:
    """Draw a small world to train on, in the exact on-disk format of A2D Sentences.

    Example: cstm synthesize world --clips 2400 --test-clips 300

    Args:
        root: Folder to write; it must be new or empty.
        clips: Training clips.
        test_clips: Test clips; their seeds never meet those of training.
        seed: The same seed gives the same files, whatever the number of workers.
        size: Width and height of the clips in pixels.
        frames: Frames of a clip, at 24 a second.
        workers: Processes; one for each processor if not given.
    """
    from cstm.data.synthetic import synthesize as write_world

    write_world(root, clips, test_clips, seed=seed, size=size, frames=frames, workers=workers)
    print(f"{clips} training and {test_clips} test clips written to {root}")
