"""Sentences in A2D's manner, each of which singles out one actor of a clip.

A sentence is a set of clues put into words. A clue that is surely true of the actor meant must be
surely false of another to rule it out: "small" does not rule out a medium one, nor "white" one
that is white and brown, nor "on the left" one near the middle.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from numpy.random import Generator

from cstm.data.draws import choose_from
from cstm.data.sample import TAGS, Tag
from cstm.data.synthetic.actions import Motion
from cstm.data.synthetic.look import Look

ClueName = Literal["noun", "colour", "size", "action", "direction", "place"]

TAG_OF: dict[ClueName, Tag] = {
    "noun": "appearance", "colour": "appearance", "size": "appearance",
    "action": "action", "direction": "action", "place": "place",
}  # fmt: skip
PLACES = ("left", "right", "top", "bottom", "middle")

_PLACE_ONLY = 0.15
"""Share of second sentences about one of a pair that tell it by its place, not its motion."""


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


Clues = dict[ClueName, str]


def fits(clues: Clues, one: Described) -> bool:
    """Whether one could say all this of an actor."""
    look, motion = one.look, one.motion
    answers: dict[ClueName, bool] = {
        "noun": clues.get("noun") in (look.kind, look.actor),
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
            by_place = [o for o in options if not fits(_without(o, "action"), cast[partner])]
        else:
            partner, by_motion, by_place = None, options, []
        if not by_motion:
            return None
        for number in range(1 + int(rng.random() < 0.6)):
            if number and by_place and rng.random() < _PLACE_ONLY / 0.6:
                clues = by_place[int(rng.integers(len(by_place)))]
            else:
                clues = _choose(rng, by_motion)
            text = phrase(rng, clues, cast[target])
            if any(s.text == text for s in sentences):
                continue
            alike = partner if clues in by_motion else None
            sentences.append(Sentence(target, text, tags(clues, cast, target), alike))
    return sentences


def _only_motion_tells(clues: Clues, partner: Described) -> bool:
    return "place" not in clues and fits(_without(clues, "action"), partner)


def _without(clues: Clues, tag: Tag) -> Clues:
    return {name: value for name, value in clues.items() if TAG_OF[name] != tag}


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
        extra["place"] = str(rng.choice(sorted(at)))
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
    used: list[Tag] = [tag for tag in TAGS if any(TAG_OF[name] == tag for name in clues)]
    for count in range(1, len(used) + 1):
        enough: set[Tag] = set()
        for kinds in combinations(used, count):
            chosen: Clues = {n: value for n, value in clues.items() if TAG_OF[n] in kinds}
            if not any(fits(chosen, one) for one in others):
                enough.update(kinds)
        if enough:
            return tuple(tag for tag in TAGS if tag in enough)
    raise AssertionError(f"{clues} do not single out an actor")


_NOUNS = {
    "man": ("man", "man", "guy"), "woman": ("woman", "woman", "lady"), "adult": ("person",),
    "baby": ("baby", "baby", "child"), "bird": ("bird",), "ball": ("ball",),
    "car": ("car",), "cat": ("cat", "cat", "kitty"), "dog": ("dog", "dog", "puppy"),
}  # fmt: skip
_SIZES = {"small": ("small", "little"), "big": ("big", "large")}
_PLACES = {
    "left": ("on the left", "on the left side"), "right": ("on the right", "on the right side"),
    "top": ("at the top", "on the top"), "bottom": ("at the bottom", "on the bottom"),
    "middle": ("in the middle", "in the center"),
}  # fmt: skip
_WAYS = {
    "left": ("to the left", "to the left", "towards the left", "left"),
    "right": ("to the right", "to the right", "towards the right", "right"),
    "up": ("up", "upwards"), "down": ("down", "downwards"),
    "in place": ("in place", "on the spot"),
}  # fmt: skip


def phrase(rng: Generator, clues: Clues, one: Described) -> str:
    """The clues in words."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    noun = pick(_NOUNS[clues["noun"]])
    before, after = [], []
    if "size" in clues:
        before.append(pick(_SIZES[clues["size"]]))
    if "colour" in clues:
        colour = clues["colour"].replace("+", " and ")
        if one.look.actor in ("adult", "baby"):
            wear = {"man": (" shirt", " shirt", ""), "woman": (" dress", " dress", "")}
            after.append(f"in {colour}{pick(wear.get(one.look.kind, (' clothes', '')))}")
        else:
            before.append(colour)
    article = pick(("the", "the", "a", ""))
    subject = " ".join([*before, noun, *after])
    if article == "a" and subject[0] in "aeiou":
        article = "an"
    subject = f"{article} {subject}".strip()
    where = pick(_PLACES[clues["place"]]) if "place" in clues else ""
    if "action" not in clues:
        link = pick(("", "is")) if where else ""
        return " ".join(filter(None, (subject, link, where)))
    does = pick(_verbs(clues["action"], one))
    if "direction" in clues:
        does += f" {pick(_WAYS[clues['direction']])}"
    link = pick(("is", "is", "", "that is", "which is"))
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
