"""Everyone and everything in a scene, as sentences may speak of them."""

import math

from cstm.data.composed.clues import Described
from cstm.data.composed.colours import ANY_COLOUR
from cstm.data.composed.figures import Figure
from cstm.data.composed.motion import AFTER, BEFORE
from cstm.data.composed.scene import Box, Scene
from cstm.data.language.clues import PLACES, places
from cstm.data.language.nouns import noun_of

_SMALL = 500
"""Pixels of the scene below which what a photograph holds is too small for its colour."""
_LEAST_AREA = 0.012
"""Share of the picture from which on what a photograph holds is spoken of."""
_CLOSE_UP_AREA = 0.1
"""The same for what the picture's border cuts."""


def describe_cast(scene: Scene) -> list[Described]:
    """Describe the actors, in their order, and then the backdrop's figures, in theirs."""
    cast = []
    for depth, actor in enumerate(scene.actors):
        sizes = [max(actor.size) * actor.motion.scale(time) for time in (BEFORE, AFTER)]
        at, maybe_at = _places(scene, actor.box().common(scene.frame))
        cast.append(
            Described(
                category=actor.figure.category,
                words=noun_of(actor.figure.category).words,
                colour=actor.figure.relit.clear,
                colours=actor.figure.relit.possible,
                sizes=(min(sizes), max(sizes)),
                motion=actor.motion.name,
                at=at,
                maybe_at=maybe_at,
                box=_shares(scene, actor.box()),
                depth=depth,
                is_clear=True,
                pace=math.hypot(*actor.motion.velocity) / max(actor.size),
            )
        )
    return cast + [_describe_figure(scene, figure) for figure in scene.backdrop.figures]


def _describe_figure(scene: Scene, figure: Figure) -> Described:
    """Describe what a photograph holds; what is out of the picture may yet come into it."""
    whole = scene.backdrop.box(figure)
    box = whole.common(scene.frame)
    area = box.area * figure.cover
    frame = scene.frame.area
    long = max(box.right - box.left, box.bottom - box.top)
    seen = box.area / max(1e-6, whole.area)
    in_view = seen >= 0.7 and min(box.right - box.left, box.bottom - box.top) >= 16
    hidden = sum(box.common(actor.box()).area for actor in scene.actors)
    is_close_up = seen >= 0.3 and area >= _CLOSE_UP_AREA * frame
    is_clear = (
        (in_view or is_close_up)
        and not figure.instance.crowd
        and _LEAST_AREA * frame <= area <= 0.85 * frame
        and hidden <= 0.2 * box.area
    )
    colours = figure.colours
    if area < _SMALL or not in_view:
        colours = ANY_COLOUR
    at, maybe_at = _places(scene, box if box.area else whole)
    if figure.instance.crowd:
        # Who is in it may be of any size, anywhere in it.
        maybe_at = frozenset(PLACES)
    return Described(
        category=figure.category,
        words=noun_of(figure.category).words,
        colour=colours.clear if is_clear else None,
        colours=colours.possible,
        sizes=(0.9 * long, 1.1 * long) if in_view and not figure.instance.crowd else (1.0, 1000.0),
        motion="still",
        at=at if is_clear else frozenset(),
        maybe_at=maybe_at,
        box=_shares(scene, box if box.area else whole),
        depth=None,
        is_clear=is_clear,
        is_crowd=figure.instance.crowd,
    )


def _places(scene: Scene, box: Box) -> tuple[frozenset[str], frozenset[str]]:
    shares = _shares(scene, box)
    at, maybe_at = places([shares.middle])
    if shares.right - shares.left > 0.6:
        # What is nearly as wide as the picture is on no side of it; as tall, neither up nor down.
        at -= {"left", "right"}
        maybe_at |= {"left", "right", "middle"}
    if shares.bottom - shares.top > 0.6:
        at -= {"top", "bottom"}
        maybe_at |= {"top", "bottom", "middle"}
    return at, maybe_at


def _shares(scene: Scene, box: Box) -> Box:
    width, height = scene.width, scene.height
    return Box(box.left / width, box.top / height, box.right / width, box.bottom / height)
