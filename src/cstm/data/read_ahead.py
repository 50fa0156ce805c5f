"""Items read or drawn side by side in other processes, in order."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import cv2
from torch.utils.data import DataLoader, Dataset

Item = TypeVar("Item")


class _Guarded(Dataset[object]):
    """Gives what files do to a reader back as an item: a loader would wrap it in a traceback."""

    def __init__(self, read: Callable[[int], object], count: int) -> None:
        self.read, self.count = read, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> object:
        try:
            return self.read(index)
        except (ValueError, OSError) as error:
            return error


def read_ahead(read: Callable[[int], Item], count: int, workers: int | None) -> Iterator[Item]:
    """Yield ``read(0)``, ``read(1)``, … up to a count.

    Args:
        read: goes to the other processes, so it is no function inside a function.
        count: how many items there are.
        workers: processes; 0 reads in this one, None takes one for each processor.

    Raises:
        ValueError: reading an item raised it, or a process was killed.
        OSError: reading an item raised it.
    """
    loader = DataLoader(
        _Guarded(read, count),
        batch_size=None,
        num_workers=min(count, os.cpu_count() or 1) if workers is None else workers,
        collate_fn=_same,
        worker_init_fn=_end_with_parent,
    )
    # Each process gets one thread of OpenCV, or they would get in each other's way. It is set
    # before they fork: a fork would wait for its parent's threads, which it doesn't have.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    items = iter(loader)
    cv2.setNumThreads(threads)
    try:
        for item in items:
            if isinstance(item, (ValueError, OSError)):
                raise item
            yield item
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise ValueError(
            "a process that reads or draws data was killed, as happens where memory is full, or "
            "/dev/shm, of which containers have little (docker run --shm-size 2g); fewer "
            "--workers take less"
        ) from error


def _same(item: object) -> object:
    return item


def _end_with_parent(_: int) -> None:
    """Have this process end when its parent was killed: a full pipe would keep it for ever.

    Torch looks only while it waits for the next item. However this process was started, its parent
    is the one that wants the items, and not a server that forks.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None, "a reader was started by another process"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
