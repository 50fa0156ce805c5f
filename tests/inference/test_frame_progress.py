import io
import time

import pytest
from rich.console import Console

from cstm.inference.progress import frame_progress


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


def test_silence_where_there_is_no_terminal(place):
    written = place()
    with frame_progress(iter(range(3)), None) as watched:
        assert list(watched) == [0, 1, 2]
    assert written.getvalue() == ""
