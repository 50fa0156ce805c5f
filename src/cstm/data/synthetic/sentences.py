"""Sentences in A2D's manner, each of which singles out one actor of a clip.

A sentence is a set of clues put into words. A clue that is surely true of the actor meant must be
surely false of another to rule it out: "small" does not rule out a medium one, nor "white" one
that is white and brown, nor "on the left" one near the middle.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from numpy.random import Generator

from cstm.data.draws import choose_from, pick
from cstm.data.language.clues import PLACES, fewest, kinds_of, with_article, without
from cstm.data.sample import Tag
from cstm.data.synthetic.actions import Motion
from cstm.data.synthetic.look import Look

ClueName = Literal["noun", "colour", "size", "action", "direction", "place"]

TAG_OF: dict[ClueName, Tag] = {
    "noun": "appearance", "colour": "appearance", "size": "appearance",
    "action": "action", "direction": "action", "place": "place",
}  # fmt: skip

_PLACE_ONLY = 0.15
"""Share of a pair's members whose second sentence tells them by place, not motion (if it can)."""


@dataclass(frozen=True)
class Described:
    """What can be said of an actor."""

    look: Look
    motion: Motion
    at: frozenset[str]
    """Places it is surely at in every annotated frame."""
    maybe_at: frozenset[str]
    """Places one could say it is at in some annotated frame."""


@dataclass(frozen=True)
class Sentence:
    """A query, what tells the actor meant apart, and the one only motion tells it from."""

    actor: int
    text: str
    tags: tuple[Tag, ...]
    look_alike: int | None = None


Clues = dict[ClueName, str]

_WIDER = {"baby": "adult"}
"""Whom one might call a person, as an adult of either sex is called."""


def fits(clues: Clues, one: Described) -> bool:
    """Whether one could say all this of an actor."""
    look, motion = one.look, one.motion
    answers: dict[ClueName, bool] = {
        "noun": clues.get("noun") in (look.kind, look.actor, _WIDER.get(look.actor)),
        "colour": set(clues.get("colour", "").split("+")) <= set(look.colours),
        "size": look.size in (clues.get("size"), "medium"),
        "action": motion.action == clues.get("action")
        or (clues.get("action") == "moving" and motion.action != "none"),
        "direction": motion.direction == clues.get("direction"),
        "place": clues.get("place") in one.maybe_at,
    }
    return all(answers[name] for name in clues)


def describe(
    rng: Generator, cast: list[Described], pair: tuple[int, int] | None
) -> list[Sentence] | None:
    """One or two sentences for every actor; None where some actor can't be singled out."""
    sentences: list[Sentence] = []
    for target in range(len(cast)):
        options = _options(rng, cast, target)
        if pair and target in pair:
            partner = pair[1 - pair.index(target)]
            by_motion = [o for o in options if _only_motion_tells(o, cast[partner])]
            by_place = [o for o in options if not fits(without(o, "action", TAG_OF), cast[partner])]
        else:
            partner, by_motion, by_place = None, options, []
        if not by_motion:
            return None
        for number in range(1 + int(rng.random() < 0.6)):
            if number and by_place and rng.random() < _PLACE_ONLY / 0.6:
                clues = pick(rng, by_place)
            else:
                clues = _choose(rng, by_motion)
            text = phrase(rng, clues, cast[target])
            if any(s.text == text for s in sentences):
                continue
            alike = partner if clues in by_motion else None
            sentences.append(Sentence(target, text, tags(clues, cast, target), alike))
    return sentences


def _only_motion_tells(clues: Clues, partner: Described) -> bool:
    return "place" not in clues and fits(without(clues, "action", TAG_OF), partner)


def _options(rng: Generator, cast: list[Described], target: int) -> list[Clues]:
    """All sets of clues that single out one actor."""
    look, motion, at = cast[target].look, cast[target].motion, cast[target].at
    noun = look.actor if look.actor == "adult" and rng.random() < 0.2 else look.kind
    extra: Clues = {"colour": "+".join(look.colours), "action": motion.action}
    if look.size != "medium":
        extra["size"] = look.size
    if motion.direction != "in place" or motion.action == "jumping":
        extra["direction"] = motion.direction
    if at:
        extra["place"] = pick(rng, sorted(at))
    found: list[Clues] = []
    for count in range(len(extra) + 1):
        for names in combinations(extra, count):
            clues: Clues = {"noun": noun, **{name: extra[name] for name in names}}
            if "direction" in clues and "action" not in clues:
                if motion.direction == "in place":
                    continue
                clues["action"] = "moving"
            if not any(fits(clues, other) for i, other in enumerate(cast) if i != target):
                found.append(clues)
    return found


