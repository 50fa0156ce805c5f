import errno
import os
import re
import stat
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from cstm.folder import (
    check_output,
    check_output_file,
    half_written,
    remove_stale,
    whole_file,
    whole_folder,
)
from cstm.inference.export import WRITTEN
from cstm.lock import alone_in


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fill(out, text="new", overwrite=False):
    with whole_folder(out, overwrite, WRITTEN) as folder:
        (folder / "masks.json").write_text(text)


def test_folder_appears_with_its_parents(tmp_path):
    fill(tmp_path / "a/b/out")
    assert (tmp_path / "a/b/out/masks.json").read_text() == "new"
    assert names(tmp_path / "a/b") == ["out"]


def test_folder_has_the_rights_of_any_other(tmp_path):
    fill(tmp_path / "out")
    (tmp_path / "other").mkdir()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "other").stat().st_mode
    )


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["masks.json"]


@pytest.mark.parametrize("place", [".", "..", "../out"])
def test_the_folder_one_is_in_is_not_replaced(tmp_path, monkeypatch, place):
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    with pytest.raises(ValueError, match=r"^you are in .*; choose a folder inside it"):
        check_output(Path(place))
    fill(Path("masks"))
    assert names(tmp_path / "out") == ["masks"]


def test_an_existing_folder_is_refused(tmp_path):
    fill(tmp_path / "out", "old")
    with pytest.raises(ValueError, match=r"exists.*--overwrite"):
        fill(tmp_path / "out")
    with pytest.raises(ValueError, match="not empty"), whole_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "out/masks.json").read_text() == "old"


def test_overwrite_replaces_all(tmp_path):
    fill(tmp_path / "out", "old")
    (tmp_path / "out/01").mkdir()
    (tmp_path / "out/01/00000.png").touch()
    (tmp_path / "out/02-overlay.mp4").touch()
    fill(tmp_path / "out", overwrite=True)
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["masks.json"]
    assert (tmp_path / "out/masks.json").read_text() == "new"


