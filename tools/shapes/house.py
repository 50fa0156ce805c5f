"""Things of a house."""

import numpy as np
import pyvista as pv

from shapes.parts import Mesh, Part, cylinder, lathe, near, oval, paint, slab


def keyboard(rng: np.random.Generator) -> list[Part]:
    case, keys = [near(rng, *[rng.choice([0.1, 0.25, 0.8, 0.92])] * 3) for _ in range(2)]
    rows, columns = 5, int(rng.integers(14, 20))
    size = 2 / columns
    parts: list[Part] = [(pv.Box((-1.04, 1.04, 0, 0.07, -0.04, rows * size + 0.04)), case)]
    caps = [
        pv.Box((x + 0.08 * size, x + 0.92 * size, 0.07, 0.11, z + 0.08 * size, z + 0.92 * size))
        for z in np.arange(rows) * size
        for x in np.arange(columns) * size - 1
        if not (z > 3.5 * size and 0.25 * columns < (x + 1) / size < 0.6 * columns)
    ]
    space = pv.Box((-0.48, 0.18, 0.07, 0.11, 4.08 * size, 4.92 * size))
    return [*parts, (pv.merge([*caps, space]), keys)]


def computer_mouse(rng: np.random.Generator) -> list[Part]:
    body: Mesh = pv.ParametricEllipsoid(1, 0.4, 0.6)
    body = body.clip("-y", origin=(0, 0, 0))
    wheel = cylinder((0.55, 0.32, 0), (0, 0, 1), 0.12, 0.08)
    grey = near(rng, *[rng.choice([0.1, 0.3, 0.85])] * 3)
    return [(body, grey), (wheel, near(rng, 0.25, 0.25, 0.25))]


def tie(rng: np.random.Generator) -> list[Part]:
    """A cloth with a knot, plain or striped, that hangs."""
    outline = np.array(
        [
            (-0.07, 0.8),
            (0.07, 0.8),
            (0.12, 0.3),
            (0.2, -0.85),
            (0, -1.1),
            (-0.2, -0.85),
            (-0.12, 0.3),
        ]
    )
    knot = np.array([(-0.12, 1.05), (0.12, 1.05), (0.08, 0.78), (-0.08, 0.78)])
    cloth, stripe = np.array(paint(rng)), np.array(paint(rng))
    picture = np.tile(np.uint8(255 * cloth), (128, 128, 1))
    if rng.random() < 0.6:
        across = (np.add.outer(np.arange(128), 2 * np.arange(128)) // rng.integers(6, 20)) % 3 == 0
        picture[across] = np.uint8(255 * stripe)
    parts: list[Part] = []
    for piece in (outline, knot):
        mesh = slab(piece, 0.1).rotate_x(-90)
        mesh.active_texture_coordinates = np.ascontiguousarray(mesh.points[:, :2] / 2.4 + 0.5)
        parts.append((mesh, pv.Texture(picture)))
    return parts


def toothbrush(rng: np.random.Generator) -> list[Part]:
    handle = slab(oval(2, 0.13, 0.6), 0.07)
    bristles = pv.Box((0.7, 0.95, 0.07, 0.26, -0.05, 0.05))
    return [(handle, paint(rng)), (bristles, near(rng, 0.9, 0.9, 0.9))]


def book(rng: np.random.Generator) -> list[Part]:
    high, thick = rng.uniform(1.2, 1.6), rng.uniform(0.1, 0.35)
    cover = paint(rng)
    parts: list[Part] = [
        (pv.Box((0, 0.97, 0.02, high - 0.02, 0.03, thick - 0.03)), near(rng, 0.92, 0.9, 0.84)),
        (pv.Box((-0.03, 0, 0, high, 0, thick)), cover),
    ]
    for z in (0, thick - 0.03):
        parts.append((pv.Box((0, 1, 0, high, z, z + 0.03)), cover))
    label = pv.Box((0.15, 0.85, high * 0.6, high * 0.85, thick, thick + 0.005))
    return [*parts, (label, paint(rng, 0.0))]


def scissors(rng: np.random.Generator) -> list[Part]:
    """Two blades that cross, each with a ring."""
    steel, grip = near(rng, 0.65, 0.67, 0.7), paint(rng) if rng.random() < 0.8 else None
    opening, length = rng.uniform(4, 32), rng.uniform(0.9, 1.3)
    parts: list[Part] = []
    for side in (-1, 1):
        blade = np.array([(-0.3, -0.07), (-0.3, 0.07), (0.1, 0.1), (length, 0), (0.1, -0.06)])
        ring: Mesh = pv.ParametricTorus(ringradius=0.2, crosssectionradius=0.06).rotate_x(90)
        ring = ring.scale((rng.uniform(1, 1.6), 1, 1)).translate((-0.62, 0, -0.17 * side))
        shank = cylinder((-0.32, 0, -0.05 * side), (1, 0, 0.25 * side), 0.06, 0.35)
        for mesh, colour in (
            (slab(blade * (1, side), 0.04).translate((0, 0.02 * side, 0)), steel),
            (pv.merge([ring, shank]), grip or steel),
        ):
            parts.append((mesh.rotate_y(-side * opening), colour))
    return [*parts, (cylinder((0, 0, 0), (0, 1, 0), 0.05, 0.14), steel)]


def wine_glass(rng: np.random.Generator) -> list[Part]:
    """A glass on a stem, with wine in it or without."""
    wide, deep, stem = rng.uniform(0.3, 0.5), rng.uniform(0.5, 0.9), rng.uniform(0.5, 0.9)
    bowl = [(wide * np.sin(a), deep * (1 - np.cos(a))) for a in np.linspace(0.15, 1.9, 16)]
    glass = lathe(
        (0, -stem - 0.05), (0.35, -stem - 0.04), (0.05, -stem + 0.05), (0.04, -0.05), *bowl
    )
    parts: list[Part] = [(glass, near(rng, 0.78, 0.82, 0.84))]
    if rng.random() < 0.6:
        wines = [(0.4, 0.03, 0.1), (0.9, 0.82, 0.5), (0.9, 0.55, 0.5)]
        filled = [(1.01 * x, y) for x, y in bowl[: rng.integers(6, 13)]]
        wine = lathe((0, 0), *filled, (0, filled[-1][1]))
        parts.append((wine, near(rng, *wines[rng.integers(3)])))
    return parts


def umbrella(rng: np.random.Generator) -> list[Part]:
    """A dome of eight panels in one colour or two, and a stick."""
    first = paint(rng, 0.0)
    second = paint(rng) if rng.random() < 0.5 else first
    flat = rng.uniform(0.35, 0.7)
    dome = [(np.sin(a), flat * np.cos(a)) for a in np.linspace(0, 1.45, 12)]
    whole = lathe(*dome).triangulate()
    x, _, z = whole.cell_centers().points.T
    panel = np.floor(np.arctan2(z, x) / (np.pi / 4)).astype(int)
    parts: list[Part] = [
        (whole.remove_cells(np.flatnonzero(panel % 2 != odd)), colour)
        for odd, colour in enumerate((first, second))
    ]
    stick = cylinder((0, flat / 2 - 0.65, 0), (0, 1, 0), 0.025, flat + 1.3)
    tilt = rng.uniform(-50, 50)
    parts.append((stick, near(rng, 0.3, 0.22, 0.15)))
    return [(mesh.rotate_z(tilt), colour) for mesh, colour in parts]
