"""What was read last, for whoever asks for the same again."""

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Newest(Generic[Key, Value]):
    """Keeps one value: sentences about one frame follow each other, and share its clip.

    Threads may share it: each gets what it asks for, be it read twice.
    """

    def __init__(self) -> None:
        self._kept: tuple[Key, Value] | None = None

    def get(self, key: Key, read: Callable[[], Value]) -> Value:
        """The value of a key, read unless it is the one kept."""
        kept = self._kept
        if kept is None or kept[0] != key:
            self._kept = kept = key, read()
        return kept[1]
