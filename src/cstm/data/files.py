"""What the files of published datasets share: places to look in, tables, sentences."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

SENTENCES_PAGE = "https://kgavrilyuk.github.io/publication/actor_action/"
"""Where the sentences of both datasets come from."""


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
        reader = csv.DictReader(file)
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


def tidy(sentence: str) -> str:
    """Single spaces between words and none around them."""
    return " ".join(sentence.split())
