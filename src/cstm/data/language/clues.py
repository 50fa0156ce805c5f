"""What singles out an actor of a generated clip, drawn or composed, and how to say it.

A clue that is surely true of the actor meant must be surely false of another to rule it out: "on
the left" does not rule out one near the middle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from cstm.data.sample import TAGS, Tag

Name = TypeVar("Name", bound=str)

COLOURS = (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray",
)  # fmt: skip
"""Colours of photographs, as people call them."""
PLACES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side"), "right": ("on the right", "on the right side"),
    "top": ("at the top", "on the top"), "bottom": ("at the bottom", "on the bottom"),
    "middle": ("in the middle", "in the center"),
}  # fmt: skip
"""Places in the picture, and how people call them."""


def places(centres: list[tuple[float, float]]) -> tuple[frozenset[str], frozenset[str]]:
    """Places surely and possibly held, from mask centres (shares of width and height) in time."""
    xs, ys = [x for x, _ in centres], [y for _, y in centres]
    sure = {
        "left": max(xs) < 0.42, "right": min(xs) > 0.58, "top": max(ys) < 0.38,
        "bottom": min(ys) > 0.62, "middle": min(xs) > 0.39 and max(xs) < 0.61,
    }  # fmt: skip
    maybe = {
        "left": min(xs) < 0.54, "right": max(xs) > 0.46, "top": min(ys) < 0.52,
        "bottom": max(ys) > 0.48, "middle": any(0.28 < x < 0.72 for x in xs),
    }  # fmt: skip
    return (
        frozenset(p for p, holds in sure.items() if holds),
        frozenset(p for p, holds in maybe.items() if holds),
    )


def without(clues: Mapping[Name, str], tag: Tag, tag_of: Mapping[Name, Tag]) -> dict[Name, str]:
    """The clues but for those of one kind."""
    return {name: value for name, value in clues.items() if tag_of[name] != tag}


def kinds_of(names: Iterable[Name], tag_of: Mapping[Name, Tag]) -> list[Tag]:
    """Kinds of these clues, in the order of :data:`cstm.data.sample.TAGS`."""
    kinds = {tag_of[name] for name in names}
    return [tag for tag in TAGS if tag in kinds]


def fewest(kinds: Sequence[Tag], suffice: Callable[[tuple[Tag, ...]], bool]) -> tuple[Tag, ...]:
    """The fewest kinds of clues that suffice; where several choices do, all of these kinds."""
    for count in range(len(kinds) + 1):
        enough = [chosen for chosen in combinations(kinds, count) if suffice(chosen)]
        if enough:
            return tuple(kind for kind in kinds if any(kind in chosen for chosen in enough))
    raise AssertionError(f"{', '.join(kinds)} do not single out an actor")


def with_article(article: str, subject: str) -> str:
    """``a`` or ``an``, as the subject begins; no article where it is empty."""
    if article == "a" and subject[0] in "aeiou":
        article = "an"
    return f"{article} {subject}".strip()