def test_overwrite_never_deletes_what_is_not_ours(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match=r"holds thesis\.tex"):
        fill(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out/thesis.tex").read_text() == "years of work"


def test_a_numbered_folder_of_someone_else_is_not_ours(tmp_path):
    (tmp_path / "out/2023").mkdir(parents=True)
    (tmp_path / "out/2023/summer.jpg").write_text("a photograph")
    with pytest.raises(ValueError, match=r"holds 2023/summer\.jpg"):
        fill(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out/2023/summer.jpg").read_text() == "a photograph"


@pytest.mark.parametrize("check", [check_output, partial(check_output_file, overwrite=False)])
def test_where_nothing_can_be_written_is_told_before_any_work(tmp_path, check):
    (tmp_path / "file").touch()
    for parent in (tmp_path / "file", Path("/proc")):
        with pytest.raises(ValueError, match="cannot write"):
            check(parent / "new" / "out")
    check(tmp_path / "new" / "out")
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("check", [check_output, partial(check_output_file, overwrite=True)])
@pytest.mark.parametrize("place", ["/", "/dev/null"])
def test_neither_the_root_nor_a_device_is_written(check, place):
    with pytest.raises(ValueError, match=re.escape(place)) as refused:
        check(Path(place))
    assert "\n" not in str(refused.value)
    assert Path("/dev/null").is_char_device()


def test_overwrite_through_a_link_keeps_the_link(tmp_path):
    fill(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    fill(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/masks.json").read_text() == "new"


def test_a_file_that_is_linked_to_is_written_where_it_is(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "shared" / "real")
    for content in ("old", "new"):
        with whole_file(tmp_path / "link") as partial:
            partial.write_text(content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "shared/real").read_text() == content
    assert len(list((tmp_path / "shared").iterdir())) == 1


def test_what_killed_processes_left_is_removed_after_an_hour(tmp_path):
    for name in ("a.bin", "b.bin"):
        (tmp_path / f".{name}.partial-00112233").write_text("half")
    folder = tmp_path / ".clips.partial-00112233"
    folder.mkdir()
    (folder / "clips.npy").write_text("half")
    before = time.time() - 4000
    os.utime(tmp_path / ".a.bin.partial-00112233", (before, before))
    os.utime(folder, (before, before))
    for name in ("a.bin", "b.bin", "clips"):
        remove_stale(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {".b.bin.partial-00112233", folder.name}
    os.utime(folder / "clips.npy", (before, before))
    remove_stale(tmp_path / "clips")
    assert not folder.exists()


def test_a_folder_is_written_anew_and_what_killed_processes_left_of_it_goes(tmp_path):
    for state in ("partial", "replaced"):
        left = tmp_path / f".out.{state}-00112233"
        (left / "01").mkdir(parents=True)
        for path in (left / "01", left):
            os.utime(path, (0, 0))
    fill(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    left = tmp_path / ".a.json.partial-00112233"
    left.touch()
    os.utime(left, (0, 0))
    with whole_file(tmp_path / "a.json") as partial:
        partial.touch()
    assert names(tmp_path) == ["a.json", "out"]


def test_an_old_folder_that_does_not_go_fails_nothing(tmp_path, monkeypatch):
    out = tmp_path / "out"
    fill(out, "old")
    monkeypatch.setattr(os, "unlink", lambda *_, **__: denied())
    fill(out, "new", overwrite=True)
    assert (out / "masks.json").read_text() == "new"
    (left,) = half_written(tmp_path, "out")
    assert names(left) == ["masks.json"]


def denied():
    raise PermissionError(errno.EACCES, "Permission denied")


def test_what_file_managers_leave_may_be_replaced(tmp_path):
    fill(tmp_path / "out", "old")
    (tmp_path / "out" / ".DS_Store").touch()
    fill(tmp_path / "out", "new", overwrite=True)
    assert names(tmp_path / "out") == ["masks.json"]


def test_a_link_to_itself_is_no_file_to_write(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ValueError, match="link to itself"), whole_file(tmp_path / "loop"):
        pass


def test_names_are_no_patterns(tmp_path):
    for name in ("a[1]", "a1"):
        left = tmp_path / f".{name}.partial-00112233"
        left.touch()
        os.utime(left, (0, 0))
    remove_stale(tmp_path / "a[1]")
    assert names(tmp_path) == [".a1.partial-00112233"]


def test_what_was_put_there_meanwhile_is_not_deleted(tmp_path):
    (tmp_path / "out").mkdir()
    writing = whole_folder(tmp_path / "out")
    (writing.__enter__() / "masks.json").touch()
    (tmp_path / "out" / "theirs.txt").touch()
    with pytest.raises(ValueError, match="cannot write"):
        writing.__exit__(None, None, None)
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["theirs.txt"]


def test_a_failed_swap_brings_the_old_folder_back(tmp_path, monkeypatch):
    fill(tmp_path / "out", "old")
    rename = type(tmp_path).rename

    def failing(path, target):
        if ".partial-" in path.name:
            raise OSError("no")
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", failing)
    with pytest.raises(OSError, match="no"):
        fill(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out/masks.json").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_parents_made_in_vain_are_removed_and_others_stay(tmp_path):
    (tmp_path / "old").mkdir()
    with pytest.raises(KeyError), whole_folder(tmp_path / "old/new/out"):
        raise KeyError
    assert names(tmp_path) == ["old"]
    assert names(tmp_path / "old") == []


@pytest.mark.parametrize("name", ["file/out", "x" * 300, "new/" + "x" * 300])
def test_unwritable_places_are_one_line(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"cannot write .*choose another folder") as error:
        fill(tmp_path / name)
    assert "\n" not in str(error.value)
    assert names(tmp_path) == ["file"]


def test_read_only_parent_is_one_line(tmp_path, monkeypatch):
    """Raised by hand, since root may write everywhere."""

    def denied(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(tmp_path), "mkdir", denied)
    with pytest.raises(ValueError, match=r"cannot write .*/out: Permission denied"):
        fill(tmp_path / "out")


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "out").touch()
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="is not a folder"):
            check_output(tmp_path / "out", overwrite)


def test_a_folder_is_left_to_the_process_that_is_at_work_in_it(tmp_path):
    out = tmp_path / "new" / "run"
    code = f"""
from pathlib import Path
from cstm.lock import alone_in
with alone_in(Path({str(out)!r})):
    print("in", flush=True)
    input()
"""
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "in\n"
        with pytest.raises(ValueError, match="another process is at work"), alone_in(out):
            pass
        worker.communicate("\n")
    assert worker.returncode == 0
    assert not (tmp_path / "new").exists(), "nothing came into it"
    with alone_in(out):
        (out / "state.pt").touch()
    with alone_in(out):
        pass
    assert {"state.pt"} <= set(names(out))


def test_a_folder_that_cannot_be_made_to_work_in_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="cannot write"), alone_in(tmp_path / "file" / "run"):
        pass


def test_a_file_of_ones_own_that_comes_while_a_folder_is_replaced_is_kept(tmp_path):
    fill(tmp_path / "out", "old")
    writing = whole_folder(tmp_path / "out", True, WRITTEN)
    (writing.__enter__() / "masks.json").write_text("new")
    (tmp_path / "out/notes.txt").write_text("what I saw")
    with pytest.raises(ValueError, match=r"out is written; what stood there .* is now .*replaced-"):
        writing.__exit__(None, None, None)
    assert (tmp_path / "out/masks.json").read_text() == "new"
    (kept,) = (path for path in tmp_path.iterdir() if path.name != "out")
    assert (kept / "notes.txt").read_text() == "what I saw"
