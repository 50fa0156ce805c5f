"""All masks as one array of NumPy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from cstm.inference.outputs import AddResult, Task
from cstm.inference.result import FrameResult


@contextmanager
def write_array(task: Task) -> Iterator[AddResult]:
    """``masks.npy``: bool, frame × query × height × width, written as the frames come."""
    frames = 0

    def write_header(file: BinaryIO) -> int:
        shape = (frames, len(task.queries), task.height, task.width)
        header = {"descr": "|b1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        return file.tell()

    def add(result: FrameResult) -> None:
        nonlocal frames
        file.write(np.ascontiguousarray(result.masks).data)
        frames += 1

    with (task.folder / "masks.npy").open("wb") as file:
        begin = write_header(file)
        yield add
        # NumPy pads its header so that the first axis may grow in place.
        file.seek(0)
        assert write_header(file) == begin, "the header has kept its length"
