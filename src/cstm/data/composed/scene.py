"""Where everything of a composed clip is, in the coordinates of its target frame."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from cstm.data.composed.camera import Camera
from cstm.data.composed.figures import Figure
from cstm.data.composed.motion import Motion
from cstm.data.composed.photograph import Photograph


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Pixels; 0 where it is turned inside out."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def common(self, other: "Box") -> "Box":
        """What it shares with another."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def overlap(self, other: "Box") -> float:
        """Shared area as a share of the smaller one."""
        return self.common(other).area / max(1e-6, min(self.area, other.area))


@dataclass(frozen=True)
class Actor:
    """A cut-out in a scene."""

    figure: Figure
    motion: Motion
    middle: tuple[float, float]
    """Its centre in the target frame."""
    size: tuple[float, float]
    """Width and height in the target frame, not turned."""
    is_mirrored: bool

    def box(self, time: int = 0) -> Box:
        """Box in the scene so many frames after the target frame."""
        dx, dy = self.motion.shift(time)
        scale = self.motion.scale(time) / 2
        angle = math.radians(self.motion.angle + self.motion.turn * time)
        cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
        half_width = scale * (self.size[0] * cosine + self.size[1] * sine)
        half_height = scale * (self.size[0] * sine + self.size[1] * cosine)
        x, y = self.middle[0] + dx, self.middle[1] + dy
        return Box(x - half_width, y - half_height, x + half_width, y + half_height)


@dataclass(frozen=True)
class Backdrop:
    """A photograph behind the actors, with all that is in it."""

    figures: tuple[Figure, ...]
    scale: float
    """Pixels of the scene for a pixel of the photograph."""
    origin: tuple[float, float]
    """Where the scene's corner is in the scaled photograph."""

    @property
    def photograph(self) -> Photograph:
        """The picture."""
        return self.figures[0].photograph

    def box(self, figure: Figure) -> Box:
        """Box of a figure in the scene."""
        left, top, width, height = figure.instance.box
        x, y = self.scale * left - self.origin[0], self.scale * top - self.origin[1]
        return Box(x, y, x + self.scale * width, y + self.scale * height)


@dataclass(frozen=True)
class Scene:
    """Actors in the order in which they are drawn, the nearest last, and what they stand before."""

    width: int
    height: int
    backdrop: Backdrop
    actors: tuple[Actor, ...]
    camera: Camera

    @property
    def held(self) -> frozenset[str]:
        """Classes of what comes along within actors' cut-outs, and is no actor."""
        return frozenset[str]().union(*(actor.figure.holds for actor in self.actors))

    @property
    def frame(self) -> Box:
        """The target frame's picture."""
        return Box(0.0, 0.0, float(self.width), float(self.height))
