"""Who plays in a clip: looks and motions, drawn by lot."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from cstm.data.draws import pick
from cstm.data.synthetic.actions import (
    UNSEEN_ACTIONS,
    UNSEEN_COLOURS,
    VALID,
    Motion,
    draw_motion,
    draw_pair,
    way_to,
)
from cstm.data.synthetic.look import FUR, KINDS, PALETTE, Look

SIZES = {"small": (0.22, 0.26), "medium": (0.27, 0.34), "big": (0.36, 0.45)}
"""Long side as a share of 1.3 × the picture's shorter side."""
RELATIVE_SIZE = {"ball": 0.62, "baby": 0.85, "bird": 0.9}
# Half width and half height in units of the long side, upright and in turned poses.
_EXTENT = {
    "adult": (0.22, 0.5), "baby": (0.26, 0.42), "ball": (0.5, 0.5), "bird": (0.42, 0.33),
    "car": (0.5, 0.22), "cat": (0.47, 0.27), "dog": (0.45, 0.3),
}  # fmt: skip
_LOW = {("adult", "crawl"): (0.45, 0.2), ("baby", "crawl"): (0.4, 0.28),
        ("adult", "roll"): (0.27, 0.28), ("adult", "sit"): (0.3, 0.3)}  # fmt: skip
LOW_POSES_SCALE = 1.3
_LEAP = {"ball": 0.55, "adult": 0.2, "baby": 0.2, "bird": 0.25, "car": 0.2, "cat": 0.2, "dog": 0.2}
"""Half the height of a jump."""


@dataclass(frozen=True)
class Actor:
    """One player: its looks, its motion, and where its middle is at the clip's middle frame."""

    look: Look
    motion: Motion
    position: tuple[float, float] = (0.0, 0.0)
    """Pixels from the middle of the picture at the clip's middle frame."""

    def extent(self) -> tuple[float, float]:
        """Half width and half height in pixels."""
        key = (self.look.actor, self.motion.pose)
        x, y = _LOW.get(key, _EXTENT[self.look.actor])
        if self.motion.pose in ("roll", "climb") and self.look.actor not in ("adult", "ball"):
            x, y = (y, x) if self.motion.pose == "climb" else (max(x, y) * 0.85,) * 2
        if self.motion.pose == "jump":
            y += _LEAP[self.look.actor]
        return x * self.look.scale, y * self.look.scale

    def ground_at(self, frames_from_middle: int, width: int) -> np.ndarray:
        """Where the figure's ground point is in the scene so many frames after the middle."""
        way = way_to(self.motion, frames_from_middle, width)
        return np.array(self.position) + way + (0.0, self.extent()[1])


def draw_cast(
    rng: Generator, novelty: tuple[str, str] | None, with_pair: bool, side: int
) -> list[Actor]:
    """Who plays, a look-alike pair first, the leading actor with ``novelty`` where given.

    ``side`` is the picture's shorter side in pixels.
    """
    actor = novelty[0] if novelty else pick(rng, list(VALID))
    new_action = novelty[1] if novelty in UNSEEN_ACTIONS else None
    new_colour = novelty[1] if novelty in UNSEEN_COLOURS else None
    crowd = int(rng.choice((0, 1, 2), p=(0.4, 0.38, 0.22)))
    shrink = 1.0 - 0.07 * crowd
    look = _draw_look(rng, actor, side, shrink, new_colour)
    actions = [a for a in VALID[actor] if (actor, a) not in UNSEEN_ACTIONS]
    if with_pair:
        moves = [a for a in actions if a != "none"]
        if {"walking", "running"} <= set(moves):
            moves += ["walking", "running"]  # the one pair of moving look-alikes told by speed
        action = new_action or pick(rng, moves)
        cast = [Actor(look, m) for m in draw_pair(rng, actor, action, novelty is not None)]
    else:
        crowd += 1
        cast = [Actor(look, draw_motion(rng, actor, new_action or pick(rng, actions)))]
    for _ in range(crowd):
        other = _draw_other(rng, look, side, shrink, with_pair)
        while any(_alike(other, a.look) for a in cast):
            other = _draw_look(rng, pick(rng, list(VALID)), side, shrink, None)
        actions = [a for a in VALID[other.actor] if (other.actor, a) not in UNSEEN_ACTIONS]
        cast.append(Actor(other, draw_motion(rng, other.actor, pick(rng, actions))))
    return [_enlarged(actor) for actor in cast]


def _enlarged(actor: Actor) -> Actor:
    """People low on the ground are drawn larger: their figures fill less of their length."""
    if actor.look.actor in ("adult", "baby") and actor.motion.pose in ("roll", "crawl", "sit"):
        look = replace(actor.look, scale=actor.look.scale * LOW_POSES_SCALE)
        return replace(actor, look=look)
    return actor


def _draw_other(rng: Generator, look: Look, side: int, shrink: float, with_pair: bool) -> Look:
    """Looks for a bystander; often like the leading actor but for its colours, or its size."""
    if rng.random() > 0.5:
        return _draw_look(rng, pick(rng, list(VALID)), side, shrink, None)
    other = _draw_look(rng, look.actor, side, shrink, None)
    if with_pair or rng.random() > 0.3 or set(SIZES) - {look.size, other.size} != {"medium"}:
        return other
    return replace(look, size=other.size, scale=other.scale)


def _alike(one: Look, other: Look) -> bool:
    """Whether words for colour, kind and size could fit both."""
    if one.kind != other.kind or {one.size, other.size} == {"small", "big"}:
        return False
    return bool(set(one.colours) & set(other.colours))


def _draw_look(rng: Generator, actor: str, side: int, shrink: float, colour: str | None) -> Look:
    kind = pick(rng, KINDS.get(actor, (actor,)))
    names = [
        c for c in (FUR if actor in ("cat", "dog") else PALETTE)
        if (actor, c) not in UNSEEN_COLOURS
    ]  # fmt: skip
    two = actor not in ("adult", "baby", "car") and rng.random() < 0.35
    colours = [str(c) for c in rng.choice(names, 2 if two else 1, replace=False)]
    if colour:
        colours[0] = colour
    size = str(rng.choice(list(SIZES), p=(0.3, 0.4, 0.3)))
    share = float(rng.uniform(*SIZES[size])) * RELATIVE_SIZE.get(actor, 1.0)
    variant = tuple(float(v) for v in rng.random(4))
    return Look(actor, kind, tuple(colours), size, share * 1.3 * side * shrink, variant)


def unseen_combinations(actors: list[Actor]) -> tuple[str, ...]:
    """Names of the held-out combinations among these actors."""
    found = {
        f"{a.look.actor} {a.motion.action}"
        for a in actors
        if (a.look.actor, a.motion.action) in UNSEEN_ACTIONS
    }
    found |= {
        f"{colour} {a.look.actor}"
        for a in actors
        for colour in a.look.colours
        if (a.look.actor, colour) in UNSEEN_COLOURS
    }
    return tuple(sorted(found))
