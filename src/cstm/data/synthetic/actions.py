"""Which actor does what, and how it moves while it does."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from cstm.data.draws import pick

# The 43 pairs that occur in A2D's frame labels (label = actor · 10 + action).
VALID: dict[str, tuple[str, ...]] = {
    "adult": (
        "climbing", "crawling", "eating", "jumping", "rolling", "running", "walking", "none",
    ),
    "baby": ("climbing", "crawling", "rolling", "walking", "none"),
    "ball": ("flying", "jumping", "rolling", "none"),
    "bird": ("climbing", "eating", "flying", "jumping", "rolling", "walking", "none"),
    "car": ("flying", "jumping", "rolling", "running", "none"),
    "cat": ("climbing", "eating", "jumping", "rolling", "running", "walking", "none"),
    "dog": ("crawling", "eating", "jumping", "rolling", "running", "walking", "none"),
}  # fmt: skip

UNSEEN_ACTIONS = (("bird", "jumping"), ("cat", "running"), ("dog", "rolling"))
"""Actors and actions that meet in a part of the test clips only."""
UNSEEN_COLOURS = (("adult", "orange"), ("ball", "purple"), ("bird", "blue"), ("car", "green"))
"""Actors and colours that meet in a part of the test clips only."""

POSES = ("stand", "sit", "gait", "drive", "crawl", "climb", "eat", "fly", "jump", "roll")

STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "in place": (0, 0)}
OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}

_POSE = {
    "climbing": "climb", "crawling": "crawl", "eating": "eat", "flying": "fly", "jumping": "jump",
    "rolling": "roll", "running": "gait", "walking": "gait", "none": "stand",
}  # fmt: skip

# Pixels a frame in a picture 320 wide, and frames a cycle.
_SPEED = {
    "climbing": (2.8, 3.6), "crawling": (2.8, 3.4), "eating": (0, 0), "flying": (4.0, 6.0),
    "jumping": (3.0, 4.5), "rolling": (3.2, 4.8), "running": (6.0, 7.6), "walking": (3.0, 3.8),
}  # fmt: skip
_PERIOD = {
    "climbing": 12, "crawling": 12, "eating": 10, "flying": 8, "jumping": 12, "rolling": 26,
    "running": 8, "walking": 16,
}  # fmt: skip
_SITTERS = ("adult", "baby", "cat", "dog")
_STARTLED = 0.5
"""Share of idle actors, outside look-alike pairs, that stand frozen in the pose of an action; of
those for which that would be a held-out combination, fewer."""


@dataclass(frozen=True)
class Motion:
    """What an actor does and how: its pose's cycle and its way across the scene."""

    action: str
    direction: str
    pose: str
    facing: int
    """1: to the right, -1: to the left."""
    phase: float
    """Cycles at the clip's middle frame."""
    cadence: float = 0.0
    """Cycles a frame."""
    velocity: tuple[float, float] = (0.0, 0.0)
    """Pixels a frame in a picture 320 wide."""


def directions(actor: str, action: str) -> tuple[str, ...]:
    """Where an actor may move in an action; the likelier ones more often."""
    if action == "climbing":
        return ("up", "up", "down")
    if action == "flying":
        return ("left", "right", "left", "right", "up", "down")
    if action == "jumping":
        return ("left", "right", "in place")
    if action in ("eating", "none"):
        return ("in place",)
    return ("left", "right")


def draw_motion(rng: Generator, actor: str, action: str, direction: str | None = None) -> Motion:
    """A natural motion: most actors face where they go."""
    if action == "none":
        return _idle(rng, actor)
    direction = direction or pick(rng, directions(actor, action))
    dx = STEPS[direction][0]
    speed = float(rng.uniform(*_SPEED[action]))
    if actor == "car" and action == "running":
        speed *= 0.9
    facing = pick(rng, (-1, 1))
    if dx and rng.random() < 0.8:
        facing = dx
    pose = "drive" if (actor, action) == ("car", "running") else _POSE[action]
    period = _PERIOD[action] * float(rng.uniform(0.9, 1.1))
    if action == "flying" and actor != "bird":
        period *= 2.5
    motion = Motion(
        action,
        direction,
        pose,
        facing,
        phase=float(rng.random()),
        cadence=1 / period,
        velocity=_velocity(rng, direction, speed),
    )
    return _natural_cadence(motion)


