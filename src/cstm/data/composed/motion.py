"""How an actor moves across its scene: along a path, growing, turning, bending."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from cstm.data.draws import pick

BEFORE, AFTER = -8, 6
"""Frames around the target frame in which a motion is sure to show."""

SHARES = {
    "left": 0.16, "right": 0.16, "up": 0.07, "down": 0.07, "still": 0.16, "spinning": 0.08,
    "closer": 0.08, "away": 0.08, "jumping": 0.09, "rolling left": 0.03, "rolling right": 0.03,
}  # fmt: skip
"""How often each motion is drawn, where nothing else is wanted."""

MOTIONS = tuple(SHARES)

MAY_BE: dict[str, frozenset[str]] = {
    name: frozenset(words.split(","))
    for name, words in {
        "left": "left,moving",
        "right": "right,moving",
        "up": "up,moving,jumping,away",
        "down": "down,moving,jumping,closer",
        "still": "still",
        "spinning": "spinning,moving,rolling left,rolling right",
        "closer": "closer,moving,down",
        "away": "away,moving,up",
        "jumping": "jumping,moving,up,down",
        "rolling left": "rolling left,spinning,left,moving",
        "rolling right": "rolling right,spinning,right,moving",
    }.items()
}
"""What one could say of each motion; what is not here is surely false of it."""

_OPPOSITE = {
    "left": "right", "right": "left", "up": "down", "down": "up", "closer": "away",
    "away": "closer", "rolling left": "rolling right", "rolling right": "rolling left",
}  # fmt: skip

_STEPS = {
    "left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0),
    "rolling left": (-1.0, 0.0), "rolling right": (1.0, 0.0),
}  # fmt: skip

_ACTIONS = {
    "still": "none", "jumping": "jumping", "spinning": "rolling", "rolling left": "rolling",
    "rolling right": "rolling",
}  # fmt: skip
_DIRECTIONS = {
    "still": "in place", "spinning": "in place", "jumping": "in place", "rolling left": "left",
    "rolling right": "right",
}  # fmt: skip


@dataclass(frozen=True)
class Bend:
    """A wave that runs through a body, and legs that open and close; shares of its size."""

    sway: float
    waves: float
    stride: float
    phase: float
    cadence: float
    """Cycles a frame; 0 for a body that keeps its shape."""


@dataclass(frozen=True)
class Motion:
    """A path through the target frame's position, in pixels and frames of the scene."""

    name: str
    """One of :data:`MOTIONS`."""
    velocity: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    """Logarithm of the size's change in a frame."""
    angle: float = 0.0
    """Degrees in the target frame."""
    turn: float = 0.0
    """Degrees a frame."""
    hop: float = 0.0
    """Height of a jump."""
    period: float = 1.0
    """Frames of a jump."""
    phase: float = 0.0
    """Share of the jump that is over in the target frame."""
    bend: Bend | None = None

    @property
    def action(self) -> str | None:
        """A2D's action, where it is surely one of them."""
        return _ACTIONS.get(self.name)

    @property
    def direction(self) -> str:
        """Where it goes against the scene: one of DIRECTIONS in :mod:`cstm.data.sample`."""
        return _DIRECTIONS.get(self.name, self.name)

    def shift(self, time: int) -> tuple[float, float]:
        """Pixels from the target frame's position, so many frames after it."""
        x, y = self.velocity[0] * time, self.velocity[1] * time
        if self.hop:
            y -= self.hop * (_arc(self.phase + time / self.period) - _arc(self.phase))
        return x, y

    def scale(self, time: int) -> float:
        """Size, as a share of the target frame's."""
        return math.exp(self.growth * time)


def _arc(cycles: float) -> float:
    """Height of a ball thrown up again and again, from 0 to 1."""
    share = cycles % 1.0
    return 4 * share * (1 - share)


def shares_of_motions(factors: Mapping[str, float]) -> dict[str, float]:
    """:data:`SHARES` with those of some motions multiplied; they need not sum up to 1.

    Raises:
        ValueError: there is no such motion, or a factor is no positive number.
    """
    for name, factor in factors.items():
        if name not in SHARES:
            raise ValueError(
                f"{name!r} is no motion of composed clips; there are: " + ", ".join(MOTIONS)
            )
        if not 0 < factor < math.inf:
            raise ValueError(
                f"the share of {name} can't be multiplied by {factor}; give a number above 0"
            )
    return {name: share * factors.get(name, 1) for name, share in SHARES.items()}


def draw_motion(rng: Generator, name: str, size: float, flexible: bool) -> Motion:
    """Draw a motion by name for an actor of so many pixels.

    Every motion covers more than ten pixels of a picture 320 wide from one end of the clip to the
    other: less is lost at a network's size.
    """
    speed = float(rng.uniform(1.8, 4.5)) * (0.8 if name in ("up", "down") else 1.0)
    dx, dy = _STEPS.get(name, (0.0, 0.0))
    drift = float(rng.uniform(-0.15, 0.15)) * speed
    turn = float(rng.uniform(7, 15))
    values: dict[str, float] = {}
    if name == "spinning":
        values = {"turn": turn * pick(rng, (-1, 1)), "angle": float(rng.uniform(-180, 180))}
    elif name.startswith("rolling"):
        # A wheel of the actor's size turns 115° while it rolls as far as it is wide.
        turn = max(115 * speed / size, 5.0)
        values = {"turn": turn * dx, "angle": float(rng.uniform(-180, 180))}
    elif name in ("closer", "away"):
        growth = float(rng.uniform(0.025, 0.05))
        values = {"growth": growth if name == "closer" else -growth}
    elif name == "jumping":
        values = {
            "hop": float(rng.uniform(0.3, 0.5)) * min(size, 70) + 8,
            "period": float(rng.uniform(9, 15)),
            "phase": float(rng.random()),
        }
    elif name != "still":
        values = {"turn": float(rng.uniform(-0.5, 0.5))}
    bend = _draw_bend(rng, moving=name != "still") if flexible else None
    return Motion(
        name, (dx * speed + abs(dy) * drift, dy * speed + abs(dx) * drift), bend=bend, **values
    )


def _draw_bend(rng: Generator, moving: bool) -> Bend:
    """A body that stands still is bent too: its shape alone tells nothing."""
    return Bend(
        sway=float(rng.uniform(0.01, 0.035)),
        waves=float(rng.uniform(0.6, 1.3)),
        stride=float(rng.uniform(0.05, 0.25)),
        phase=float(rng.random()),
        cadence=float(rng.uniform(1 / 16, 1 / 8)) if moving else 0.0,
    )


def draw_partner(rng: Generator, name: str) -> str:
    """Name of a motion that no one could mistake for this one, nor this one for it."""
    if name in _OPPOSITE and rng.random() < 0.4:
        return _OPPOSITE[name]
    others = [o for o in MOTIONS if o not in MAY_BE[name] and name not in MAY_BE[o]]
    return pick(rng, others)
