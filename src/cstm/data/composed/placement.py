"""Puts cut-outs on a backdrop: how large, how near, where, and so that they stay in view."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from numpy.random import Generator

from cstm.data.composed.backdrop import draw_backdrop, draw_picture
from cstm.data.composed.camera import Camera, draw_camera
from cstm.data.composed.figures import Figure
from cstm.data.composed.motion import AFTER, BEFORE, Motion, draw_motion, draw_partner
from cstm.data.composed.scene import Actor, Box, Scene
from cstm.data.composed.stock import Stock
from cstm.data.draws import choose, pick
from cstm.data.language.nouns import noun_of

Kind = Literal["look-alikes", "composed", "whole"]

_STATIC_SHARE: dict[Kind, float] = {"look-alikes": 0.5, "composed": 0.35, "whole": 0.2}
_WIDE, _TALL = ((320, 240), (320, 180)), ((240, 320),)
_NEAR, _FAR = 0.28, 0.12
"""Shares of composed clips with one actor that may fill the picture, and with all of them far."""
_TRIES = 16


def draw_scene(
    rng: Generator, stock: Stock, kind: Kind, motions: Mapping[str, float]
) -> Scene | None:
    """Draw a scene of a kind, its motions by these shares; None where not all found a place."""
    figures, names = _draw_roles(rng, stock, kind, motions)
    picture = draw_picture(rng, stock, frozenset(figure.category for figure in figures))
    if not picture:
        return None
    photograph = picture[0].photograph
    sizes = _TALL if photograph.height > photograph.width else _WIDE
    width, height = pick(rng, sizes)
    longs = _draw_sizes(rng, figures, min(width, height), alike=kind == "look-alikes")
    drawn = _draw_motions(rng, figures, names, longs)
    camera = Camera()
    if rng.random() >= _STATIC_SHARE[kind]:
        camera = draw_camera(rng, drawn[0].velocity if drawn else None)
    backdrop = draw_backdrop(rng, picture, camera, (width, height), whole=kind == "whole")
    scene = Scene(width, height, backdrop, (), camera)
    actors: list[Actor] = []
    for figure, motion, long in zip(figures, drawn, longs, strict=True):
        actor = _place(rng, scene, actors, figure, motion, long, alike=kind == "look-alikes")
        if actor is None:
            return None
        actors.append(actor)
    # Who stands lower is nearer, and drawn later.
    return replace(scene, actors=tuple(sorted(actors, key=lambda actor: actor.box().bottom)))


def _draw_roles(
    rng: Generator, stock: Stock, kind: Kind, motions: Mapping[str, float]
) -> tuple[list[Figure], list[str]]:
    """Who takes part, and the names of their motions; the first two of look-alikes are one."""
    if kind == "whole":
        return [], []
    figures = [stock.draw_cutout(rng, stock.draw_category(rng))]
    names = [choose(rng, motions)]
    count = choose(rng, {1: 0.25, 2: 0.4, 3: 0.25, 4: 0.1})
    if kind == "look-alikes":
        figures.append(figures[0])
        names.append(draw_partner(rng, names[0]))
        count = choose(rng, {2: 0.7, 3: 0.3})
    while len(figures) < count:
        category = figures[0].category if rng.random() < 0.4 else stock.draw_category(rng)
        figures.append(stock.draw_cutout(rng, category))
        is_rival = category == figures[0].category and rng.random() < 0.7
        names.append(draw_partner(rng, names[0]) if is_rival else choose(rng, motions))
    return figures, names


def _draw_sizes(rng: Generator, figures: Sequence[Figure], side: int, alike: bool) -> list[float]:
    """Long sides in pixels: by the class's own size, much evened out, and by distance."""
    chance = float(rng.random())
    is_far = chance < _FAR
    is_near = not alike and chance > 1 - _NEAR
    distance = float(rng.uniform(0.18, 0.34) if is_far else rng.uniform(0.34, 0.66))
    longs = []
    for number, figure in enumerate(figures):
        if alike and number < 2:
            share = distance * float(rng.uniform(0.92, 1.08))
        else:
            share = distance * float(rng.uniform(0.7, 1.4))
            share = min(0.7, max(0.16 if is_far else 0.28, share))
        long = side * share * (noun_of(figure.category).reach / 1.7) ** 0.3
        long = min(max(long, 36.0 if is_far else 52.0), 0.75 * side)
        if is_near and number == 0:
            long = side * float(rng.uniform(0.75, 1.4))
        longs.append(min(long, 1.6 * max(figure.size)))
    return longs


