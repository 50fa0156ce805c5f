"""How the camera moves: it is where the scene is measured in the target frame, and leaves it."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from cstm.data.composed.motion import AFTER, BEFORE
from cstm.data.draws import pick

MOVES = ("pan", "zoom", "shake", "pan and zoom")


@dataclass(frozen=True)
class Camera:
    """A camera's way; numbers in pixels and frames, all zero for one that stands."""

    velocity: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.0
    """Logarithm of the picture's growth in a frame."""
    shake: float = 0.0
    phases: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of the shake's two directions, and of the roll."""

    @property
    def is_static(self) -> bool:
        """Whether it stands."""
        return self == Camera()

    def to_picture(self, time: int, width: int, height: int) -> Float[ndarray, "2 3"]:
        """Matrix from the scene, which is the target frame's picture, to a frame's picture."""
        scale = math.exp(self.zoom * time)
        x, y, roll = (
            math.sin(time * pace + phase) - math.sin(phase)
            for pace, phase in zip((0.9, 0.7, 0.5), self.phases, strict=True)
        )
        angle = self.shake * 0.002 * roll
        a, b = scale * math.cos(angle), scale * math.sin(angle)
        middle_x, middle_y = width / 2, height / 2
        shift_x = self.velocity[0] * time + self.shake * x
        shift_y = self.velocity[1] * time + self.shake * y
        return np.array(
            [
                [a, -b, middle_x - a * (middle_x + shift_x) + b * (middle_y + shift_y)],
                [b, a, middle_y - b * (middle_x + shift_x) - a * (middle_y + shift_y)],
            ]
        )

    def reach(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all that it sees of the scene."""
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
        seen = []
        for time in (0,) if self.is_static else range(BEFORE, AFTER + 1, 2):
            matrix = self.to_picture(time, width, height)
            seen.append((corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T)
        points = np.concatenate(seen)
        (left, top), (right, bottom) = points.min(0), points.max(0)
        return float(left), float(top), float(right), float(bottom)


def draw_camera(rng: Generator, follow: tuple[float, float] | None) -> Camera:
    """Draw a moving camera; one in four follows an actor of this velocity, if one is given."""
    phases = (float(rng.uniform(0, 6.3)), float(rng.uniform(0, 6.3)), float(rng.uniform(0, 6.3)))
    if follow is not None and math.hypot(*follow) > 1 and rng.random() < 0.25:
        share = float(rng.uniform(0.7, 1.0))
        velocity = (follow[0] * share, follow[1] * share)
        return Camera(velocity, shake=float(rng.uniform(0.2, 1.2)), phases=phases)
    move = pick(rng, MOVES)
    velocity, zoom, shake = (0.0, 0.0), 0.0, float(rng.uniform(0, 0.8))
    if "pan" in move:
        angle, speed = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(1.0, 3.5))
        velocity = (speed * math.cos(angle), 0.5 * speed * math.sin(angle))
    if "zoom" in move:
        zoom = float(rng.uniform(0.004, 0.014)) * pick(rng, (-1, 1))
    if move == "shake":
        shake = float(rng.uniform(2.0, 5.0))
    return Camera(velocity, zoom, shake, phases)
