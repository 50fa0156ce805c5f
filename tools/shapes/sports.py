"""Things for sports and games."""

from collections.abc import Sequence

import numpy as np
import pyvista as pv

from shapes.parts import Mesh, Part, lathe, near, oval, paint, slab


def frisbee(rng: np.random.Generator) -> list[Part]:
    edge, low = 1.0, -rng.uniform(0.12, 0.2)
    disc = lathe(
        (0, 0), (0.8, 0), (0.93, -0.03), (edge, low), (0.96, low), (0.9, -0.08), (0, -0.04)
    )
    ring = lathe((0.3, 0.006), (rng.uniform(0.4, 0.75), 0.006))
    colour = paint(rng)
    return [(disc, colour), (ring, paint(rng) if rng.random() < 0.6 else colour)]


def board(rng: np.random.Generator, width: float, nose: float) -> list[Part]:
    """A board with a stripe along it or across it."""
    outline = oval(2, width, nose)
    top = outline * (0.97, rng.uniform(0.12, 0.5))
    parts: list[Part] = [(slab(outline, 0.05), paint(rng, 0.0))]
    for level in (0.05, 0.056):
        parts.append((slab(top, 0.004).translate((0, level, 0)), paint(rng)))
        top = outline * (rng.uniform(0.2, 0.6), 0.97)
    return parts[: rng.integers(1, 4)]


def surfboard(rng: np.random.Generator) -> list[Part]:
    return board(rng, rng.uniform(0.45, 0.6), rng.uniform(0.8, 1.1))


def snowboard(rng: np.random.Generator) -> list[Part]:
    parts = board(rng, rng.uniform(0.34, 0.42), 0.35)
    for x in (-0.4, 0.4):
        parts.append(
            (pv.Box((x - 0.1, x + 0.1, 0.05, 0.13, -0.12, 0.12)), near(rng, 0.1, 0.1, 0.1))
        )
    return parts


def skis(rng: np.random.Generator) -> list[Part]:
    parts: list[Part] = []
    colour = paint(rng)
    for z in (-0.055, 0.055):
        ski = slab(oval(2, 0.11, 0.3), 0.03).translate((rng.uniform(-0.05, 0.05), 0, z))
        binding = pv.Box((-0.15, 0.1, 0.03, 0.09, z - 0.04, z + 0.04))
        parts += [(ski, colour), (binding, near(rng, 0.15, 0.15, 0.15))]
    return parts


def kite(rng: np.random.Generator) -> list[Part]:
    corners = np.array([(0, 1.2), (0.8, 0.3), (0, -1.0), (-0.8, 0.3)])
    first, second = paint(rng), paint(rng)
    parts: list[Part] = []
    for number in range(4):
        sail = np.array([(0, 0.3), corners[number], corners[(number + 1) % 4]])
        parts.append((slab(sail, 0.01), first if number % 2 else second))
    tail = np.c_[0.15 * np.sin(np.linspace(0, 9, 40)), np.zeros(40), -1 - np.linspace(0, 1, 40)]
    parts.append((pv.lines_from_points(tail).tube(radius=0.02), second))
    tilt = rng.uniform(-130, -50)
    return [(mesh.rotate_x(tilt), colour) for mesh, colour in parts]


def bat(rng: np.random.Generator) -> list[Part]:
    wood = paint(rng) if rng.random() < 0.3 else near(rng, 0.75, 0.55, 0.35)
    parts = [
        (lathe((0, 1), (0.1, 0.97), (0.12, 0.6), (0.1, 0.2), (0.05, -0.2), (0.05, -0.5)), wood),
        (lathe((0.052, -0.45), (0.05, -0.9), (0.08, -0.94), (0, -0.96)), near(rng, 0.2, 0.15, 0.1)),
    ]
    tilt = rng.choice((0, 90, 180)) + rng.normal(0, 8)  # across, it would fill too little
    return [(mesh.rotate_z(tilt), colour) for mesh, colour in parts]


def ball(rng: np.random.Generator) -> list[Part]:
    if rng.random() < 0.5:
        return [(pv.Sphere(theta_resolution=60, phi_resolution=60), paint(rng))]
    sphere: Mesh = pv.Sphere(theta_resolution=60, phi_resolution=60)
    halves = [sphere.clip((1, 0, 0.3)), sphere.clip((-1, 0, -0.3))]
    return [(half, paint(rng, 0.0)) for half in halves]


def teddy_bear(rng: np.random.Generator) -> list[Part]:
    """A plush bear that sits or stands."""
    furs = [(0.45, 0.27, 0.14), (0.72, 0.52, 0.32), (0.9, 0.86, 0.8), (0.3, 0.2, 0.14)]
    fur = near(rng, *furs[rng.integers(4)]) if rng.random() < 0.8 else paint(rng)
    snout = tuple(np.clip(np.array(fur) * rng.uniform(1.1, 1.7), 0, 1))
    sits = rng.random() < 0.6

    def limb(middle: Sequence[float], size: Sequence[float]) -> Mesh:
        return pv.ParametricEllipsoid(*size).translate(middle)

    body = [limb((0, 0, 0), (0.45, 0.55, 0.4)), limb((0, 0.8, 0.05), (0.42, 0.38, 0.38))]
    for side in (-1, 1):
        body.append(limb((0.33 * side, 1.12, 0), (0.16, 0.16, 0.08)))
        body.append(limb((0.48 * side, rng.uniform(0, 0.4), 0.1), (0.17, 0.36, 0.17)))
        foot = (0.32 * side, -0.45, 0.45) if sits else (0.24 * side, -0.7, 0.05)
        body.append(limb(foot, (0.2, 0.2, 0.45) if sits else (0.21, 0.42, 0.22)))
    eyes = [pv.Sphere(radius=0.045, center=(0.15 * side, 0.9, 0.4)) for side in (-1, 1)]
    nose = limb((0, 0.77, 0.52), (0.08, 0.05, 0.05))
    parts: list[Part] = [(pv.merge(body), fur), (limb((0, 0.72, 0.36), (0.2, 0.16, 0.16)), snout)]
    parts += [(pv.merge([*eyes, nose]), near(rng, 0.08, 0.06, 0.06))]
    if rng.random() < 0.4:
        bow = pv.merge([limb((0.14 * side, 0.47, 0.4), (0.14, 0.09, 0.05)) for side in (-1, 1)])
        parts.append((bow, paint(rng, 0.5)))
    return parts
