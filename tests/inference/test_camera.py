"""OpenCV takes a file as it takes a camera, so a file stands for one."""

import os
import signal
import threading
import time
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from cstm.data.frames.video import open_video
from cstm.inference.camera import record
from cstm.inference.film import Film, open_film

MANY = 1500
"""Frames that take over a second to record."""


def write_film(path, count, height=48, width=64):
    """Blue fields, the left half brighter from frame to frame."""
    with open_film(path, height, width, Fraction(25)) as film:
        for index in range(count):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[..., 2] = 200
            picture[:, : width // 2, 1] = 8 * index % 256
            film.add(picture, index / 25)
    return path


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("camera") / "long.mp4", MANY)


def test_every_frame_is_recorded_at_the_time_it_came(tmp_path):
    camera = write_film(tmp_path / "camera.mp4", 24)
    start = time.monotonic()
    assert record(str(camera), tmp_path / "out.mp4") == 24
    passed = time.monotonic() - start
    video = open_video(tmp_path / "out.mp4")
    frames = list(video.frames())
    for frame, original in zip(frames, open_video(camera).frames(), strict=True):
        assert np.abs(frame.image.astype(int) - original.image).mean() < 4
    times = [frame.time for frame in frames]
    assert times[0] == 0
    assert all(a < b for a, b in pairwise(times))
    assert times[-1] < passed
    # The last one stays for as long as 25 frames a second, which the file announces, would have it.
    assert float(video.fps) == pytest.approx(24 / (times[-1] + 1 / 25), rel=0.4)


def test_recording_ends_after_the_seconds_asked_for(tmp_path, long_film):
    count = record(str(long_film), tmp_path / "out.mp4", seconds=0.2)
    assert 1 < count < MANY
    *_, last = open_video(tmp_path / "out.mp4").frames()
    assert last.index == count - 1
    # A film's times are rounded to its ticks, so that 0.19999 may be 0.2.
    assert last.time <= 0.2


def test_ctrl_c_ends_the_recording_and_loses_nothing(tmp_path, long_film, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    add, added = Film.add, []

    def add_and_press(film, *frame):
        add(film, *frame)
        added.append(frame)
        if len(added) == 20:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Film, "add", add_and_press)
    count = record(str(long_film), tmp_path / "out.mp4")
    assert 20 <= count < MANY
    assert sum(1 for _ in open_video(tmp_path / "out.mp4").frames()) == count
    assert signal.getsignal(signal.SIGINT) is before


def test_threads_that_get_no_signals_record_as_well(tmp_path):
    camera = write_film(tmp_path / "camera.mp4", 5)
    counts = []
    thread = threading.Thread(
        target=lambda: counts.append(record(str(camera), tmp_path / "out.mp4"))
    )
    thread.start()
    thread.join()
    assert counts == [5]


@pytest.mark.parametrize("camera", [99, "nothing.mp4"])
def test_no_camera_is_one_line(tmp_path, capfd, camera):
    with pytest.raises(ValueError, match=f"camera {camera} cannot be opened") as caught:
        record(camera, tmp_path / "out.mp4")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
