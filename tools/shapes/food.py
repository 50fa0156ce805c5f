"""Things to eat."""

import numpy as np
import pyvista as pv

from shapes.parts import Mesh, Part, cylinder, lathe, near, paint


def fruit(rng: np.random.Generator, *colour: float) -> list[Part]:
    around = np.linspace(0, np.pi, 24)
    # A ball with a dent at either end.
    dent = 1 - rng.uniform(0.05, 0.25) * np.cos(around) ** 8
    radius, height = np.sin(around) * dent, np.cos(around) * dent * rng.uniform(0.85, 1.0)
    stem = cylinder((0.03, dent[0], 0), (0.2, 1, 0), 0.04, 0.3)
    body = lathe(*zip(radius, height, strict=True))
    return [(body, near(rng, *colour)), (stem, near(rng, 0.3, 0.2, 0.1))]


def apple(rng: np.random.Generator) -> list[Part]:
    return fruit(rng, *[(0.75, 0.1, 0.12), (0.5, 0.7, 0.2), (0.85, 0.7, 0.25)][rng.integers(3)])


def carrot(rng: np.random.Generator) -> list[Part]:
    root = lathe((0, 1), (0.2, 0.95), (0.24, 0.8), (0.17, 0), (0.08, -0.8), (0, -1.1))
    leaves: list[Part] = []
    for _ in range(7):
        tip = (*rng.uniform(-0.35, 0.35, 1), rng.uniform(1.5, 2.0), *rng.uniform(-0.35, 0.35, 1))
        leaf = pv.lines_from_points(np.array([(0, 0.95, 0), tip])).tube(radius=0.03)
        leaves.append((leaf, near(rng, 0.2, 0.5, 0.15)))
    tilt = rng.uniform(0, 180)
    parts = [(root, near(rng, 0.95, 0.5, 0.1)), *leaves[: rng.integers(0, 8)]]
    return [(mesh.rotate_z(tilt), colour) for mesh, colour in parts]


def banana(rng: np.random.Generator) -> list[Part]:
    along = np.linspace(-1.1, 1.1, 24)
    curve = pv.lines_from_points(np.c_[np.sin(along), -np.cos(along), 0 * along])
    curve["thick"] = 0.04 + 0.13 * np.cos(along * 1.3).clip(0) ** 0.6
    body = curve.tube(scalars="thick", absolute=True, n_sides=7)
    ends = [pv.Sphere(radius=0.06, center=(np.sin(a), -np.cos(a), 0)) for a in (-1.13, 1.13)]
    return [(body, near(rng, 0.95, 0.82, 0.2)), (pv.merge(ends), near(rng, 0.35, 0.27, 0.12))]


def donut(rng: np.random.Generator) -> list[Part]:
    dough: Mesh = pv.ParametricTorus(ringradius=0.65, crosssectionradius=0.33).rotate_x(-90)
    icing: Mesh = pv.ParametricTorus(ringradius=0.65, crosssectionradius=0.345).rotate_x(-90)
    icing = icing.clip("-y", origin=(0, rng.uniform(-0.05, 0.1), 0))
    tints = [(0.35, 0.2, 0.12), (0.95, 0.6, 0.7), (0.95, 0.92, 0.88), (0.85, 0.6, 0.3)]
    parts: list[Part] = [
        (dough, near(rng, 0.8, 0.58, 0.33)),
        (icing, near(rng, *tints[rng.integers(4)])),
    ]
    for _ in range(int(rng.integers(0, 40))):
        turn, out = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        place = (
            (0.65 + out) * np.cos(turn),
            0.345 * np.cos(out / 0.3),
            (0.65 + out) * np.sin(turn),
        )
        along = rng.normal(size=2)
        grain = cylinder(place, (along[0], 0.1, along[1]), 0.02, 0.1)
        parts.append((grain, paint(rng)))
    return parts


