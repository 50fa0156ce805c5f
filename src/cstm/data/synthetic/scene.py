"""What is drawn by lot before a clip is painted: its actors, their places, the camera."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cstm.data.draws import pick
from cstm.data.synthetic.actions import UNSEEN_ACTIONS, UNSEEN_COLOURS, way_to
from cstm.data.synthetic.cast import Actor, draw_cast, unseen_combinations
from cstm.data.synthetic.placement import place


@dataclass(frozen=True)
class Camera:
    """A smooth pan and zoom; at the clip's middle frame scene and picture coincide."""

    pan: tuple[float, float] = (0.0, 0.0)
    """Pixels a frame."""
    sway: tuple[float, float] = (0.0, 0.0)
    """Pixels of a slow swing to and fro."""
    zoom: float = 0.0
    """Logarithm of the magnification, a frame."""

    def at(self, frames_from_middle: int) -> tuple[np.ndarray, float]:
        """What the camera's middle has moved by, and its magnification."""
        swing = np.array(self.sway) * np.sin(frames_from_middle * 2 * np.pi / 24)
        return np.array(self.pan) * frames_from_middle + swing, float(
            np.exp(self.zoom * frames_from_middle)
        )


@dataclass(frozen=True)
class Scene:
    """Everything drawn by lot before a clip is painted."""

    width: int
    height: int
    frames: int
    actors: tuple[Actor, ...]
    pair: tuple[int, int] | None
    """Indices of the two actors that only motion tells apart."""
    camera: Camera
    annotated: tuple[int, ...]
    """Indices of the annotated frames, counted from 0."""
    has_foreground: bool
    unseen: tuple[str, ...]
    """Combinations held out of training that occur, such as ``cat running``."""
    backdrop: int
    """Seed of the background."""

    @property
    def middle(self) -> int:
        """Index of the frame at which all is in its drawn position."""
        return self.frames // 2


def draw_scene(
    rng: Generator, width: int, height: int, frames: int, unseen: bool, with_pair: bool
) -> Scene | None:
    """Draw a scene by lot; None where the actors drawn found no room.

    ``unseen`` gives the leading actor a combination held out of training; otherwise none occurs.
    """
    novelty = None
    if unseen:
        options = (*UNSEEN_ACTIONS, *UNSEEN_COLOURS)
        novelty = pick(rng, options)
    cast = draw_cast(rng, novelty, with_pair, min(width, height))
    camera = _draw_camera(rng, width)
    # Early, middle and late lie symmetric about the middle: seen over all of them a mover's place
    # says nothing about where it is going.
    spread = int(rng.integers(max(frames // 5, 1), max(frames // 4, 1) + 1))
    middle = frames // 2
    annotated = (middle - spread, middle, middle + spread)
    times = [t - middle for t in annotated]
    moved = [camera.at(t)[0] for t in times]
    ways = [
        np.array([way_to(a.motion, t, width) - m for t, m in zip(times, moved, strict=True)])
        for a in cast
    ]
    tolerance = 0.45 if rng.random() < 0.15 else 0.8
    found = place(rng, cast, ways, np.array([width, height], float), tolerance, with_pair)
    if found is None:
        return None
    placed, kept = found
    order = rng.permutation(len(placed))
    pair = None
    if with_pair:
        pair = (int(np.flatnonzero(order == 0)[0]), int(np.flatnonzero(order == 1)[0]))
    return Scene(
        width,
        height,
        frames,
        tuple(placed[i] for i in order),
        pair,
        camera,
        annotated=tuple(t for t, keep in zip(annotated, kept, strict=True) if keep),
        has_foreground=bool(rng.random() < 0.15),
        unseen=unseen_combinations(placed),
        backdrop=int(rng.integers(2**31)),
    )


def _draw_camera(rng: Generator, width: int) -> Camera:
    if rng.random() < 0.4:
        return Camera()
    unit = width / 320
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1.6) * unit
    sway = rng.uniform(-3, 3, 2) * unit
    zoom = float(rng.uniform(-0.005, 0.005)) if rng.random() < 0.5 else 0.0
    pan = (float(np.cos(angle) * speed), float(np.sin(angle) * speed * 0.6))
    return Camera(pan, (float(sway[0]), float(sway[1])), zoom)