def _draw_motions(
    rng: Generator, figures: Sequence[Figure], names: Sequence[str], longs: Sequence[float]
) -> list[Motion]:
    motions = [
        draw_motion(rng, name, long, noun_of(figure.category).kind in ("person", "animal"))
        for figure, name, long in zip(figures, names, longs, strict=True)
    ]
    # The pose in the target frame should not tell who of a class turns.
    turning = {f.category for f, motion in zip(figures, motions, strict=True) if motion.angle}
    return [
        replace(motion, angle=motion.angle or float(rng.uniform(-180, 180)))
        if figure.category in turning
        else motion
        for figure, motion in zip(figures, motions, strict=True)
    ]


def _place(
    rng: Generator,
    scene: Scene,
    placed: Sequence[Actor],
    figure: Figure,
    motion: Motion,
    long: float,
    alike: bool,
) -> Actor | None:
    """Find an actor a place where it is in view and not much covered; None where there is none."""
    scale = long / max(figure.size)
    size = (figure.size[0] * scale, figure.size[1] * scale)
    actor = Actor(figure, motion, (0.0, 0.0), size, bool(rng.integers(2)))
    box = actor.box()
    wide, high = box.right - box.left, box.bottom - box.top
    if long > 0.75 * min(scene.width, scene.height):
        return _place_near(rng, scene, placed, actor)
    if high > scene.height:
        return None
    # Large ones are near, and near ones stand low.
    ground = 0.55 + 0.5 * long / min(scene.width, scene.height)
    for _ in range(_TRIES):
        x = float(rng.uniform(0.42 * wide, scene.width - 0.42 * wide))
        bottom = scene.height * (ground + float(rng.uniform(-0.2, 0.15)))
        if motion.name in ("up", "down", "jumping") or alike:
            bottom = float(rng.uniform(high, scene.height))
        y = min(max(bottom - high / 2, 0.42 * high), scene.height - 0.42 * high)
        actor = replace(actor, middle=(x, y))
        if _in_view(scene, actor) and _apart(actor, placed, alike):
            return actor
    return None


def _place_near(
    rng: Generator, scene: Scene, placed: Sequence[Actor], actor: Actor
) -> Actor | None:
    """Find a place for an actor that fills much of the picture, and may be cut by its border."""
    box = actor.box()
    high = box.bottom - box.top
    for _ in range(_TRIES):
        x = scene.width * float(rng.uniform(0.25, 0.75))
        y = scene.height * float(rng.uniform(0, 0.3)) + high / 2
        if high < scene.height:
            y = float(rng.uniform(high / 2, scene.height - 0.4 * high))
        actor = replace(actor, middle=(x, y))
        if _in_view(scene, actor, 0.6) and _apart(actor, placed, alike=False):
            return actor
    return None


def _in_view(scene: Scene, actor: Actor, now: float = 0.85) -> bool:
    """Whether enough of an actor is in the picture at the target frame and at both ends."""
    for time, least in ((0, now), (BEFORE, 0.45), (AFTER, 0.45)):
        box = seen_at(scene, actor.box(time), time)
        if box.common(scene.frame).area < least * min(box.area, 0.8 * scene.frame.area):
            return False
    return True


def seen_at(scene: Scene, box: Box, time: int) -> Box:
    """A box of the scene in the picture of a frame, the camera's roll left out."""
    if time == 0 or scene.camera.is_static:
        return box
    matrix = scene.camera.to_picture(time, scene.width, scene.height)
    x, y = box.middle
    half = (box.right - box.left) / 2, (box.bottom - box.top) / 2
    scale = float(matrix[0, 0])
    x, y = (float(v) for v in matrix @ (x, y, 1.0))
    return Box(x - scale * half[0], y - scale * half[1], x + scale * half[0], y + scale * half[1])


def _apart(actor: Actor, placed: Sequence[Actor], alike: bool) -> bool:
    for other in placed:
        most = 0.06 if alike and other.figure is actor.figure else 0.25
        if actor.box().overlap(other.box()) > most:
            return False
        if any(actor.box(time).overlap(other.box(time)) > 0.5 for time in (BEFORE, AFTER)):
            return False
    return True
