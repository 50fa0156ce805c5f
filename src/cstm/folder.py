"""Outputs that appear whole or not at all: a folder, a file."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import TemporaryFile

from cstm.faults import cannot_write

_STALE_SECONDS = 3600
_OF_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""Files that come about by looking into a folder."""


def check_output(
    out: Path, overwrite: bool = False, replaceable: re.Pattern[str] | None = None
) -> None:
    """Refuse an output folder that can't be written, before any work is done.

    Args:
        out: a folder that is new or empty.
        overwrite: whether it may also be one that the same command wrote earlier.
        replaceable: paths inside the folder of the files that the command writes; None if it never
            overwrites.

    Raises:
        ValueError: it is no folder, is one that can't be renamed, or is not empty and may not be
            replaced; or it may, and holds files that the command did not write; or there is no
            writing where it is to be.
    """
    check_writable(out)
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir():
        raise ValueError(f"{out} is not a folder; choose another")
    if Path.cwd().is_relative_to(out.resolve()):
        raise ValueError(f"you are in {out}, which would be replaced; choose a folder inside it")
    if out.is_mount():
        raise ValueError(f"{out} is a mount point and can't be renamed; choose a folder inside it")
    if not any(out.iterdir()):
        return
    if replaceable is None:
        raise ValueError(f"{out} is not empty; choose a folder that is new or empty")
    if not overwrite:
        raise ValueError(f"{out} exists; choose another folder, or replace it with --overwrite")
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if is_folder or path.name in _OF_FILE_MANAGERS:
            continue
        if not replaceable.fullmatch(name):
            raise ValueError(
                f"{out} holds {name}, which this command did not write; --overwrite would delete "
                "it: choose another folder"
            )


def check_writable(out: Path) -> None:
    """Refuse a place where nothing can be written, by writing there; nothing is left behind.

    Raises:
        ValueError: the nearest folder above that exists takes no files, or is none.
    """
    try:
        with suppress(FileNotFoundError):
            out.lstat()
        parent = next((place for place in out.absolute().parents if place.exists()), out)
        with TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise cannot_write(out, error) from error


def check_output_file(out: Path, overwrite: bool) -> None:
    """Refuse an output file that is there already or can't be written, before any work is done.

    Raises:
        ValueError: it is there and may not be replaced, it is no file, or see
            :func:`check_writable`.
    """
    check_writable(out)
    if out.is_dir():
        raise ValueError(f"cannot write {out}: it is a folder; give a file")
    if out.exists() and not out.is_file():
        raise ValueError(f"cannot write {out}: it is a device or a pipe; give a file")
    if out.exists() and not overwrite:
        raise ValueError(f"{out} exists; give another file, or replace it with --overwrite")


@contextmanager
def whole_folder(
    out: Path, overwrite: bool = False, replaceable: re.Pattern[str] | None = None
) -> Iterator[Path]:
    """A new folder to write into, which becomes ``out`` when the block ends without an exception.

    Until then it is a hidden sibling, ``.NAME.partial-XXXXXXXX``. On any exception, Ctrl-C
    included, it is removed together with the parents made for it, and an existing ``out`` stays
    as it was. What a killed process has left of the same output is removed.

    Raises:
        ValueError: see :func:`check_output`; or the parent can't be made or written.
    """
    out = out.absolute()
    check_output(out, overwrite, replaceable)
    out = out.resolve()
    remove_stale(out)
    made = [parent for parent in out.parents if not parent.exists()]
    partial = out.with_name(f".{out.name}.partial-{secrets.token_hex(4)}")
    try:
        try:
            partial.mkdir(parents=True)
        except OSError as error:
            raise cannot_write(out, error) from error
        yield partial
        _become(partial, out, overwrite, replaceable)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        raise


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A hidden sibling to write, which replaces ``path`` when the block ends without an exception.

    What stood there stays whole until then, whenever the process or the machine stops. Of a link it
    is the file that it leads to. What a killed process has left of the same file is removed.

    Raises:
        ValueError: the folder can't be made or written, or the path is a link to itself.
    """
    try:
        path = path.resolve()
    except (OSError, RuntimeError):
        raise ValueError(
            f"cannot write {path}: it is a link to itself; give another file"
        ) from None
    remove_stale(path)
    partial = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.touch()
        except OSError as error:
            raise cannot_write(path, error) from error
        yield partial
        with partial.open("r+b") as written:  # Windows syncs no file that is only read
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def half_written(folder: Path, name: str = "*") -> list[Path]:
    """What killed processes have left in a folder of outputs that were to be whole.

    ``name`` is a pattern of their names.
    """
    return [path for state in ("partial", "replaced") for path in folder.glob(f".{name}.{state}-*")]


def remove_stale(path: Path) -> None:
    """Remove what killed processes have left of an output that was to be whole.

    It is nobody's where nobody has touched it for an hour.
    """
    for left in half_written(path.parent, escape(path.name)):
        with suppress(OSError):  # somebody has just finished it, or it is another user's
            inside = left.iterdir() if left.is_dir() else ()
            touched = max(each.stat().st_mtime for each in (left, *inside))
            if time.time() - touched > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def _become(partial: Path, out: Path, overwrite: bool, replaceable: re.Pattern[str] | None) -> None:
    """Rename the finished folder; what stood in its place goes only once it stands there.

    If somebody put a file of their own there in the meantime, it does not go.
    """
    if not overwrite or not out.exists():
        with suppress(OSError):
            out.rmdir()  # an empty one, and no other
        try:
            partial.rename(out)
        except OSError as error:
            raise cannot_write(out, error) from error
        return
    old = partial.with_name(partial.name.replace(".partial-", ".replaced-"))
    out.rename(old)
    try:
        partial.rename(out)
    except BaseException:
        old.rename(out)
        raise
    try:
        check_output(old, overwrite, replaceable)
    except ValueError:
        kept = out.with_name(old.name[1:])
        old.rename(kept)
        raise ValueError(
            f"{out} is written; what stood there had other files in it by then and is now {kept}"
        ) from None
    shutil.rmtree(old, ignore_errors=True)  # the new one stands, whatever becomes of this
