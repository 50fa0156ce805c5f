"""Meshes, colours, and what shapes are put together from."""

from collections.abc import Sequence
from colorsys import hsv_to_rgb
from typing import Any

import numpy as np
import pyvista as pv

Colour = Sequence[float]
Mesh = Any
"""pyvista.PolyData, of which pyvista's own types are not sure."""
Part = tuple[Mesh, Colour | pv.Texture]
"""A mesh and what it looks like: RGB from 0 to 1, or a texture for which it has coordinates."""


def lathe(*profile: tuple[float, float]) -> Mesh:
    """Turn a profile of (radius, height) about the y axis; a closed one begins and ends there."""
    points = np.array([(radius, 0, height) for radius, height in profile], float)
    turned = pv.lines_from_points(points).extrude_rotate(resolution=64, capping=False)
    return turned.rotate_x(-90).clean()


def slab(outline: np.ndarray, thickness: float) -> Mesh:
    """Give an outline, its corners (x, z) in order around it, a thickness along y."""
    points = np.c_[outline[:, 0], np.zeros(len(outline)), outline[:, 1]]
    count = len(points)
    face = pv.PolyData(points, np.r_[count, range(count)]).triangulate()
    return face.extrude((0, thickness, 0), capping=True)


def oval(length: float, width: float, nose: float = 1.0) -> np.ndarray:
    """Outline along x; the lower ``nose``, the blunter the ends."""
    around = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = np.cos(around), np.sin(around)
    return np.c_[length / 2 * x, width / 2 * np.sign(y) * np.abs(y) ** nose]


def cylinder(
    center: Sequence[float], direction: Sequence[float], radius: float, height: float
) -> Mesh:
    return pv.Cylinder(center=center, direction=direction, radius=radius, height=height)


def paint(rng: np.random.Generator, least: float = 0.3) -> Colour:
    """Any colour that paint has, at least this pure."""
    return hsv_to_rgb(rng.random(), rng.uniform(least, 0.95), rng.uniform(0.35, 1))


def near(rng: np.random.Generator, *colour: float) -> Colour:
    """A colour like this one."""
    return tuple(np.clip(np.array(colour) + rng.normal(0, 0.05, 3), 0, 1))