def _natural_cadence(motion: Motion) -> Motion:
    """Legs, wheels and rolling bodies turn back to front for an actor that moves backward."""
    backward = 1.0
    if motion.pose in ("gait", "crawl", "drive", "roll") and motion.direction in ("left", "right"):
        backward = motion.facing * STEPS[motion.direction][0]
    elif motion.direction == "down" and motion.pose == "climb":
        backward = -1.0
    return replace(motion, cadence=abs(motion.cadence) * backward)


def _idle(rng: Generator, actor: str) -> Motion:
    if rng.random() < _STARTLED:
        action = pick(rng, [a for a in VALID[actor] if a != "none"])
        if (actor, action) not in UNSEEN_ACTIONS:
            return frozen(rng, draw_motion(rng, actor, action))
    sits = actor in _SITTERS and rng.random() < 0.5
    facing = pick(rng, (-1, 1))
    return Motion("none", "in place", "sit" if sits else "stand", facing, float(rng.random()))


def frozen(rng: Generator, motion: Motion) -> Motion:
    """An idle actor in the pose of a motion, at a phase of its own."""
    facing = pick(rng, (-1, 1))
    return Motion("none", "in place", motion.pose, facing, float(rng.random()))


def draw_pair(rng: Generator, actor: str, action: str, unseen: bool) -> tuple[Motion, Motion]:
    """Two motions that one frame can't tell apart, the first doing ``action``.

    The partner is frozen in the same pose, or moves another way, or walks where the first runs.
    Facing and phase are drawn for each on its own and say nothing of direction or action.
    ``unseen`` allows actions held out of training.
    """
    ways = directions(actor, action)
    kinds = ["still"]
    if len(ways) > 1:
        kinds += ["direction", "direction"] if action == "jumping" else ["direction"]
    other = {"walking": "running", "running": "walking"}.get(action, "none")
    if other != "none" and other in VALID[actor]:
        kinds += ["speed", "speed"] if unseen or (actor, other) not in UNSEEN_ACTIONS else []
    kind = pick(rng, kinds)
    first = _faced(draw_motion(rng, actor, action), pick(rng, (-1, 1)))
    if kind == "still":
        return first, frozen(rng, first)
    second = _paced(rng, first, other) if kind == "speed" else _turned(rng, first)
    second = replace(second, phase=float(rng.random()))
    return first, _faced(second, pick(rng, (-1, 1)))


def _paced(rng: Generator, first: Motion, action: str) -> Motion:
    """Running for a walk, walking for a run, the same way or back."""
    factor = 2.0 if action == "running" else 0.5
    direction = pick(rng, (first.direction, OPPOSITE[first.direction]))
    sign = factor if direction == first.direction else -factor
    vx, vy = first.velocity
    cadence = first.cadence * factor
    return replace(
        first, action=action, direction=direction, cadence=cadence, velocity=(sign * vx, sign * vy)
    )


def _turned(rng: Generator, first: Motion) -> Motion:
    """The same action in another direction, as fast."""
    speed = max(map(abs, first.velocity)) or float(rng.uniform(*_SPEED[first.action]))
    direction = OPPOSITE.get(first.direction) or pick(rng, ("left", "right"))
    if first.action == "jumping" and first.direction != "in place" and rng.random() < 0.4:
        direction = "in place"
    return replace(first, direction=direction, velocity=_velocity(rng, direction, speed))


def _velocity(rng: Generator, direction: str, speed: float) -> tuple[float, float]:
    """Pixels a frame in a direction, with a little drift to one side."""
    dx, dy = STEPS[direction]
    drift = float(rng.uniform(-0.14, 0.14)) * speed
    return dx * speed + abs(dy) * drift * 0.5, dy * speed + abs(dx) * drift


def _faced(motion: Motion, facing: int) -> Motion:
    return _natural_cadence(replace(motion, facing=facing))


def phase_at(motion: Motion, frames_from_middle: int) -> float:
    """The motion's phase so many frames after the clip's middle."""
    return motion.phase + motion.cadence * frames_from_middle


def way_to(motion: Motion, frames_from_middle: int, width: int) -> np.ndarray:
    """Pixels travelled since the clip's middle, in a picture of this width."""
    return np.array(motion.velocity) * (frames_from_middle * width / 320)
