"""Items read side by side in other processes, in order."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import cv2
from torch.utils.data import DataLoader, Dataset

Item = TypeVar("Item")


class _Guarded(Dataset[object]):
    """Gives a ValueError back instead of raising it: a loader would wrap it in its traceback."""

    def __init__(self, read: Callable[[int], object], count: int) -> None:
        self.read, self.count = read, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> object:
        try:
            return self.read(index)
        except ValueError as error:
            return error


def read_ahead(read: Callable[[int], Item], count: int, workers: int) -> Iterator[Item]:
    """Yield ``read(0)``, ``read(1)``, … up to a count; with 0 workers, read in this process.

    ``read`` goes to the other processes, so it is no function inside a function.

    Raises:
        ValueError: reading an item raised it, or a process was killed.
    """
    loader = DataLoader(
        _Guarded(read, count),
        batch_size=None,
        num_workers=workers,
        collate_fn=_same,
    )
    # Each process gets one thread of OpenCV, or they would get in each other's way. It is set
    # before they fork: a fork would wait for its parent's threads, which it doesn't have.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    items = iter(loader)
    cv2.setNumThreads(threads)
    try:
        for item in items:
            if isinstance(item, ValueError):
                raise item
            yield item
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise ValueError(
            "a process that reads data was killed, as happens where memory is full, or /dev/shm, "
            "of which containers have little (docker run --shm-size 2g); fewer --workers take less"
        ) from error


def _same(item: object) -> object:
    return item
