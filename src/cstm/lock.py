"""A folder in which one process works at a time."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from cstm.faults import cannot_write

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Work in a folder that no other process of this machine works in, by this function's word.

    The folder is made if there is none, and removed again if nothing came into it.

    Raises:
        ValueError: another process works there; or it can't be made or written.
    """
    made = [path for path in (folder, *folder.absolute().parents) if not path.exists()]
    path = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        with file:
            _lock(file, folder)
            yield
    finally:
        if made and list(folder.iterdir()) == [path]:
            path.unlink()
            for parent in made:
                with suppress(OSError):
                    parent.rmdir()


def _lock(file: IO[str], folder: Path) -> None:
    """Hold a lock of this process, which its children don't inherit; it ends with the process."""
    if fcntl is None:
        return
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Else the disk knows no locks.
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise ValueError(
                f"another process is at work in {folder}; wait for it, or choose another folder"
            ) from None
