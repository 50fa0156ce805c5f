"""Things of a street."""

import numpy as np
import pyvista as pv

from shapes.parts import Part, cylinder, lathe, near, paint, slab


def hydrant(rng: np.random.Generator) -> list[Part]:
    """A fire hydrant: a post with a dome, two caps at its sides and one before it."""
    waist, colour = rng.uniform(0.24, 0.3), paint(rng, 0.5)
    second = paint(rng, 0.0) if rng.random() < 0.5 else colour
    post = lathe((0, -1), (0.42, -1), (0.42, -0.9), (waist, -0.85), (waist, 0.3), (0.36, 0.33))
    dome = lathe((0.36, 0.33), (0.36, 0.42), (0.28, 0.6), (0.15, 0.72), (0.08, 0.74), (0.08, 0.86))
    caps = [
        cylinder((0.38 * side, 0.12, 0), (1, 0, 0), radius, length)
        for side in (-1, 1)
        for radius, length in ((0.13, 0.2), (0.06, 0.4))
    ]
    front = cylinder((0, -0.05, 0.34), (0, 0, 1), 0.18, 0.24)
    top = cylinder((0, 0.86, 0), (0, 1, 0), 0.08, 0.02)
    parts: list[Part] = [(post, colour), (dome, second), (top, second)]
    return [*parts, (pv.merge([*caps, front]), second)]


def traffic_light(rng: np.random.Generator) -> list[Part]:
    """Three lamps in a case, of which one is on; perhaps on a pole."""
    cases = [(0.08, 0.08, 0.08), (0.12, 0.2, 0.14), (0.85, 0.68, 0.12), (0.4, 0.4, 0.42)]
    case, lit = near(rng, *cases[rng.integers(4)]), int(rng.integers(3))
    parts: list[Part] = [(pv.Box((-0.3, 0.3, -0.85, 0.85, -0.2, 0.2)), case)]
    for number, lamp in enumerate([(0.95, 0.15, 0.1), (0.98, 0.7, 0.1), (0.15, 0.85, 0.45)]):
        middle = (0, 0.55 * (1 - number), 0.2)
        bright = np.array(lamp) * (1 if number == lit else 0.28)
        parts.append((pv.Sphere(radius=0.2, center=middle), tuple(bright)))
        hood = lathe((0.24, 0), (0.24, 0.3)).rotate_x(90).clip("y", origin=(0, 0.02, 0))
        parts.append((hood.rotate_z(180).translate(middle), case))
    pole = cylinder((0, -1.6, 0), (0, 1, 0), 0.07, 1.5)
    return parts if rng.random() < 0.5 else [*parts, (pole, near(rng, 0.4, 0.4, 0.4))]


def stop_sign(rng: np.random.Generator) -> list[Part]:
    """A red octagon with a white border and a white line for its word, on a post."""
    corners = np.deg2rad(np.arange(8) * 45 + 22.5)
    octagon = np.c_[np.cos(corners), np.sin(corners)]
    looks = [(1, (0.92, 0.92, 0.92), 0), (0.93, (0.72, 0.08, 0.1), 0.02)]
    parts: list[Part] = [
        (slab(size * octagon, 0.03).rotate_x(90).translate((0, 0, level)), near(rng, *colour))
        for size, colour, level in looks
    ]
    for number in range(4):
        x = 0.34 * (number - 1.5)
        letter = pv.Box((x - 0.11, x + 0.11, -0.25, 0.25, 0.05, 0.055))
        hole = pv.Box((x - 0.05, x + 0.05, -0.17, 0.17, 0.055, 0.06))
        parts += [(letter, near(rng, 0.92, 0.92, 0.92)), (hole, near(rng, 0.72, 0.08, 0.1))]
    post = pv.Box((-0.06, 0.06, -rng.uniform(1.2, 2.8), 0.5, -0.12, -0.05))
    return [*parts, (post, near(rng, 0.5, 0.5, 0.5))]


def parking_meter(rng: np.random.Generator) -> list[Part]:
    """A head with a window and a slot, on a post."""
    grey = near(rng, *[rng.choice([0.2, 0.45, 0.65])] * 3)
    dome = cylinder((0, 0.2, 0.15), (0, 0, 1), 0.36, 0.3)
    box = pv.Box((-0.33, 0.33, -0.45, 0.2, 0, 0.3))
    window = pv.Box((-0.2, 0.2, 0.12, 0.38, 0.3, 0.315))
    slot = pv.Box((-0.12, 0.12, -0.3, 0, 0.3, 0.33))
    post = cylinder((0, -1.1, 0.15), (0, 1, 0), 0.08, 1.4)
    parts: list[Part] = [(pv.merge([dome, box]), grey), (window, near(rng, 0.75, 0.8, 0.75))]
    return [*parts, (slot, near(rng, 0.15, 0.15, 0.15)), (post, near(rng, 0.4, 0.4, 0.4))]


def bench(rng: np.random.Generator) -> list[Part]:
    """Planks to sit on and to lean against, between two sides."""
    wood = paint(rng) if rng.random() < 0.3 else near(rng, 0.5, 0.34, 0.2)
    iron, half = near(rng, 0.15, 0.16, 0.16), rng.uniform(0.8, 1.4)
    rows, back = 0.2 + np.arange(3) * 0.17, rng.random() < 0.75
    planks = [pv.Box((-half, half, 0, 0.05, z, z + 0.13)) for z in np.arange(4) * 0.16 - 0.1]
    planks += [pv.Box((-half, half, y, y + 0.13, -0.2, -0.15)) for y in rows if back]
    sides = [
        pv.Box((x - 0.04, x + 0.04, -0.5, high, z, z + 0.06))
        for x in (-0.85 * half, 0.85 * half)
        for high, z in ((0.05, 0.42), (0.65 if back else 0.05, -0.22))
    ]
    return [(pv.merge(planks), wood), (pv.merge(sides), iron)]
