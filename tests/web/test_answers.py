"""What happens to a visitor's files, without a browser."""

import errno
import os
import shutil
from fractions import Fraction
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from cstm.inference.samples import write_clip
from cstm.inference.segmenter import Segmenter
from cstm.web.answers import find, maps, stop
from cstm.web.limits import Limits
from cstm.web.visit import Visit


def test_files_go_when_one_asks_anew_stops_or_leaves(drawn, tiny, tmp_path):
    def ask(last=None):
        return find(tiny, Limits(), tmp_path, str(drawn.path), "the cat", last)

    answers = list(ask())
    overlay = Path(answers[-1].overlay)
    assert overlay.exists()
    assert overlay.is_relative_to(tmp_path)

    anew = ask(answers[1].visit)
    next(anew)
    assert not list(tmp_path.iterdir()), "asked anew"

    next(anew)
    next(anew)
    assert list(tmp_path.iterdir())
    anew.close()
    assert not list(tmp_path.iterdir()), "left"

    again = ask()
    next(again)
    stop(next(again).visit)
    *_, last = again
    assert "Stopped" in last.status
    assert not list(tmp_path.iterdir()), "stopped"


def test_a_server_whose_disk_is_full_says_so_and_not_where(drawn, tiny, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "masks.json"))
        yield

    monkeypatch.setattr(Visit, "run", full)
    *_, last = find(tiny, Limits(), tmp_path, str(drawn.path), "the cat", None)
    assert "No space left on device" in last.status
    assert str(tmp_path) not in last.status
    assert not list(tmp_path.iterdir())


def test_a_failure_of_the_server_frees_the_page_and_is_left_to_its_log(
    drawn, tiny, tmp_path, monkeypatch
):
    def fail(*_, **__):
        raise RuntimeError("out of memory at 0x7f")
        yield

    monkeypatch.setattr(Visit, "run", fail)
    answers = []
    with pytest.raises(RuntimeError):  # noqa: PT012
        for answer in find(tiny, Limits(), tmp_path, str(drawn.path), "the cat", None):
            answers.append(answer)
    assert answers[-1].visit is None
    assert "The server failed" in answers[-1].status
    assert "0x7f" not in answers[-1].status
    assert not list(tmp_path.iterdir())


def test_a_network_that_explains_nothing_is_not_asked_to(drawn, tiny, tmp_path):
    network = Unexplained(tiny.network)
    segmenter = Segmenter(network, tiny.vocabulary, tiny.clip)
    *_, last = find(segmenter, Limits(), tmp_path, str(drawn.path), "the cat", None)
    assert last.why["visible"] is False
    assert last.query["value"] is None
    *_, last = find(tiny, Limits(), tmp_path, str(drawn.path), "the cat", None)
    assert last.why["visible"] is True


def test_a_video_that_is_gone_cannot_be_explained(drawn, tiny, tmp_path):
    copy = shutil.copy(drawn.path, tmp_path / "copy.mp4")
    (tmp_path / "visits").mkdir()
    answers = list(find(tiny, Limits(), tmp_path / "visits", str(copy), "the cat", None))
    visit = answers[1].visit
    assert maps(tiny, visit, 3, 0, 1, 2)[0].shape[2] == 3
    assert not isinstance(maps(tiny, visit, 3, 0, 19, 2)[0], np.ndarray), "of another sentence"
    Path(copy).unlink()
    with pytest.raises(gr.Error, match="choose it anew"):
        maps(tiny, visit, 4, 0, 1, 2)


class Unexplained:
    """A network that hands out no attention."""

    def __init__(self, network):
        self.predict = network.predict

    def to(self, device, /):
        return self

    def eval(self):
        return self


def test_a_video_of_one_frame_is_answered_like_others(tiny, tmp_path):
    write_clip([np.full((48, 64, 3), 90, np.uint8)], Fraction(24), tmp_path / "still.mp4")
    (tmp_path / "visits").mkdir()
    answers = find(
        tiny, Limits(), tmp_path / "visits", str(tmp_path / "still.mp4"), "the cat", None
    )
    *_, last = answers
    assert last.frame["visible"] is False
    gr.Slider(minimum=0, maximum=last.frame["maximum"], step=1)
    assert "one frame" in last.status
    assert Path(last.overlay).exists()
