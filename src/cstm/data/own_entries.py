"""What an entry of the file of one's own videos should hold, and what is wrong with one."""

import reprlib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from cstm.data.sample import ACTIONS, DIRECTIONS
from cstm.data.words import tokenize


class Field(NamedTuple):
    """What the value of a key should be."""

    told: str
    fits: Callable[[Any], bool]
    needed: bool = True


def is_id(value: object) -> bool:
    """Whether a value can be the id of a video."""
    return type(value) in (int, str)


def is_text(value: object) -> bool:
    """Whether a value is text that says something."""
    return isinstance(value, str) and bool(value.strip())


def _are_sentences(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(s, str) and tokenize(s) for s in value)


def _one_of(*names: str) -> Field:
    return Field(f"one of {', '.join(names)}, or left out", names.__contains__, needed=False)


VIDEO = {
    "id": Field("text or a whole number", is_id),
    "file_name": Field("the name of a file in videos", is_text),
}
ANNOTATION = {
    "id": Field("a whole number above 0", lambda value: type(value) is int and value > 0),
    "video_id": Field("the id of one of the videos", is_id),
    "frame": Field("a whole number from 0 on", lambda value: type(value) is int and value >= 0),
    "segmentation": Field(
        "run lengths with size and counts, polygons, or null for nobody",
        lambda value: value is None or isinstance(value, dict | list),
    ),
    "sentences": Field("a list of sentences, each with a word in it", _are_sentences, needed=False),
    "category": Field("text", is_text, needed=False),
    "action": _one_of(*ACTIONS),
    "direction": _one_of(*DIRECTIONS),
}

_ALIKE = 0.85
"""How much a key that is not read must be like one that is read to be called a mistake."""


def inspect(
    kind: str, entries: list[dict[str, Any]], fields: Mapping[str, Field]
) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Yield every entry with its name in the file and what is wrong with its values."""
    ids = set()
    for number, entry in enumerate(entries):
        faults = list(_faults(entry, fields))
        if not fields["id"].fits(entry.get("id")):
            yield f"{kind}s[{number}]", entry, faults
            continue
        if entry["id"] in ids:
            faults.append("its id occurs twice; ids should be unique")
        ids.add(entry["id"])
        yield f"{kind} {entry['id']}", entry, faults


def _faults(entry: dict[str, Any], fields: Mapping[str, Field]) -> Iterator[str]:
    unread = [key for key in entry if key not in fields]
    for key, field in fields.items():
        if key not in entry:
            if alike := get_close_matches(key, unread, 1, _ALIKE):
                yield f"has {alike[0]!r}, which should be {key!r}"
            elif field.needed:
                yield f"has no {key!r}, which should be {field.told}"
        elif (field.needed or entry[key] is not None) and not field.fits(entry[key]):
            yield f"its {key} {reprlib.repr(entry[key])} should be {field.told}"
