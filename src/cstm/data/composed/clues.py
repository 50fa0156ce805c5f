"""Clues that single out an actor, and of whom else someone might say them.

A clue counts as being about all of whom someone might say it: "red" may be said of an orange cup,
"car" of a truck, "up" of someone who jumps.
"""

from dataclasses import dataclass
from typing import Literal

from cstm.data.composed.motion import MAY_BE
from cstm.data.composed.scene import Box
from cstm.data.language.meanings import meant_by
from cstm.data.sample import Tag

ClueName = Literal["noun", "colour", "size", "motion", "place", "relation"]
Clues = dict[ClueName, str]

TAG_OF: dict[ClueName, Tag] = {
    "noun": "appearance", "colour": "appearance", "size": "appearance", "motion": "action",
    "place": "place", "relation": "place",
}  # fmt: skip

_BIGGER = 1.35
"""Ratio from which of two of a class one is surely the big one."""


@dataclass(frozen=True)
class Described:
    """What can be said of someone or something in a clip."""

    category: str
    words: tuple[str, ...]
    colour: str | None
    """What it surely is."""
    colours: frozenset[str]
    """All it may be called."""
    sizes: tuple[float, float]
    """Least and greatest long side in the clip, in pixels."""
    motion: str
    at: frozenset[str]
    maybe_at: frozenset[str]
    box: Box
    """In the target frame, in shares of the picture's width and height."""
    depth: int | None
    """Order of drawing; None for what is part of the background."""
    is_clear: bool
    """Whether it is large and open enough to be spoken of."""
    pace: float = 0.0
    """Long sides that it moves by in a frame."""
    is_crowd: bool = False
    """Whether it is several of a class, of whom it is not known who is where."""


def relates(relation: str, one: Box, landmark: Box, sure: bool) -> bool:
    """Whether one is, or may be said to be, to the left or right of a landmark."""
    sign = 1 if relation == "left of" else -1
    ahead = sign * (landmark.middle[0] - one.middle[0])
    if not sure:
        return ahead > -0.08
    level = abs(landmark.middle[1] - one.middle[1]) < 0.3
    beside = not landmark.left <= one.middle[0] <= landmark.right
    return ahead > 0.18 and level and beside


def hides(one: Described, landmark: Described, sure: bool) -> bool:
    """Whether one stands, or may be said to stand, in front of a landmark."""
    overlap = one.box.overlap(landmark.box)
    if one.depth is None or landmark.depth is None:
        return not sure and overlap > 0
    return overlap > (0.15 if sure else 0.0) and one.depth > landmark.depth


def fits(clues: Clues, cast: list[Described], number: int) -> bool:
    """Whether one could say all this of a member of the cast."""
    one = cast[number]
    meant = meant_by(clues["noun"])
    if one.category not in meant:
        return False
    for name, value in clues.items():
        if name == "colour" and value not in one.colours:
            return False
        if name == "motion" and value not in MAY_BE[one.motion]:
            return False
        if name == "place" and value not in one.maybe_at:
            return False
        if name == "size" and any(
            is_bigger(other, one) if value == "big" else is_bigger(one, other)
            for other in cast
            if other.category == one.category
        ):
            return False
        if name == "relation" and not (one.is_crowd or is_related(value, cast, number, sure=False)):
            return False
    return True


def fits_anyone(clues: Clues, cast: list[Described]) -> bool:
    """Whether one could say all this of somebody."""
    return any(fits(clues, cast, number) for number in range(len(cast)))


def is_bigger(one: Described, other: Described) -> bool:
    """Whether one surely is the bigger of two, all through the clip."""
    return one.sizes[0] > _BIGGER * other.sizes[1]


def is_related(value: str, cast: list[Described], number: int, sure: bool) -> bool:
    """Whether a member of the cast has a relation, ``left of/3`` for one to member 3."""
    relation, landmark = value.split("/")
    if int(landmark) == number:
        return False
    one, other = cast[number], cast[int(landmark)]
    if relation == "in front of":
        return hides(one, other, sure)
    if relation == "behind":
        return hides(other, one, sure)
    return relates(relation, one.box, other.box, sure)
