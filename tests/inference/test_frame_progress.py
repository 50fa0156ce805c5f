import io
import time
from fractions import Fraction

import numpy as np
import pytest
from rich.console import Console

from cstm.config import ClipConfig
from cstm.data.frames.frame_range import FrameRange
from cstm.inference.export import segment_to_folder
from cstm.inference.progress import frame_progress
from cstm.inference.samples import write_clip
from cstm.inference.segmenter import Segmenter


@pytest.fixture
def place(monkeypatch):
    """Where the bar is written instead of stderr."""

    def replace(**options):
        place = io.StringIO()
        monkeypatch.setattr("cstm.progress._console", lambda: Console(file=place, **options))
        return place

    return replace


def test_bar_counts_frames_on_a_terminal(place):
    written = place(force_terminal=True, color_system=None, width=100)
    taken = []
    with frame_progress(iter(range(40)), 48) as watched:
        for result in watched:
            taken.append(result)
            time.sleep(0.002)
    assert taken == list(range(40))
    assert "0/48" in written.getvalue()
    assert "40/40" in written.getvalue()
    assert "frames/s" in written.getvalue()


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        (FrameRange(), 20),
        (FrameRange(3, 12, 2), 5),
        (FrameRange(12), 8),
        (FrameRange(0.5, 1, unit="seconds"), 5),
    ],
)
def test_the_bar_knows_how_many_frames_are_asked_for(
    place, tmp_path, brightness, vocabulary, wanted, total
):
    written = place(force_terminal=True, color_system=None, width=100)
    frames = [np.full((16, 16, 3), 10 * index, np.uint8) for index in range(20)]
    write_clip(frames, Fraction(10), tmp_path / "clip.mp4")
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(size=16))
    count = segment_to_folder(
        segmenter,
        tmp_path / "clip.mp4",
        ["a cat"],
        tmp_path / "out",
        save=["json"],
        frames=wanted,
    )
    assert count == total
    assert f"0/{total} " in written.getvalue()
    assert f"{total}/{total} " in written.getvalue()


def test_silence_where_there_is_no_terminal(place):
    written = place()
    with frame_progress(iter(range(3)), None) as watched:
        assert list(watched) == [0, 1, 2]
    assert written.getvalue() == ""
