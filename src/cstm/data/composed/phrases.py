"""Clues put into words."""

from numpy.random import Generator

from cstm.data.composed.clues import Clues, Described
from cstm.data.draws import pick
from cstm.data.language.clues import PLACES, with_article
from cstm.data.language.meanings import meant_by
from cstm.data.language.nouns import CATEGORIES, noun_of

_SIZES = {"small": ("small", "little", "smaller"), "big": ("big", "large", "bigger")}
_RELATIONS = {
    "left of": ("to the left of", "left of", "on the left of"),
    "right of": ("to the right of", "right of", "on the right of"),
    "in front of": ("in front of",), "behind": ("behind",),
}  # fmt: skip
_SIDES = ("to the {}", "to the {}", "towards the {}", "{}")
_MOTIONS = {
    "left": ("moving <left>", "moving <left>", "going <left>", "heading <left>"),
    "right": ("moving <right>", "moving <right>", "going <right>", "heading <right>"),
    "up": ("moving up", "going up", "moving upwards", "rising"),
    "down": ("moving down", "going down", "sinking"),
    "still": ("not moving", "not moving", "staying still", "still"),
    "spinning": ("spinning", "spinning around", "rotating", "turning around"),
    "closer": ("coming closer", "getting closer", "moving closer", "approaching"),
    "away": ("moving away", "going away", "moving farther away"),
    "jumping": ("jumping", "jumping up and down", "bouncing", "hopping"),
    "rolling left": ("rolling <left>", "rolling over <left>"),
    "rolling right": ("rolling <right>", "rolling over <right>"),
    "moving": ("moving", "moving around"),
}
_WALKS = {
    "person": ("walking", "walking", "running"), "animal": ("walking", "walking", "running"),
    "vehicle": ("driving", "driving"), "thing": (), "fixture": (),
}  # fmt: skip
_FLIERS = ("bird", "airplane", "helicopter", "kite", "frisbee")
_FLOATERS = ("boat", "surfboard", "snake")
_SWIMMERS = ("fish", "shark", "dolphin", "whale", "seal")


_RUNNING = 0.06
"""Long sides a frame from which on one runs: 2.5 metres a second of a person, at 25 frames."""


def phrase(
    rng: Generator, clues: Clues, cast: list[Described], meant: Described | None = None
) -> str:
    """The clues in words, about a member of the cast or nobody."""
    noun = clues["noun"]
    before, after = [], []
    if "size" in clues:
        before.append(pick(rng, _SIZES[clues["size"]]))
    if "colour" in clues:
        if "person" in meant_by(noun):
            wear = ("in {}", "in {}", "in {} clothes", "wearing {}", "dressed in {}")
            after.append(pick(rng, wear).format(clues["colour"]))
        else:
            before.append(clues["colour"])
    article = pick(rng, ("the", "the", "a", ""))
    if noun == "someone":
        article = "" if not before else article
        noun = noun if not before else "person"
    subject = with_article(article, " ".join([*before, noun, *after]))
    where = ""
    if "relation" in clues:
        relation, landmark = clues["relation"].split("/")
        said = pick(rng, _RELATIONS[relation])
        if "motion" in clues:
            # "Moving to the left of the car" would be a direction.
            said = _RELATIONS[relation][-1]
        where = f"{said} the {cast[int(landmark)].words[0]}"
    if "place" in clues:
        where = f"{pick(rng, PLACES[clues['place']])} {where}".strip()
    link = pick(rng, ("is", "is", "", "that is"))
    if "motion" not in clues:
        return " ".join(filter(None, (subject, link if where and link != "that is" else "", where)))
    does = _verb(rng, clues["motion"], noun, meant)
    # After a landmark the motion would be the landmark's.
    does_first = rng.random() < 0.35 or "relation" in clues
    parts = (subject, link, does, where) if does_first else (subject, where, link, does)
    return " ".join(filter(None, parts))


def _usual(noun: str) -> str:
    """The class that is mostly called so."""
    known = sorted(meant_by(noun) & set(CATEGORIES))
    return min(known, key=lambda category: noun not in noun_of(category).words, default=noun)


def _verb(rng: Generator, motion: str, noun: str, meant: Described | None) -> str:
    choices = _MOTIONS[motion]
    pace = meant.pace if meant else None
    category = meant.category if meant else _usual(noun)
    if motion in ("left", "right"):
        walks = _WALKS[noun_of(category).kind]
        if category in _FLIERS:
            walks = ("flying",)
        elif category in _SWIMMERS:
            walks = ("swimming",)
        elif category in _FLOATERS:
            walks = ()
        elif pace is not None and "running" in walks:
            walks = ("running",) * 2 if pace >= _RUNNING else ("walking",) * 2
        choices += tuple(f"{walk} <{motion}>" for walk in walks)
    verb = pick(rng, choices)
    side = pick(rng, _SIDES)
    for name in ("left", "right"):
        verb = verb.replace(f"<{name}>", side.format(name))
    return verb