def _choose(rng: Generator, options: list[Clues]) -> Clues:
    """Mostly a short set of clues, sometimes a redundant one; action is spoken of often."""
    weights = [
        (1.0 if rng.random() < 0.3 else 0.45 ** len(o)) * (1.6 if "action" in o else 1.0)
        for o in options
    ]
    return choose_from(rng, options, weights)


def tags(clues: Clues, cast: list[Described], target: int) -> tuple[Tag, ...]:
    """The fewest kinds of clues that suffice; where several choices do, all of these kinds."""
    others = [one for number, one in enumerate(cast) if number != target]

    def suffice(kinds: tuple[Tag, ...]) -> bool:
        chosen: Clues = {n: value for n, value in clues.items() if TAG_OF[n] in kinds}
        return bool(kinds) and not any(fits(chosen, one) for one in others)

    return fewest(kinds_of(clues, TAG_OF), suffice)


_NOUNS = {
    "man": ("man", "man", "guy"), "woman": ("woman", "woman", "lady"), "adult": ("person",),
    "baby": ("baby", "baby", "child"), "bird": ("bird",), "ball": ("ball",),
    "car": ("car",), "cat": ("cat", "cat", "kitty"), "dog": ("dog", "dog", "puppy"),
}  # fmt: skip
_SIZES = {"small": ("small", "little"), "big": ("big", "large")}
_WAYS = {
    "left": ("to the left", "to the left", "towards the left", "left"),
    "right": ("to the right", "to the right", "towards the right", "right"),
    "up": ("up", "upwards"), "down": ("down", "downwards"),
    "in place": ("in place", "on the spot"),
}  # fmt: skip


def phrase(rng: Generator, clues: Clues, one: Described) -> str:
    """The clues in words."""
    noun = pick(rng, _NOUNS[clues["noun"]])
    before, after = [], []
    if "size" in clues:
        before.append(pick(rng, _SIZES[clues["size"]]))
    if "colour" in clues:
        colour = clues["colour"].replace("+", " and ")
        if one.look.actor in ("adult", "baby"):
            wear = {"man": (" shirt", " shirt", ""), "woman": (" dress", " dress", "")}
            after.append(f"in {colour}{pick(rng, wear.get(one.look.kind, (' clothes', '')))}")
        else:
            before.append(colour)
    article = pick(rng, ("the", "the", "a", ""))
    subject = with_article(article, " ".join([*before, noun, *after]))
    where = pick(rng, PLACES[clues["place"]]) if "place" in clues else ""
    if "action" not in clues:
        link = pick(rng, ("", "is")) if where else ""
        return " ".join(filter(None, (subject, link, where)))
    does = pick(rng, _verbs(clues["action"], one))
    if "direction" in clues:
        does += f" {pick(rng, _WAYS[clues['direction']])}"
    link = pick(rng, ("is", "is", "", "that is", "which is"))
    if where and rng.random() < 0.4:
        parts = (subject, link, does, where)
    else:
        parts = (subject, where, link, does)
    return " ".join(filter(None, parts))


def _verbs(action: str, one: Described) -> tuple[str, ...]:
    actor, pose = one.look.actor, one.motion.pose
    if action == "none":
        if pose == "sit":
            return ("sitting", "sitting", "sitting still", "not moving")
        if pose == "stand" and actor == "car":
            return ("parked", "not moving")
        if pose == "stand" and actor != "ball":
            return ("standing", "standing still", "not moving")
        return ("not moving", "not moving", "staying still")
    special = {
        ("car", "running"): ("running", "driving"), ("bird", "eating"): ("eating", "pecking"),
        ("ball", "jumping"): ("jumping", "bouncing"),
    }  # fmt: skip
    return special.get((actor, action), (action,))
