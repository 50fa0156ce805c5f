"""Some of a video's frames: those that are asked for, and those around them."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import Literal, Protocol, TypeVar, get_args, runtime_checkable

from cstm.bounds import one_of

Unit = Literal["frames", "seconds"]
_ROUNDING = 1e-6
"""Seconds by which a frame's time may be off: far less than a tick of any container's clock."""
_MOST = 10**12
"""Frames, or seconds, that no video has."""


@runtime_checkable
class Timed(Protocol):
    """What a range asks of a frame."""

    @property
    def index(self) -> int:
        """Number of the frame, counted from 0."""
        ...

    @property
    def time(self) -> float:
        """Seconds since the first frame."""
        ...


AnyFrame = TypeVar("AnyFrame", bound=Timed)


@dataclass(frozen=True)
class FrameRange:
    """Every nth frame of those from ``start`` on and before ``stop``, as in a slice of Python.

    Raises:
        ValueError: an end is negative or not before the other one, frames are not counted in
            whole numbers, ``every`` is below 1, or there is no such unit.
    """

    start: int | float = 0
    stop: int | float | None = None
    """None: up to the video's end."""
    every: int = 1
    """Which frames of the range: 1 takes all, 5 the first, the sixth, and so on."""
    unit: Unit = "frames"
    """What ``start`` and ``stop`` count: frames from 0, or seconds since the first frame."""

    def __post_init__(self) -> None:
        one_of(get_args(Unit), unit=self.unit)
        for name in ("start", "stop", "every"):
            if isinstance(number := getattr(self, name), Integral):
                # NumPy's whole numbers are none of Python's.
                object.__setattr__(self, name, int(number))
        ends = [end for end in (self.start, self.stop) if end is not None]
        if not all(0 <= end <= _MOST for end in ends):
            raise ValueError(f"{self}: both are counted from the video's start, from 0 on")
        if self.unit == "frames" and not all(isinstance(end, int) for end in ends):
            raise ValueError(f"{self}: frames are counted in whole numbers")
        if self.stop is not None and self.stop <= self.start:
            raise ValueError(f"{self}: nothing lies between; the second should be the larger")
        if self.every < 1 or not isinstance(self.every, int):
            raise ValueError(f"every should be at least 1 and whole, got {self.every}")

    def __str__(self) -> str:
        return f"{self.unit} {self.start} to {'the end' if self.stop is None else self.stop}"

    @property
    def seconds(self) -> int | float | None:
        """Seconds of the video after which nothing of the range can come; None if unknown."""
        return self.stop if self.unit == "seconds" else None

    def count(self, frames: int | None, fps: Fraction) -> int | None:
        """How many frames to expect of a video of so many, evenly spaced; None if unknown."""
        rate = 1 if self.unit == "frames" else fps
        first = math.ceil((self.start - _ROUNDING) * rate)
        stop = None if self.stop is None else math.ceil((self.stop - _ROUNDING) * rate)
        ends = [end for end in (stop, frames) if end is not None]
        return len(range(first, min(ends), self.every)) if ends else None

    def around(
        self, frames: Iterable[AnyFrame], behind: int, ahead: int
    ) -> Iterator[tuple[AnyFrame, bool]]:
        """The frames of the range, and up to ``behind`` before and ``ahead`` after each of them.

        With every frame comes whether it is of the range. Few are held, and none is taken after
        the one that shows that all are there.

        Raises:
            ValueError: there are frames, and none of the range; raised at the end.
        """
        passed: deque[AnyFrame] = deque(maxlen=behind)
        first = newest = frame = None
        stop, end = self.stop, "the video ends with"
        for frame in frames:
            place = frame.index if self.unit == "frames" else frame.time + _ROUNDING
            over = stop is not None and place >= stop
            if first is None and place >= self.start and not over:
                first = frame.index
                if isinstance(stop, int) and self.unit == "frames":
                    # After the last one of the range comes nothing that is needed.
                    stop = range(first, stop, self.every)[-1] + 1
            if first is not None and not over and (frame.index - first) % self.every == 0:
                newest = frame.index
                while passed:
                    yield passed.popleft(), False
                yield frame, True
            elif newest is not None and frame.index <= newest + ahead:
                yield frame, False
            elif over:
                end = "the first one after is"
                break
            else:
                passed.append(frame)
        if newest is None and frame is not None:
            raise ValueError(
                f"nothing lies in {self}: {end} frame {frame.index}, at {frame.time:.2f} seconds"
            )


ALL = FrameRange()
"""Every frame."""


def parse_range(frames: str | None, every: int, start: str | None, end: str | None) -> FrameRange:
    """Read a range as people write it: frames as ``100:200``, or ends as ``83.5`` or ``1:23.5``.

    Either side of the colon may be empty; a number without a colon is a single frame.

    Raises:
        ValueError: frames and seconds at once, or neither can be read; and see FrameRange.
    """
    if frames is not None and (start is not None or end is not None):
        raise ValueError("--frames counts frames, --start and --end seconds; give one or the other")
    if frames is not None:
        return FrameRange(*_frame_numbers(frames), every)
    if start is None and end is None:
        return FrameRange(every=every)
    return FrameRange(
        0 if start is None else _seconds(start),
        None if end is None else _seconds(end),
        every,
        "seconds",
    )


def _frame_numbers(text: str) -> tuple[int, int | None]:
    first, colon, stop = text.partition(":")
    try:
        start = int(first) if first or not colon else 0
        return start, int(stop) if stop else None if colon else start + 1
    except ValueError:
        raise ValueError(
            f"--frames {text}: expected numbers of frames such as 100:200, 100: or :200"
        ) from None


def _seconds(text: str) -> float:
    """Read ``83.5``, ``1:23.5`` or ``0:01:23.5``."""
    try:
        parts = [float(part) for part in text.split(":")]
        # With four parts editors count frames last.
        if len(parts) > 3 or "-" in text:
            raise ValueError
    except ValueError:
        raise ValueError(f"{text}: expected a time such as 83.5 (seconds) or 1:23.5") from None
    return sum(part * 60**place for place, part in enumerate(reversed(parts)))
