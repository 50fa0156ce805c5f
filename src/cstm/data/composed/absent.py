"""Sentences about nobody in a clip: surely false of everyone, and yet not far from true."""

from collections.abc import Sequence
from typing import Literal

from numpy.random import Generator

from cstm.data.composed.clues import Clues, Described, fits_anyone
from cstm.data.composed.motion import MOTIONS
from cstm.data.composed.phrases import phrase
from cstm.data.composed.sentences import Lack, Sentence, choose_clues, options
from cstm.data.draws import pick
from cstm.data.language.meanings import meant_by
from cstm.data.language.nouns import noun_of

_NEVER_SEEMING = ("spinning", "rolling left", "rolling right")
"""Motions that no one in a photograph seems to do."""

_ALONE: dict[str, Lack] = {
    "noun": "class alone", "colour": "colour alone", "motion": "motion alone"
}  # fmt: skip


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
                clues["colour"] = pick(rng, colours)
            else:
                clues["motion"] = pick(rng, _motions_for(one.words[0], cast))
        elif nouns:
            clues, lacks = {"noun": pick(rng, nouns)}, "class"
            if rng.random() < 0.5:
                clues["motion"] = pick(rng, MOTIONS)
        else:
            return None
        if fits_anyone(clues, cast):
            continue
        if rng.random() < 0.2:
            clues["place"] = pick(rng, ("left", "right", "middle"))
        return Sentence(None, phrase(rng, clues, cast), (), lacks=lacks)
    return None


def describe_other_action(rng: Generator, cast: list[Described]) -> Sentence | None:
    """A sentence about what somebody does, but with a motion that is nobody's; None without one.

    It is of a class of which the photograph shows nobody.
    """
    movers = [one for one in cast if one.is_clear and not _is_photographed(one.words[0], cast)]
    for _ in range(6 if movers else 0):
        one = pick(rng, movers)
        clues: Clues = {"noun": one.words[0], "motion": pick(rng, (*MOTIONS, "moving"))}
        if fits_anyone(clues, cast):
            continue
        if one.colour and rng.random() < 0.3:
            clues["colour"] = one.colour
        elif rng.random() < 0.2:
            clues["place"] = pick(rng, ("left", "right", "middle"))
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
    true = choose_clues(rng, found, cast[number])
    if name == "motion":
        sure = _motions_for(true["noun"], cast)
        values = [value for value in values if value in sure]
    changed: list[Clues] = [{**true, name: value} for value in values]
    false = [clues for clues in changed if not fits_anyone(clues, cast)]
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
