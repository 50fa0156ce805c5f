"""Sentences in A2D's manner, each of which singles out one actor of a clip, or none.

A sentence is a set of clues put into words: surely true of the one meant, surely false of all
others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from numpy.random import Generator

from cstm.data.clues import fewest, kinds_of, without
from cstm.data.composed.clues import TAG_OF, Clues, Described, fits, is_bigger, is_related
from cstm.data.composed.motion import MAY_BE, MOTIONS
from cstm.data.composed.phrases import phrase
from cstm.data.draws import choose_from, pick
from cstm.data.nouns import meant_by, noun_of
from cstm.data.sample import Tag

_NEVER_SEEMING = ("spinning", "rolling left", "rolling right")
"""Motions that no one in a photograph seems to do."""


Lack = Literal["class", "colour", "motion", "action", "class alone", "colour alone", "motion alone"]
"""What a sentence says that nobody is or does. Of an action it is known that somebody of its class
does another one; of a motion, that nobody seems to do it, not even in a photograph. Alone: all else
that the sentence says is true of somebody."""


_ALONE: dict[str, Lack] = {
    "noun": "class alone", "colour": "colour alone", "motion": "motion alone"
}  # fmt: skip


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
        extra["place"] = str(rng.choice(sorted(one.at)))
    relations = [
        f"{relation}/{landmark}"
        for landmark in _landmarks(cast, number)
        for relation in ("left of", "right of", "in front of", "behind")
        if is_related(f"{relation}/{landmark}", cast, number, sure=True)
    ]
    if relations:
        extra["relation"] = str(rng.choice(relations))
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
                clues = _choose(rng, choices, cast[target])
                other = told_from(clues, cast, target)[1]
                text = phrase(rng, clues, cast, cast[target])
                sentences.append(Sentence(target, text, tags(clues, cast, target), other))
                # A second sentence has other clues.
                choices = [option for option in found if option != clues]
    return sentences or None


def _choose(rng: Generator, found: list[Clues], one: Described) -> Clues:
    """Mostly a short set of clues, sometimes a redundant one; motion is spoken of often."""
    motion = 0.4 if one.depth is None else 1.8
    weights = [
        (1.0 if rng.random() < 0.25 else 0.45 ** len(o)) * (motion if "motion" in o else 1.0)
        for o in found
    ]
    return choose_from(rng, found, weights)


def describe_absent(
    rng: Generator, cast: list[Described], nouns: list[str], colours: tuple[str, ...]
) -> Sentence | None:
    """A sentence that is surely false of everyone here; None where none was found.

    Either it names a class that is not here (one of ``nouns``), or one that is, with another
    motion or colour.
    """
    clear = [one for one in cast if one.is_clear]
    for _ in range(6):
        if clear and (not nouns or rng.random() < 0.5):
            one = pick(rng, clear)
            clues: Clues = {"noun": one.words[0]}
            lacks: Lack = "colour" if rng.random() < 0.4 else "motion"
            if lacks == "colour":
                clues["colour"] = str(rng.choice(colours))
            else:
                clues["motion"] = str(rng.choice(_motions_for(one.words[0], cast)))
        elif nouns:
            clues, lacks = {"noun": str(rng.choice(nouns))}, "class"
            if rng.random() < 0.5:
                clues["motion"] = str(rng.choice(MOTIONS))
        else:
            return None
        if any(fits(clues, cast, i) for i in range(len(cast))):
            continue
        if rng.random() < 0.2:
            clues["place"] = str(rng.choice(("left", "right", "middle")))
        return Sentence(None, phrase(rng, clues, cast), (), lacks=lacks)
    return None


def describe_other_action(rng: Generator, cast: list[Described]) -> Sentence | None:
    """A sentence about what somebody does, but with a motion that is nobody's; None without one.

    It is of a class of which the photograph shows nobody.
    """
    movers = [one for one in cast if one.is_clear and not _is_photographed(one.words[0], cast)]
    for _ in range(6 if movers else 0):
        one = pick(rng, movers)
        clues: Clues = {"noun": one.words[0], "motion": str(rng.choice((*MOTIONS, "moving")))}
        if any(fits(clues, cast, i) for i in range(len(cast))):
            continue
        if one.colour and rng.random() < 0.3:
            clues["colour"] = one.colour
        elif rng.random() < 0.2:
            clues["place"] = str(rng.choice(("left", "right", "middle")))
        return Sentence(None, phrase(rng, clues, cast), (), lacks="action")
    return None


def describe_almost(
    rng: Generator,
    cast: list[Described],
    name: Literal["noun", "colour", "motion"],
    values: Sequence[str],
) -> Sentence | None:
    """A sentence that is true of somebody but for one clue, and so of nobody; None without one.

    That clue is one of ``values`` that is false; of nouns, which are of classes that are not here,
    half of the time one of the same kind: a cow for a dog. Where values come as often as they are
    true of somebody, no word tells by itself that nobody is meant.
    """
    clear = [number for number, one in enumerate(cast) if one.is_clear]
    if not clear:
        return None
    number = pick(rng, clear)
    if name == "colour" and not cast[number].colour:
        return None
    # Colours would hardly ever be said if they had to be said already. Sizes are of one class.
    found = [
        clues
        for clues in options(rng, cast, number)
        if (name in clues or name == "colour")
        and clues.keys() - {"noun", name}
        and not (name == "noun" and "size" in clues)
    ]
    if not found:
        return None
    true = _choose(rng, found, cast[number])
    if name == "motion":
        sure = _motions_for(true["noun"], cast)
        values = [value for value in values if value in sure]
    changed: list[Clues] = [{**true, name: value} for value in values]
    false = [c for c in changed if not any(fits(c, cast, i) for i in range(len(cast)))]
    if name == "noun" and rng.random() < 0.5:
        kind = noun_of(cast[number].category).kind
        false = [
            c for c in false if kind in {noun_of(meant).kind for meant in meant_by(c["noun"])}
        ] or false
    if not false:
        return None
    return Sentence(None, phrase(rng, pick(rng, false), cast), (), lacks=_ALONE[name])


def _motions_for(noun: str, cast: list[Described]) -> tuple[str, ...]:
    """Motions that can be surely false; who walks in a photograph seems to go somewhere."""
    return _NEVER_SEEMING if _is_photographed(noun, cast) else MOTIONS


def _is_photographed(noun: str, cast: list[Described]) -> bool:
    return any(one.depth is None and one.category in meant_by(noun) for one in cast)
