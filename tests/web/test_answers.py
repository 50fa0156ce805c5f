"""What happens to a visitor's files, without a browser."""

from pathlib import Path

from cstm.web.answers import find, stop
from cstm.web.visit import Limits


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
