"""Filled polygons: the one thing every figure is made of, and how a list of them is painted.

Figures live in their own plane: x points where the figure faces, y points down, the ground is
y = 0 below the figure, and one unit is the figure's long side.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

Points = Float[ndarray, "point 2"]
Colour = tuple[int, int, int]
Joint = tuple[float | int, float | int]

SHADOW_OPACITY = 80
SUPERSAMPLE = 3
SUBPIXEL_BITS = 4
OUTLINE: Colour = (24, 22, 28)
_CLEAR = np.array([*OUTLINE, 0], np.uint8).view(np.uint32)[0]

_CIRCLE = np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 24, endpoint=False)),
     np.sin(np.linspace(0, 2 * np.pi, 24, endpoint=False))], 1,
)  # fmt: skip
_CAP_ANGLES = np.concatenate(
    [np.linspace(-np.pi / 2, np.pi / 2, 8), np.linspace(np.pi / 2, 1.5 * np.pi, 8)]
)
_CAPS = np.stack([np.cos(_CAP_ANGLES), np.sin(_CAP_ANGLES)], 1)
_AT_END = np.arange(16)[:, None] < 8


@dataclass(frozen=True)
class Shape:
    """A filled polygon in a figure's plane; a shadow is see-through and belongs to no mask."""

    points: Points
    colour: Colour
    is_shadow: bool = False


def polygon(colour: Colour, *corners: Joint) -> Shape:
    """The polygon with these corners."""
    return Shape(np.array(corners), colour)


def ellipse(
    colour: Colour, centre: Joint, rx: float, ry: float | None = None, angle: float = 0.0
) -> Shape:
    """An ellipse with radii ``rx`` and ``ry`` (a circle without), turned by ``angle`` radians."""
    points = _CIRCLE * (rx, rx if ry is None else ry)
    if angle:
        points = points @ turn(angle).T
    return Shape(points + centre, colour)


def limb(colour: Colour, start: Joint, end: Joint, r0: float, r1: float | None = None) -> Shape:
    """A tapered bone with round ends, ``r0`` thick at its start and ``r1`` at its end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    c, s = (dx / length, dy / length) if length else (1.0, 0.0)
    points = _CAPS * np.where(_AT_END, r0 if r1 is None else r1, r0) @ ((c, s), (-s, c))
    return Shape(points + np.where(_AT_END, end, start), colour)


def bones(colour: Colour, joints: list[Joint], radii: list[float]) -> list[Shape]:
    """A chain of limbs through ``joints``."""
    return [
        limb(colour, joints[i], joints[i + 1], radii[i], radii[i + 1])
        for i in range(len(joints) - 1)
    ]


def bend(start: Joint, end: Joint, upper: float, lower: float, side: int) -> tuple[Joint, Joint]:
    """The knee between two bones from ``start`` towards ``end``, and where the second bone ends.

    Two-bone inverse kinematics; ``side`` is 1 for a knee that points to the right of the way from
    start to end as seen on a y-down plane (forward for a standing leg is -1), and a goal out of
    reach is approached as far as the bones go.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    distance = float(np.hypot(dx, dy)) or 1e-6
    reach = min(max(distance, abs(upper - lower) + 1e-4), (upper + lower) * 0.999)
    cosine = (upper**2 + reach**2 - lower**2) / (2 * upper * reach)
    angle = np.arctan2(dy, dx) + side * np.arccos(np.clip(cosine, -1, 1))
    foot = (start[0] + dx / distance * reach, start[1] + dy / distance * reach)
    return (start[0] + upper * float(np.cos(angle)), start[1] + upper * float(np.sin(angle))), foot


def flight(phase: float, rest: float) -> float:
    """How much of a jump is done, from 0 to 1; before and after it a figure rests on the ground."""
    return float(np.clip((phase % 1.0 - rest) / (1 - 2 * rest), 0, 1))


def step(phase: float, stride: float, lift: float) -> Joint:
    """Where a foot is in its stride: half the cycle on the ground going back, half in the air."""
    phase %= 1.0
    if phase < 0.5:
        return stride * (0.5 - 2 * phase), 0.0
    return stride * (2 * phase - 1.5), -lift * float(np.sin(np.pi * (2 * phase - 1)))


