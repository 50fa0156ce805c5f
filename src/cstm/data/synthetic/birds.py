"""Birds, drawn from the side."""

import numpy as np

from cstm.data.synthetic.look import Look
from cstm.data.synthetic.shapes import (
    Joint,
    Shape,
    bend,
    bones,
    ellipse,
    flight,
    limb,
    moved,
    polygon,
    shade,
    shadow,
    step,
)


def bird(look: Look, pose: str, phase: float) -> list[Shape]:
    """A bird in a pose at a phase of its cycle."""
    wave = float(np.sin(2 * np.pi * phase))
    if pose == "fly":
        return moved(_bird_body(look, wing=-0.3 + 1.25 * wave), 0.0, by=(0.0, -0.02 - 0.03 * wave))
    if pose == "jump":
        done = flight(phase, rest=0.12)
        air = 4 * done * (1 - done)
        body = _bird_legs(look, ((0.03, -0.1 * air), (-0.03, -0.06 * air)), 0.17 + 0.03 * air)
        body += _bird_body(look, wing=0.35 - 1.3 * air if air > 0.05 else None, pitch=-0.25 * air)
        return [shadow(0.5), *moved(body, by=(0.0, -0.5 * air))]
    if pose == "roll":
        body = _bird_legs(look, ((0.1, -0.12), (-0.02, -0.1 + 0.03 * wave)), 0.18)
        return [shadow(0.6), *moved(body + _bird_body(look), 2 * np.pi * phase, (0.0, -0.36))]
    if pose == "climb":
        feet = (step(phase, 0.16, 0.06), step(phase + 0.5, 0.16, 0.06))
        body = _bird_legs(look, feet, 0.17) + _bird_body(look, head=0.5 + 0.12 * wave)
        return moved(body, -np.pi / 2 + 0.3, (0.0, -0.36))
    if pose == "eat":
        pitch = 0.5 + 0.45 * wave
        body = _bird_legs(look, ((0.05, 0.0), (-0.01, 0.0)), 0.2)
        return [shadow(0.5), *body, *_bird_body(look, pitch=pitch, head=0.35 * pitch)]
    if pose == "gait":
        feet = (step(phase, 0.26, 0.08), step(phase + 0.5, 0.26, 0.08))
        body = _bird_legs(look, feet, 0.19) + _bird_body(look, head=0.14 * wave, pitch=0.05 * wave)
        return [shadow(0.5), *body]
    body = _bird_legs(look, ((0.04, 0.0), (-0.03, 0.0)), 0.2) + _bird_body(look)
    return [shadow(0.5), *body]


def _bird_legs(look: Look, feet: tuple[Joint, Joint], height: float) -> list[Shape]:
    shapes: list[Shape] = []
    for light, (x, y) in ((0.75, feet[1]), (1.0, feet[0])):
        colour = shade((236, 150, 50), light)
        knee, foot = bend((-0.01, -height - 0.03), (x, y - 0.01), 0.12, 0.13, 1)
        shapes += bones(colour, [(-0.01, -height - 0.03), knee, foot], [0.02, 0.017, 0.016])
        shapes.append(limb(colour, (foot[0] - 0.03, foot[1]), (foot[0] + 0.06, foot[1]), 0.014))
    return shapes


def _bird_body(
    look: Look, wing: float | None = None, pitch: float = 0.0, head: float = 0.0
) -> list[Shape]:
    """Trunk, head and wings; ``wing`` is the angle of open wings, None when they are folded."""
    main, second = look.main, look.second
    if len(look.colours) == 1:
        second = shade(main, 0.78)
    back, front = (-0.12, -0.36), (0.1, -0.38)
    neck = (0.16, -0.44)
    x, y = 0.24, -0.55
    shapes = [
        polygon(second, (-0.2, -0.42), (-0.5, -0.46), (-0.48, -0.34), (-0.18, -0.3)),
        limb(main, back, front, 0.12, 0.165),
        ellipse(shade(main, 1.35), (0.1, -0.31), 0.12, 0.085, 0.1),
    ]
    face = [
        limb(main, neck, (x, y), 0.1, 0.1),
        polygon((246, 176, 40), (x + 0.09, y - 0.05), (x + 0.23, y + 0.015), (x + 0.09, y + 0.055)),
        ellipse(main, (x, y), 0.115),
        ellipse((252, 252, 252), (x + 0.045, y - 0.03), 0.034),
        ellipse((20, 18, 20), (x + 0.054, y - 0.03), 0.02),
    ]
    if look.variant[1] > 0.5:
        face.insert(
            0, polygon(second, (x + 0.02, y - 0.1), (x - 0.1, y - 0.21), (x - 0.07, y - 0.06))
        )
    shapes += moved(face, head, neck)
    if wing is None:
        folded = ellipse(second, (-0.08, -0.38), 0.2, 0.1, -0.12)
        tip = polygon(second, (-0.2, -0.44), (-0.38, -0.34), (-0.16, -0.3))
        return moved([*shapes, tip, folded], pitch, (0.0, -0.3))
    root = (0.02, -0.44)
    # Drawn hanging down, as the sine of a quarter turn has it; negative angles raise it.
    open_wing = [
        polygon(second, (-0.1, -0.44), (0.1, -0.46), (0.06, -0.2), (-0.06, 0.02), (-0.2, 0.06),
                (-0.2, -0.12), (-0.17, -0.3)),
        polygon(shade(second, 0.8), (-0.2, 0.06), (-0.2, -0.12), (-0.14, -0.06), (-0.06, 0.02)),
    ]  # fmt: skip
    lifted = [Shape((s.points - root) * (1, np.sin(wing)) + root, s.colour) for s in open_wing]
    dark = [Shape(np.add(s.points, (0.07, -0.01)), shade(s.colour, 0.62)) for s in lifted]
    return moved([*dark, *shapes, *lifted], pitch, (0.0, -0.3))
