"""Recording what a camera sees: every frame at its own time, nothing lost to a slow network."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from threading import current_thread, main_thread

import cv2

from cstm.inference.film import open_film
from cstm.progress import bar


def record(camera: int | str, path: Path, seconds: int | float | None = None) -> int:
    """Record what a camera sees into an MP4 file; returns the number of frames.

    Every frame has the time at which it came. Recording ends after so many seconds, with Ctrl-C,
    or when nothing comes any more; what has come until then is kept.

    Args:
        camera: whatever OpenCV's VideoCapture takes: a camera's number, a file, an address.
        path: file to write.
        seconds: how long; None: until Ctrl-C.

    Raises:
        ValueError: the camera can't be opened, or gives no picture.
    """
    with _opened(camera) as capture, _interruption() as interrupted, bar() as shown:
        task = shown.add_task("recording, Ctrl-C ends it (seconds)", total=seconds)
        came, image = capture.read()
        if not came:
            raise ValueError(f"camera {camera} gives no picture; is another program using it?")
        # The film needs even sizes.
        height, width = (side // 2 * 2 for side in image.shape[:2])
        frames, now, start = 0, 0.0, time.monotonic()
        with open_film(path, height, width, _rate(capture)) as film:
            while came:
                film.add(cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2RGB), now)
                frames += 1
                came, image = capture.read()
                now = time.monotonic() - start
                shown.update(task, completed=round(now, 1))
                if interrupted() or (seconds is not None and now >= seconds):
                    break
    return frames


@contextmanager
def _opened(camera: int | str) -> Iterator[cv2.VideoCapture]:
    # OpenCV would write a line about every driver that it tries.
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture = cv2.VideoCapture(camera)
    try:
        if not capture.isOpened():
            raise ValueError(
                f"camera {camera} cannot be opened; is it connected, and may this program use it?"
            )
        yield capture
    finally:
        capture.release()
        cv2.utils.logging.setLogLevel(level)


def _rate(capture: cv2.VideoCapture) -> Fraction:
    """Frames a second by the driver's word, or 30 where that makes no sense."""
    announced = capture.get(cv2.CAP_PROP_FPS)
    return Fraction(announced if 5 <= announced <= 1000 else 30)


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Tells whether Ctrl-C has come, which raises nothing inside the block.

    A KeyboardInterrupt might come between a frame's encoding and its writing. Threads other than
    the main one get no signals.
    """
    came: list[int] = []
    if current_thread() is not main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGINT, before)
