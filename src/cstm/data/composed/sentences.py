"""Sentences in A2D's manner, each of which singles out one actor of a clip, or none.

A sentence is a set of clues put into words: surely true of the one meant, surely false of all
others.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from numpy.random import Generator

from cstm.data.composed.clues import TAG_OF, Clues, Described, fits, is_bigger, is_related
from cstm.data.composed.motion import MAY_BE
from cstm.data.composed.phrases import phrase
from cstm.data.draws import choose_from, pick
from cstm.data.language.clues import fewest, kinds_of, without
from cstm.data.language.meanings import meant_by
from cstm.data.sample import Tag

Lack = Literal["class", "colour", "motion", "action", "class alone", "colour alone", "motion alone"]
"""What a sentence says that nobody is or does. Of an action it is known that somebody of its class
does another one; of a motion, that nobody seems to do it, not even in a photograph. Alone: all else
that the sentence says is true of somebody."""


@dataclass(frozen=True)
class Sentence:
    """A query: whom it means, and whom it would mean as well without one kind of its clues."""

    actor: int | None
    """None where nobody in the clip is meant."""
    text: str
    tags: tuple[Tag, ...]
    look_alike: int | None = None
    lacks: Lack | None = None
    """Of a sentence that means nobody: what the clip lacks."""


def options(rng: Generator, cast: list[Described], number: int) -> list[Clues]:
    """All sets of at most four clues that single out one member of the cast."""
    one = cast[number]
    noun = pick(rng, one.words)
    extra: Clues = {"motion": one.motion}
    if one.motion != "still" and "moving" in MAY_BE[one.motion] and rng.random() < 0.12:
        extra["motion"] = "moving"
    if one.colour:
        extra["colour"] = one.colour
    same = [c for i, c in enumerate(cast) if i != number and c.category == one.category]
    if same and all(is_bigger(one, other) for other in same):
        extra["size"] = "big"
    elif same and all(is_bigger(other, one) for other in same):
        extra["size"] = "small"
    if one.at:
        extra["place"] = pick(rng, sorted(one.at))
    relations = [
        f"{relation}/{landmark}"
        for landmark in _landmarks(cast, number)
        for relation in ("left of", "right of", "in front of", "behind")
        if is_related(f"{relation}/{landmark}", cast, number, sure=True)
    ]
    if relations:
        extra["relation"] = pick(rng, relations)
    found: list[Clues] = []
    for count in range(min(3, len(extra)) + 1):
        for names in combinations(extra, count):
            clues: Clues = {"noun": noun, **{name: extra[name] for name in names}}
            if not any(fits(clues, cast, i) for i in range(len(cast)) if i != number):
                found.append(clues)
    return found


def _landmarks(cast: list[Described], number: int) -> list[int]:
    """Members of the cast that their class alone singles out."""
    return [
        i
        for i, one in enumerate(cast)
        if i != number
        and one.is_clear
        and not any(j != i and c.category in meant_by(one.words[0]) for j, c in enumerate(cast))
    ]


def told_from(clues: Clues, cast: list[Described], target: int) -> tuple[Tag | None, int | None]:
    """The one that the sentence would mean as well without its clues of motion, or of place."""
    kinds: tuple[Tag, ...] = ("action", "place")
    for tag in kinds:
        if rest := without(clues, tag, TAG_OF):
            found = [i for i in range(len(cast)) if i != target and fits(rest, cast, i)]
            if len(found) == 1 and cast[found[0]].is_clear:
                return tag, found[0]
    return None, None


def tags(clues: Clues, cast: list[Described], target: int) -> tuple[Tag, ...]:
    """The fewest kinds of clues that suffice; where several choices do, all of these kinds.

    The noun is always said; it counts as a clue where no other kind is needed.
    """
    others = [i for i in range(len(cast)) if i != target]

    def suffice(kinds: tuple[Tag, ...]) -> bool:
        chosen: Clues = {n: v for n, v in clues.items() if n == "noun" or TAG_OF[n] in kinds}
        return not any(fits(chosen, cast, i) for i in others)

    return fewest(kinds_of(clues.keys() - {"noun"}, TAG_OF), suffice) or ("appearance",)


def describe(
    rng: Generator, cast: list[Described], targets: list[int], pair: bool
) -> list[Sentence] | None:
    """One or two sentences for every target that can be singled out; None where there is none.

    With ``pair`` the first sentence of each of the first two targets tells it from the other by
    motion alone; None where that can't be.
    """
    sentences: list[Sentence] = []
    for place, target in enumerate(targets):
        found = options(rng, cast, target)
        choices = found
        if pair and place < 2:
            alike = ("action", targets[1 - place])
            choices = [clues for clues in found if told_from(clues, cast, target) == alike]
            if not choices:
                return None
        for _ in range(1 + int(rng.random() < 0.5)):
            if choices:
                clues = choose_clues(rng, choices, cast[target])
                other = told_from(clues, cast, target)[1]
                text = phrase(rng, clues, cast, cast[target])
                sentences.append(Sentence(target, text, tags(clues, cast, target), other))
                # A second sentence has other clues.
                choices = [option for option in found if option != clues]
    return sentences or None


def choose_clues(rng: Generator, found: list[Clues], one: Described) -> Clues:
    """Mostly a short set of clues, sometimes a redundant one; motion is spoken of often."""
    motion = 0.4 if one.depth is None else 1.8
    weights = [
        (1.0 if rng.random() < 0.25 else 0.45 ** len(o)) * (motion if "motion" in o else 1.0)
        for o in found
    ]
    return choose_from(rng, found, weights)
