"""What a clip will show and what is said of it, before any pixel is drawn."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from cstm.data.composed.absent import describe_absent, describe_almost, describe_other_action
from cstm.data.composed.cast import describe_cast
from cstm.data.composed.clues import Described
from cstm.data.composed.placement import Kind, draw_scene
from cstm.data.composed.scene import Scene
from cstm.data.composed.sentences import Sentence, describe
from cstm.data.composed.stock import Stock, may_hold
from cstm.data.draws import choose, pick
from cstm.data.language.clues import COLOURS
from cstm.data.language.meanings import BROADER, meant_by
from cstm.data.language.nouns import CATEGORIES, COCO_CLASSES, COCO_KINDS, noun_of

KINDS: dict[Kind, float] = {"look-alikes": 0.32, "composed": 0.38, "whole": 0.3}
"""Shares of the kinds of clips: the same cut-out twice, several on a photograph, a photograph."""
_CHANCES = {"person": 1.0, "animal": 0.8, "vehicle": 0.8, "thing": 0.2, "fixture": 0.1}
"""Of a class to be named where it is not in the clip."""
_MOST_TARGETS = 4
_TRIES = 80


@dataclass(frozen=True)
class Plan:
    """A scene and the sentences about it.

    The cast is the scene's actors, then the backdrop's figures; a sentence's actor is the number
    of a member, counted from 0.
    """

    kind: Kind
    scene: Scene
    cast: tuple[Described, ...]
    sentences: tuple[Sentence, ...]


def draw_plan(rng: Generator, stock: Stock, motions: Mapping[str, float]) -> Plan | None:
    """Draw what a clip will show; None where nothing was found of which one can speak.

    Motions are drawn by these shares. A kind of clip for which the photographs give nothing makes
    place for another.
    """
    kind = choose(rng, KINDS)
    for number in range(_TRIES):
        if number and number % (_TRIES // 4) == 0:
            kind = choose(rng, KINDS)
        scene = draw_scene(rng, stock, kind, motions)
        if scene is None:
            continue
        cast = describe_cast(scene)
        if scene.held & {meant for one in cast for word in one.words for meant in meant_by(word)}:
            # Sentences know nothing of the driver in a bus who could be meant, too.
            continue
        targets = _targets(rng, scene, cast, kind)
        sentences = describe(rng, cast, targets, pair=kind == "look-alikes") if targets else None
        if not sentences:
            continue
        of_nobody = [
            describe_absent(rng, cast, _absent_nouns(rng, scene), COLOURS),
            describe_other_action(rng, cast),
            describe_almost(rng, cast, "noun", _other_nouns(rng, stock, scene)),
            describe_almost(rng, cast, "colour", _other_colours(rng, stock))
            or describe_almost(rng, cast, "motion", [choose(rng, motions) for _ in range(3)]),
        ]
        sentences += [sentence for sentence in of_nobody if sentence]
        return Plan(kind, scene, tuple(cast), tuple(sentences))
    return None


def _targets(rng: Generator, scene: Scene, cast: list[Described], kind: Kind) -> list[int]:
    """Whom sentences are to be about, look-alikes first; none where the clip is of no use."""
    actors = range(len(scene.actors))
    first: list[int] = list(actors)
    if kind == "look-alikes":
        cutouts = [actor.figure for actor in scene.actors]
        twins = [n for n in actors if sum(cutout is cutouts[n] for cutout in cutouts) > 1]
        if len(twins) != 2:
            return []
        first = twins + [number for number in actors if number not in twins]
    rest = [
        n for n in range(len(actors), len(cast)) if cast[n].is_clear and _is_worth(rng, cast[n])
    ]
    if actors and rng.random() < 0.6:
        rest = []
    return (first + [rest[int(i)] for i in rng.permutation(len(rest))])[:_MOST_TARGETS]


def _is_worth(rng: Generator, one: Described) -> bool:
    """Persons, animals and vehicles always, fixtures now and then."""
    chance = {"thing": 0.6, "fixture": 0.25}.get(noun_of(one.category).kind, 1.0)
    return rng.random() < chance


def _other_nouns(rng: Generator, stock: Stock, scene: Scene) -> list[str]:
    """Words for classes of which surely nothing is in the clip, drawn as those of actors are."""
    drawn = [pick(rng, noun_of(stock.draw_category(rng)).words) for _ in range(12)]
    return [word for word in drawn if _is_absent(word, scene)]


def _other_colours(rng: Generator, stock: Stock) -> list[str]:
    """Colours, drawn as those of actors are."""
    drawn = [stock.draw_cutout(rng, stock.draw_category(rng)).relit.clear for _ in range(20)]
    return [colour for colour in drawn if colour]


def _absent_nouns(rng: Generator, scene: Scene) -> list[str]:
    """Words for classes of which surely nothing is in the clip; persons and animals more often."""
    marked = scene.backdrop.photograph.categories
    kinds = Counter(noun_of(category).kind for category in marked)
    nouns = []
    for category in (*(c for c in CATEGORIES if c in marked), *sorted(marked - set(CATEGORIES))):
        noun = noun_of(category)
        word = noun.words[0]
        if _is_absent(word, scene):
            # However many classes are known, no kind is named more often than with COCO's alone.
            chance = _CHANCES[noun.kind] * min(1, COCO_KINDS[noun.kind] / kinds[noun.kind])
            nouns += [word] * int(rng.random() < chance)
            nouns += [word] * (8 if noun.kind == "person" else 0)
    return nouns


def _is_absent(word: str, scene: Scene) -> bool:
    """Whether surely nothing in the clip is called so.

    Only of classes that the photograph's file marks is it known that they are not in it.
    """
    if word in BROADER:
        return False
    meant = meant_by(word)
    present = scene.held | {actor.figure.category for actor in scene.actors}
    is_known = meant & COCO_CLASSES <= scene.backdrop.photograph.categories
    return is_known and not present & meant and not may_hold(list(scene.backdrop.figures), meant)
