"""Things of simple shape, of any proportions and colours, for render_cutouts.py."""

from collections.abc import Callable, Sequence
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


def ball(rng: np.random.Generator) -> list[Part]:
    if rng.random() < 0.5:
        return [(pv.Sphere(theta_resolution=60, phi_resolution=60), paint(rng))]
    sphere: Mesh = pv.Sphere(theta_resolution=60, phi_resolution=60)
    halves = [sphere.clip((1, 0, 0.3)), sphere.clip((-1, 0, -0.3))]
    return [(half, paint(rng, 0.0)) for half in halves]


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


SHAPES: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "frisbee": frisbee, "surfboard": surfboard, "snowboard": snowboard, "skis": skis, "kite": kite,
    "baseball bat": bat, "keyboard": keyboard, "mouse": computer_mouse, "tie": tie,
    "toothbrush": toothbrush, "book": book, "sports ball": ball, "apple": apple,
    "orange": lambda rng: fruit(rng, 0.95, 0.55, 0.1), "carrot": carrot, "banana": banana,
    "donut": donut, "pizza": pizza, "broccoli": broccoli,
}  # fmt: skip


class Shape:
    """A thing of a class, another one each time."""

    def __init__(self, category: str, number: int) -> None:
        self.name, self.build = f"shape-{number}", SHAPES[category]

    def stage(self, plotter: pv.Plotter, rng: np.random.Generator) -> None:
        """Add its parts."""
        for mesh, look in self.build(rng):
            looks: dict[str, Any] = {"texture" if isinstance(look, pv.Texture) else "color": look}
            looks |= {"ambient": 0.25, "diffuse": 0.85, "specular": float(rng.uniform(0, 0.3))}
            plotter.add_mesh(mesh, smooth_shading=True, split_sharp_edges=True, **looks)
