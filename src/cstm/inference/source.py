"""From what a user names as a video to one on disk: a path, an address, a pipe, a camera."""

import re
import shutil
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from cstm.data.frames.video import Video, open_video
from cstm.download import MEGABYTE, TIMEOUT
from cstm.faults import reason
from cstm.inference.camera import record
from cstm.progress import bar

if TYPE_CHECKING:
    import fsspec


def open_source(video: str | Path, seconds: int | float | None = None) -> Video:
    """Open whatever a user names as a video.

    What is no file becomes one first, in the system's folder for temporary files, and is removed
    when nobody holds the video any more, at the latest when the program ends.

    Args:
        video: a path of a file or of a folder of pictures; or as text ``https://…``, ``s3://…`` or
            another address that fsspec reads, ``-`` for what is piped in, or a camera's number,
            unless a file or folder is called so.
        seconds: how long to record from a camera; None: until Ctrl-C, and what came is kept.

    Raises:
        ValueError: it can't be had, or :func:`~cstm.data.frames.video.open_video` refuses it.
    """
    if isinstance(video, str) and "://" in video:
        # Servers may call a file at greater length than file systems take.
        name = Path(unquote(urlsplit(video).path)).name[-64:] or "video"
        return _through_file(video, name, lambda path: _download(video, path))
    if video == "":
        raise ValueError("the video has no name; give a file, a folder of pictures, a URL or -")
    if isinstance(video, Path) or Path(video).exists():
        return open_video(video)
    if video == "-":
        return _through_file("standard input", "standard input", _take_pipe)
    if re.fullmatch(r"\d{1,3}", video):
        name = f"camera {video}"
        return _through_file(name, name, lambda path: record(int(video), path, seconds))
    return open_video(video)


def _through_file(called: str, name: str, fill: Callable[[Path], object]) -> Video:
    """A video in a temporary file that ``fill`` writes; errors call it what the user does."""
    folder = Path(mkdtemp(prefix="cstm-video-"))
    path = folder / name
    try:
        fill(path)
        video = open_video(path)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, ValueError):
            raise ValueError(str(error).replace(str(path), called)) from None
        raise
    weakref.finalize(video, shutil.rmtree, folder, ignore_errors=True)
    return video


def _take_pipe(path: Path) -> None:
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError("nothing is piped in; for instance: cat cats.mp4 | cstm segment - …")
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)


def _download(address: str, path: Path) -> None:
    files, place = _file_system(address)
    from fsspec.callbacks import Callback

    with bar() as shown:
        task = shown.add_task(f"{path.name} (MB)", total=None)

        def show(size: int | None, value: int) -> None:
            total = size and round(size / MEGABYTE, 1)
            shown.update(task, total=total, completed=round(value / MEGABYTE, 1))

        # Typed by fsspec as the callback that does nothing.
        shower: Any = Callback(hooks={"bar": show})
        try:
            files.get_file(place, str(path), callback=shower)
        except FileNotFoundError:
            raise ValueError(f"{address}: no such file there") from None
        except Exception as error:
            raise ValueError(f"{address}: cannot be read ({reason(error)})") from None
    if path.is_dir():
        raise ValueError(f"{address}: is a folder; give a file, or copy it here and give its path")


def _file_system(address: str) -> tuple["fsspec.AbstractFileSystem", str]:
    """Who reads an address, and what it is called there."""
    web = urlsplit(address).scheme in ("http", "https")
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(address, **(_web_options() if web else {}))
    except ImportError as error:
        # For its many protocols fsspec itself says what to install.
        ours = web or (error.name or "").startswith("fsspec")
        needed = 'pip install "cstm[remote]"' if ours else error
        raise ValueError(f"{address}: reading it takes another package: {needed}") from None
    # File systems are of many makers, and raise whatever they like.
    except Exception as error:
        raise ValueError(f"{address}: cannot be read ({reason(error)})") from None


def _web_options() -> dict[str, Any]:
    """Settings of fsspec's HTTP: no limit to a long download, but one to silence."""
    from aiohttp import ClientTimeout

    limits = ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
    return {"client_kwargs": {"timeout": limits, "trust_env": True}}
