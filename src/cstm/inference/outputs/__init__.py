"""The kinds of files that a segmentation is written to, each by a small writer of its own.

A writer is a context manager: it is told the :class:`Task`, gives a function that takes one frame's
result after the other, and finishes its files when the block ends without an exception. None holds
more than a frame or so.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from cstm.inference.result import FrameResult

AddResult = Callable[[FrameResult], None]


@dataclass(frozen=True)
class Task:
    """What writers are told before the first frame."""

    folder: Path
    """Where to write; new and empty, and shared by all writers."""
    video: str
    """Name of the video."""
    queries: tuple[str, ...]
    """The sentences, in the order of the results' masks."""
    height: int
    """Of every frame, in pixels."""
    width: int
    fps: Fraction
    """Mean frames per second of the video."""
    every: int
    """How many frames of the video from one result to the next."""
    start: float
    """Seconds into the video of the first result."""
    pixel_aspect: Fraction
    """Width of a pixel ÷ its height as shown."""

    def path_of_query(self, number: int, suffix: str = "") -> Path:
        """Path of a file or folder for query ``number``, counted from 0: ``01SUFFIX``."""
        return self.folder / f"{number + 1:02d}{suffix}"


Writer = Callable[[Task], AbstractContextManager[AddResult]]
