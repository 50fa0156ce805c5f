"""What the entries of a JSON file should hold, and what is wrong with one."""

import reprlib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

_ALIKE = 0.85
"""How much a key that is not read must be like one that is read to be called a mistake."""


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


def faults_of(entry: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[str]:
    """Say what is wrong with an entry's values: of every field that it should have."""
    unread = [key for key in entry if key not in fields]
    for key, field in fields.items():
        if key not in entry:
            if alike := get_close_matches(key, unread, 1, _ALIKE):
                yield f"has {alike[0]!r}, which should be {key!r}"
            elif field.needed:
                yield f"has no {key!r}, which should be {field.told}"
        elif (field.needed or entry[key] is not None) and not field.fits(entry[key]):
            yield f"its {key} {reprlib.repr(entry[key])} should be {field.told}"