def pizza(rng: np.random.Generator) -> list[Part]:
    crust = lathe(
        (0, 0.03), (0.88, 0.03), (0.9, 0.1), (0.97, 0.1), (1, 0.03), (0.95, -0.02), (0, -0.02)
    )
    cheese = lathe((0, 0.05), (0.5, 0.05), (0.89, 0.05))
    parts: list[Part] = [
        (crust, near(rng, 0.78, 0.55, 0.3)),
        (cheese, near(rng, *[(0.95, 0.8, 0.4), (0.85, 0.35, 0.15)][rng.integers(2)])),
    ]
    kinds = [(0.7, 0.15, 0.1), (0.2, 0.4, 0.12), (0.95, 0.92, 0.8), (0.2, 0.12, 0.1)]
    for _ in range(int(rng.integers(8, 40))):
        turn, out = rng.uniform(0, 2 * np.pi), 0.78 * np.sqrt(rng.random())
        place = (out * np.cos(turn), 0.06, out * np.sin(turn))
        slice_ = cylinder(place, (0, 1, 0), rng.uniform(0.04, 0.14), 0.04)
        parts.append((slice_, near(rng, *kinds[rng.integers(4)])))
    return parts


def broccoli(rng: np.random.Generator) -> list[Part]:
    stem = lathe((0.18, 0), (0.2, -0.7), (0, -0.7))
    heads = []
    for _ in range(60):
        at = rng.normal(size=3)
        at *= np.array((0.62, 0.4, 0.62)) / np.linalg.norm(at)
        heads.append(
            pv.Sphere(radius=rng.uniform(0.1, 0.2), center=(at[0], abs(at[1]) + 0.05, at[2]))
        )
    green = near(rng, 0.18, 0.42, 0.14)
    return [(stem, near(rng, 0.55, 0.68, 0.38)), (pv.merge(heads), green)]


def hot_dog(rng: np.random.Generator) -> list[Part]:
    """A sausage between two halves of a bun, with a line of sauce."""
    bun = near(rng, 0.82, 0.58, 0.3)
    halves = [
        pv.ParametricEllipsoid(1, 0.26, 0.24).translate((0, 0, 0.2 * side)) for side in (-1, 1)
    ]
    sausage: Mesh = pv.ParametricEllipsoid(1.15, 0.18, 0.17).translate((0, 0.16, 0))
    along = np.linspace(-0.95, 0.95, 60)
    wave = np.c_[along, 0.345 - 0.15 * along**2, 0.07 * np.sin(14 * along)]
    sauce = pv.lines_from_points(wave).tube(radius=0.035)
    sauces = [(0.9, 0.75, 0.1), (0.75, 0.1, 0.08)]
    parts: list[Part] = [(pv.merge(halves), bun), (sausage, near(rng, 0.6, 0.25, 0.15))]
    return [*parts, (sauce, near(rng, *sauces[rng.integers(2)]))][: rng.integers(2, 4)]


def cake(rng: np.random.Generator) -> list[Part]:
    """One to three tiers of icing, with candles or without."""
    parts: list[Part] = []
    level, radius = 0.0, 1.0
    for _ in range(int(rng.integers(1, 4))):
        high, icing = rng.uniform(0.3, 0.6), paint(rng, 0.0)
        parts.append(
            (lathe((0, level), (radius, level), (radius, level + high), (0, level + high)), icing)
        )
        rim: Mesh = pv.ParametricTorus(ringradius=radius, crosssectionradius=0.06).rotate_x(90)
        parts.append((rim.translate((0, level + high, 0)), near(rng, 0.95, 0.9, 0.88)))
        level, radius = level + high, radius * rng.uniform(0.55, 0.75)
    for _ in range(int(rng.integers(0, 9))):
        turn, out = rng.uniform(0, 2 * np.pi), radius * 0.8
        place = (out * np.cos(turn), level + 0.15, out * np.sin(turn))
        parts.append((cylinder(place, (0, 1, 0), 0.04, 0.35), paint(rng)))
    return parts
