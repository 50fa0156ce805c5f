"""Cars and balls, drawn from the side."""

import numpy as np

from cstm.data.synthetic.look import PALETTE, Look
from cstm.data.synthetic.shapes import Shape, ellipse, flight, limb, moved, polygon, shade, shadow


def car(look: Look, pose: str, phase: float) -> list[Shape]:
    """A car in a pose at a phase of its cycle; wheels turn once a cycle when it drives."""
    wave = float(np.sin(2 * np.pi * phase))
    if pose == "roll":
        body = moved(_car_body(look, 0.0), 2 * np.pi * phase, (0.0, -0.2), (0.0, -0.1))
        return [shadow(0.9), *body]
    if pose == "jump":
        done = flight(phase, rest=0.1)
        air = 4 * done * (1 - done)
        tilted = moved(_car_body(look, phase), 0.9 * (done - 0.5) * min(1, 3 * air), (0.0, -0.15))
        return [shadow(0.95), *moved(tilted, by=(0.0, -0.4 * air))]
    if pose == "fly":
        return moved(_car_body(look, 0.0), -0.12 + 0.22 * wave, (0.0, -0.2))
    bounce = 0.012 * float(np.sin(6 * np.pi * phase)) if pose == "drive" else 0.0
    return [shadow(1.0), *_car_body(look, phase, bounce)]


def _car_body(look: Look, turns: float, bounce: float = 0.0) -> list[Shape]:
    main = look.main
    roof = shade(look.second, 0.92)
    glass = (176, 212, 232)
    top = -0.4 - 0.04 * look.variant[0]
    pane = top + 0.03
    body = [
        polygon(roof, (-0.36, -0.24), (-0.27, top), (0.1, top), (0.25, -0.24)),
        polygon(glass, (-0.29, -0.25), (-0.235, pane), (-0.09, pane), (-0.09, -0.25)),
        polygon(glass, (-0.05, -0.25), (-0.05, pane), (0.085, pane), (0.19, -0.25)),
        polygon(main, (-0.49, -0.1), (-0.5, -0.2), (-0.46, -0.26), (0.24, -0.26), (0.43, -0.22),
                (0.5, -0.17), (0.5, -0.08), (-0.47, -0.07)),
        limb(shade(main, 0.78), (-0.48, -0.1), (0.48, -0.1), 0.022),
        limb(shade(main, 0.6), (-0.07, -0.25), (-0.07, -0.1), 0.006),
        limb(shade(main, 0.6), (-0.02, -0.2), (0.03, -0.2), 0.01),
        ellipse((255, 240, 150), (0.465, -0.165), 0.03, 0.026),
        ellipse((200, 30, 30), (-0.48, -0.18), 0.02, 0.032),
    ]  # fmt: skip
    shapes = moved(body, by=(0.0, bounce))
    for x in (-0.29, 0.29):
        shapes += [
            ellipse((34, 34, 38), (x, -0.1), 0.105),
            ellipse((188, 190, 196), (x, -0.1), 0.06),
        ]
        for k in range(2):
            angle = 2 * np.pi * turns + k * np.pi / 2
            dx, dy = 0.055 * float(np.cos(angle)), 0.055 * float(np.sin(angle))
            shapes.append(limb((86, 88, 96), (x - dx, -0.1 - dy), (x + dx, -0.1 + dy), 0.016))
    return shapes


def ball(look: Look, pose: str, phase: float) -> list[Shape]:
    """A ball in a pose at a phase of its cycle, its pattern showing how it turns."""
    turning, flat, lift = 0.0, 0.0, 0.0
    if pose == "jump":
        done = flight(phase, rest=0.1)
        air = 4 * done * (1 - done)
        flat, lift = 0.22 * max(0.0, 1 - 5 * air), 1.1 * air
    elif pose in ("roll", "fly"):
        turning = 2 * np.pi * phase
    middle = (0.0, -0.5)
    other = look.second if len(look.colours) > 1 else shade(look.main, 0.55)
    if look.colours == ("black",):
        other = PALETTE["gray"]
    shapes = [ellipse(look.main, middle, 0.5)]
    if look.variant[3] < 0.5:
        angles = [
            np.linspace(k * 2 * np.pi / 3, k * 2 * np.pi / 3 + np.pi / 3, 8) for k in range(3)
        ]
        for arc in angles:
            rim = [(0.49 * float(np.cos(a)), -0.5 + 0.49 * float(np.sin(a))) for a in arc]
            shapes.append(polygon(other, middle, *rim))
        shapes.append(ellipse(shade(look.main, 1.3), middle, 0.1))
    else:
        for k in range(5):
            a = 2 * np.pi * k / 5
            spot = (0.34 * float(np.cos(a)), -0.5 + 0.34 * float(np.sin(a)))
            shapes.append(ellipse(other, spot, 0.1, 0.08, a))
        shapes.append(ellipse(other, middle, 0.13))
    shapes = moved(shapes, turning + look.variant[1] * 6, middle)
    if flat:
        squash = np.array([1 + flat, 1 - flat])
        shapes = [Shape(s.points * squash, s.colour) for s in shapes]
    shine = ellipse(shade(look.main, 1.9), (-0.17, -0.7), 0.1, 0.07, -0.6)
    shapes = moved([*shapes, shine], by=(0.0, -lift))
    return shapes if pose == "fly" else [shadow(0.8), *shapes]
