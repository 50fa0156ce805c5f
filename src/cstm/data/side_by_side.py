"""Work that processes share, one job after the other."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import cv2

Result = TypeVar("Result")


def side_by_side(
    work: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: int | None, chunk: int
) -> Iterator[Result]:
    """Yield ``work(*job)`` for every job, in their order.

    Args:
        work: goes to the other processes, so it is no function inside a function.
        jobs: arguments of one call each.
        workers: processes, at least 1; None for one for each processor. Where one is enough for
            all, it is this one.
        chunk: jobs that a process takes at once.
    """
    workers = min(workers or os.cpu_count() or 1, math.ceil(len(jobs) / chunk))
    if workers <= 1:
        yield from (work(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        yield from pool.map(work, *zip(*jobs, strict=True), chunksize=chunk)