def turn(angle: float) -> Float[ndarray, "2 2"]:
    """The matrix that turns column vectors by ``angle`` radians, clockwise on a y-down plane."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s], [s, c]])


def moved(
    shapes: list[Shape], angle: float = 0.0, about: Joint = (0, 0), by: Joint = (0, 0)
) -> list[Shape]:
    """The shapes turned ``about`` a point and shifted."""
    matrix = turn(angle).T
    shift = np.array(about) + by - np.array(about) @ matrix
    return [Shape(s.points @ matrix + shift, s.colour, s.is_shadow) for s in shapes]


def shadow(width: float) -> Shape:
    """A flat shadow on the ground."""
    points = _CIRCLE * (width / 2, width * 0.09)
    return Shape(points, OUTLINE, is_shadow=True)


def shade(colour: Colour, factor: float) -> Colour:
    """A darker (factor < 1) or lighter (> 1) tone of a colour."""
    if factor <= 1:
        return tuple(round(c * factor) for c in colour)  # pyright: ignore[reportReturnType]
    return tuple(round(255 - (255 - c) / factor) for c in colour)  # pyright: ignore[reportReturnType]


@dataclass(frozen=True)
class Patch:
    """A painted rectangle of the picture: colours, opacity, and where its corner lies."""

    left: int
    top: int
    colour: Float[ndarray, "height width 3"]
    opacity: Float[ndarray, "height width 1"]
    solid: Bool[ndarray, "height width"]
    """Where the shapes cover more than half of the pixel, above a shadow more than a third."""

    def window(self, picture: ndarray) -> ndarray:
        """The part of a picture that lies under the patch."""
        height, width = self.solid.shape
        return picture[self.top : self.top + height, self.left : self.left + width]


def paint(
    shapes: list[Shape], origin: Joint, scale: float, facing: int, width: int, height: int
) -> Patch | None:
    """Paint shapes anti-aliased, with one dark outline around them all.

    ``origin`` is the pixel that the figure's (0, 0) falls on, ``scale`` the pixels of one unit,
    ``facing`` 1 (right) or -1 (left). None where nothing falls inside a picture of the given
    width and height.
    """
    stretch = np.array([facing * scale, scale])
    everything = np.concatenate([s.points for s in shapes]) * stretch + origin
    rim = 2 + scale * 0.012
    left, top = np.maximum(np.floor(everything.min(0) - rim), 0).astype(int)
    right, bottom = np.ceil(everything.max(0) + rim).astype(int)
    right, bottom = min(right, width), min(bottom, height)
    if right - left < 2 or bottom - top < 2:
        return None
    unit = SUPERSAMPLE * 2**SUBPIXEL_BITS
    # OpenCV puts pixel centres on whole numbers; ours lie at halves.
    offset = np.array([left, top]) + 0.5 / SUPERSAMPLE
    ends = np.cumsum([len(s.points) for s in shapes])[:-1]
    fixed = np.split(np.round((everything - offset) * unit).astype(np.int32), ends)
    rows, columns = int(bottom - top) * SUPERSAMPLE, int(right - left) * SUPERSAMPLE
    canvas = np.full((rows, columns), _CLEAR, np.uint32).view(np.uint8).reshape(rows, columns, 4)
    solid = [points for points, s in zip(fixed, shapes, strict=True) if not s.is_shadow]
    for points, s in zip(fixed, shapes, strict=True):
        if s.is_shadow:
            cv2.fillPoly(canvas, [points], (*s.colour, SHADOW_OPACITY), shift=SUBPIXEL_BITS)
    thickness = max(2, round(SUPERSAMPLE * scale * 0.02))
    cv2.polylines(canvas, solid, True, (*OUTLINE, 255), thickness, shift=SUBPIXEL_BITS)
    for points, s in zip(fixed, shapes, strict=True):
        if not s.is_shadow:
            cv2.fillPoly(canvas, [points], (*s.colour, 255), shift=SUBPIXEL_BITS)
    small = cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    # Light falls from above: a soft gradient over the figure's height.
    low, high = everything[:, 1].min(), everything[:, 1].max()
    depth = (np.arange(top, bottom) + 0.5 - low) / max(high - low, 1)
    light = np.clip(1.1 - 0.25 * depth, 0.8, 1.1).astype(np.float32)[:, None, None]
    return Patch(
        int(left),
        int(top),
        np.minimum(small[..., :3] * light, 255),
        small[..., 3:] * np.float32(1 / 255),
        small[..., 3] > 127,
    )


def overlay(picture: UInt8[ndarray, "height width 3"], patch: Patch) -> None:
    """Lay a patch over a picture, in place."""
    view = patch.window(picture)
    view[:] = view + (patch.colour - view) * patch.opacity + 0.5
