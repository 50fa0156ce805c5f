"""An output folder that appears whole or not at all."""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OURS = re.compile(r"masks\.json|\d{2,}|\d{2,}-overlay\.mp4")
"""What an earlier segmentation has left in a folder."""


def check_output(out: Path, overwrite: bool) -> None:
    """Refuse an output folder that can't be written, before any work is done.

    Raises:
        ValueError: the folder exists and may not be replaced, or is no folder; or it exists, may
            be replaced, and holds files that no segmentation has written.
    """
    try:
        out.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot_write(out, error) from error
    if not out.is_dir():
        raise ValueError(f"{out} is not a folder; choose another --out")
    if not overwrite:
        raise ValueError(f"{out} exists; choose another --out, or replace it with --overwrite")
    foreign = sorted(entry.name for entry in out.iterdir() if not _OURS.fullmatch(entry.name))
    if foreign:
        raise ValueError(
            f"{out} holds {foreign[0]}, which no segmentation wrote; --overwrite would delete it: "
            "choose another --out"
        )


@contextmanager
def whole_folder(out: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder to write into, which becomes ``out`` when the block ends without an exception.

    Until then it is a hidden sibling, ``.NAME.partial-XXXXXXXX``. On any exception, Ctrl-C
    included, it is removed together with the parents made for it, and an existing ``out`` stays
    as it was.

    Raises:
        ValueError: see :func:`check_output`; or the parent can't be made or written.
    """
    out = out.absolute()
    check_output(out, overwrite)
    out = out.resolve()
    made = [parent for parent in out.parents if not parent.exists()]
    partial = out.with_name(f".{out.name}.partial-{secrets.token_hex(4)}")
    try:
        try:
            partial.mkdir(parents=True)
        except OSError as error:
            raise _cannot_write(out, error) from error
        yield partial
        _become(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        raise


def _cannot_write(out: Path, error: OSError) -> ValueError:
    return ValueError(f"cannot write {out}: {error.strerror}; choose another --out")


def _become(partial: Path, out: Path) -> None:
    """Rename the finished folder; what stood in its place goes only once it stands there."""
    if not out.exists():
        partial.rename(out)
        return
    old = partial.with_name(partial.name.replace(".partial-", ".replaced-"))
    out.rename(old)
    try:
        partial.rename(out)
    except BaseException:
        old.rename(out)
        raise
    shutil.rmtree(old)
