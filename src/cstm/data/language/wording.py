"""Sentences as people say them: an augmentation of words for training.

Generated sentences say nothing but what singles out an actor. People also say where all of it
happens and what the actor has to do with whom, and a network that has never read such words takes
the last noun for the actor: the ball, where a girl catches it. What is added here is drawn by lot
and mostly untrue, so that nothing can be learned from it but that it tells nobody from anybody.
"""

import re
from collections.abc import Sequence

from numpy.random import Generator

from cstm.data.draws import choose, pick
from cstm.data.language.clues import with_article
from cstm.data.language.nouns import CATEGORIES, noun_of

SURROUNDINGS = (
    "on the grass", "on the lawn", "in the grass", "on the road", "on the street", "in the street",
    "on the sidewalk", "on the path", "on the ground", "on the floor", "on the sand",
    "on the beach", "on the snow", "in the snow", "on the ice", "in the water", "on the water",
    "in the park", "in the garden", "in the yard", "in the field", "on the field",
    "in the forest", "in the woods", "in the room", "in the kitchen", "in the city",
    "in the desert", "on the hill", "on the stage", "on the playground", "in the air",
    "in the sun", "in the rain", "at night", "outside",
)  # fmt: skip
DOINGS = (
    "playing", "looking around", "watching", "waiting", "dancing",
    "talking", "smiling", "resting", "working", "performing", "practicing", "training",
)  # fmt: skip
COMPANIES = (
    "with {}", "with {}", "near {}", "next to {}", "on {}", "holding {}", "carrying {}",
    "riding {}", "catching {}", "throwing {}", "kicking {}", "pushing {}", "pulling {}",
    "chasing {}", "following {}", "watching {}", "looking at {}", "playing with {}",
)  # fmt: skip
OUTFITS = (
    "with long hair", "with short hair", "with glasses", "with a hat", "with a helmet",
    "wearing a hat", "wearing a cap", "wearing a helmet", "wearing glasses",
    "in a suit", "in a dress", "in a jacket", "in shorts", "in a uniform",
)  # fmt: skip
_PEOPLE = ("man", "woman", "boy", "girl", "guy", "lady", "player", "human")

_KINDS = {"nothing": 0.7, "surroundings": 0.09, "doings": 0.04, "companies": 0.14, "outfits": 0.03}
_PEOPLE_SHARE = 0.3
"""Share of sentences that call a person something else."""
_PRESENT_SHARE = 0.6
"""Share of company that is in the picture, and could be taken for the actor."""


WORDS = (
    *SURROUNDINGS, *DOINGS, *(company.format("a an the") for company in COMPANIES), *OUTFITS,
    *_PEOPLE, *(word for category in CATEGORIES for word in noun_of(category).words),
)  # fmt: skip
"""All that may be said besides, for a vocabulary."""

# Of classes that share a word the first one, COCO's.
_CLASSES = {word: category for category in reversed(CATEGORIES) for word in noun_of(category).words}
_NAME = re.compile(rf"\b({'|'.join(sorted(map(re.escape, _CLASSES), key=len, reverse=True))})\b")


def reword(
    rng: Generator,
    sentence: str,
    actor: str | None,
    present: Sequence[str],
    is_renamed: bool = True,
) -> str:
    """A sentence that means the same actor as before, or still nobody.

    Args:
        rng: what decides.
        sentence: what was said.
        actor: class of the actor meant; None where it is nobody, or not known: then it is the class
            that the sentence names first, or what is added would tell who is there.
        present: classes of what else is in the picture.
        is_renamed: whether a person may be called something else.
    """
    if actor is None and (noun := noun_in(sentence)):
        actor = _CLASSES[noun]
    if rng.random() < _PEOPLE_SHARE and is_renamed:
        sentence = re.sub(r"\bperson\b", pick(rng, _PEOPLE), sentence, count=1)
    match choose(rng, _KINDS):
        case "surroundings":
            return f"{sentence} {pick(rng, SURROUNDINGS)}"
        case "doings":
            return f"{sentence} {pick(rng, DOINGS)}"
        case "outfits" if actor == "person":
            return f"{sentence} {pick(rng, OUTFITS)}"
        case "companies":
            others = [c for c in present if c != actor]
            is_present = others and rng.random() < _PRESENT_SHARE
            company = pick(rng, others if is_present else CATEGORIES)
            if company != actor:
                named = with_article(pick(rng, ("a", "the")), pick(rng, noun_of(company).words))
                return f"{sentence} {pick(rng, COMPANIES).format(named)}"
    return sentence


def noun_in(sentence: str) -> str | None:
    """What a generated sentence calls its actor: the first name of a class in it."""
    named = list(_NAME.finditer(sentence))[:2]
    if len(named) == 2 and named[0][0] == "orange" and named[0].end() + 1 == named[1].start():
        return named[1][0]  # the orange bus
    return named[0][0] if named else None
