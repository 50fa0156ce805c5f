"""What the files of datasets share: places to look in, tables, JSON, faults, sentences."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO

SENTENCES_PAGE = "https://kgavrilyuk.github.io/publication/actor_action/"
"""Where the sentences of both datasets come from."""


Report = Callable[[Path, ValueError | str], None]
"""What becomes of a fault in a file: a reader refuses it, a check collects it."""


def refuse(path: Path, fault: ValueError | str) -> NoReturn:
    """Raise a fault as a ValueError that names the file."""
    raise ValueError(f"{path}: {str(fault).removeprefix(f'{path}: ')}") from None


def digest(told: object) -> str:
    """Sixteen digits that tell what was said, such as a frame's masks, from an earlier state."""
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16]


def bytes_of(video: Path) -> int:
    """Size of a video's file, or of all its frames: another one was cut anew."""
    files = [video] if video.is_file() else [path for path in video.iterdir() if path.is_file()]
    return sum(file.stat().st_size for file in files)


@contextmanager
def reporting(report: Report, path: Path) -> Iterator[None]:
    """Report what a reader says of a file in the block, which ends with it."""
    try:
        yield
    except ValueError as error:
        report(path, error)


def find(places: Sequence[Path], *names: str) -> Path | None:
    """Path of the first of the names that exists in one of the places."""
    return next((p / name for name in names for p in places if (p / name).exists()), None)


def require(places: Sequence[Path], page: str, *names: str) -> Path:
    """Path of the first of the names that exists; a ValueError tells where to get it otherwise."""
    path = find(places, *names)
    if path is None:
        root, *below = places
        raise ValueError(
            f"{root}: {' or '.join(names)} is missing, here and in "
            f"{' and '.join(place.name for place in below)}; get it from {page} "
            "or give the folder that holds it"
        )
    return path


@contextmanager
def open_table(path: Path) -> Iterator[TextIO]:
    """Open a csv file; a ValueError says so where it turns out to be none."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield file
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not a table as text ({error}); get the file anew") from None


def read_rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a csv file with a header, which must name the columns."""
    with open_table(path) as file:
        reader = csv.DictReader(file, strict=True)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(
                f"{path}: has no column {', '.join(missing)}; its first line should name "
                f"{', '.join(columns)}"
            )
        for row in reader:
            if None in row or None in row.values():
                amount = "many" if None in row else "few"
                raise ValueError(f"{path}: line {reader.line_num} has too {amount} columns")
            yield row


def number_in(path: Path, row: dict[str, str], column: str) -> int:
    """A whole number from 0 on in a row of a file; a ValueError says so where it is none."""
    told = row[column].strip()
    if not told.isdecimal():
        raise ValueError(f"{path}: {column} {told!r} should be a whole number from 0 on")
    return int(told)


def read_json(path: Path) -> object:
    """Read a JSON file; a ValueError says so where it is none."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ValueError(f"{path}: a folder, and no JSON file") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: no JSON ({error}); is the file complete?") from None


def as_objects(path: Path, entries: object, what: str) -> list[dict[str, Any]]:
    """Return entries that are a list of JSON objects; a ValueError says so where they are not."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path}: {what} should be a list of objects")
    return entries


def tidy(sentence: str) -> str:
    """Single spaces between words and none around them."""
    return " ".join(sentence.split())
