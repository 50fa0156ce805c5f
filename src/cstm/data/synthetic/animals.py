"""Cats and dogs, drawn from the side."""

from dataclasses import dataclass

import numpy as np

from cstm.data.synthetic.look import Look
from cstm.data.synthetic.shapes import (
    Colour,
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

GAIT_OFFSETS = (0.0, 0.25, 0.5, 0.75)
"""Phases of near hind, near fore, far hind and far fore leg in a walk."""


@dataclass(frozen=True)
class Stance:
    """How a four-legged body is held: over which ground, how steep, with its feet where."""

    height: float
    feet: tuple[Joint, ...]
    """Near hind, near fore, far hind, far fore, from the points below hip and shoulder."""
    pitch: float = 0.0
    """Turn of the trunk in radians, negative with the nose up."""
    head: float = 0.0
    """Turn of neck and head in radians, positive down."""
    tail: float = 0.0


def quadruped(look: Look, pose: str, phase: float) -> list[Shape]:
    """A cat or a dog in a pose at a phase of its cycle."""
    leg = 0.33 if look.actor == "dog" else 0.27
    wave = float(np.sin(2 * np.pi * phase))
    if pose == "jump":
        done = flight(phase, rest=0.12)
        air = 4 * done * (1 - done)
        reach = 0.2 * air
        feet = ((-reach, -0.08 * air), (reach, -0.1 * air)) * 2
        stance = Stance(leg * (0.75 + 0.25 * air), feet, 0.7 * (done - 0.5) * air, tail=0.5 * air)
        body = _four_legged(look, leg, stance)
        return [shadow(0.75), *moved(body, by=(0.0, -0.42 * air))]
    if pose == "roll":
        kick = 0.05 * wave
        feet = ((0.09 + kick, -0.13), (-0.07, -0.13 + kick), (0.04, -0.1), (-0.03 - kick, -0.1))
        body = _four_legged(look, leg, Stance(leg * 0.9, feet, head=0.3))
        return [shadow(0.7), *moved(body, 2 * np.pi * phase, (0.0, -0.34), (0.0, -0.05))]
    if pose == "climb":
        feet = tuple(step(phase + k, 0.26, 0.07) for k in (0.0, 0.5, 0.5, 0.0))
        body = _four_legged(look, leg, Stance(leg * 0.85, feet, head=-0.25))
        return moved(body, -np.pi / 2 + 0.12, (0.0, -0.3))
    if pose == "sit":
        feet = ((0.2, 0.0), (-0.06, 0.0), (0.16, 0.0), (-0.1, 0.0))
        stance = Stance(leg * 0.95, feet, pitch=-0.75, head=0.65, tail=-0.9)
    elif pose == "crawl":
        feet = tuple(step(phase + k, 0.24, 0.06) for k in (0.0, 0.5, 0.5, 0.0))
        stance = Stance(leg * 0.42, feet, head=0.25, tail=-0.5)
    elif pose == "eat":
        stance = Stance(
            leg, ((0.0, 0.0),) * 4, pitch=0.24, head=0.9 + 0.45 * wave, tail=0.15 * wave
        )
    elif pose == "gait":
        feet = tuple(step(phase + k, 0.34, 0.1) for k in GAIT_OFFSETS)
        stance = Stance(leg * 0.94, feet, head=0.08 * wave, tail=0.2 * wave)
    else:
        stance = Stance(leg, ((0.02, 0.0), (0.0, 0.0), (-0.05, 0.0), (0.06, 0.0)))
    return [shadow(0.75), *_four_legged(look, leg, stance)]


def _four_legged(look: Look, leg: float, stance: Stance) -> list[Shape]:
    is_dog = look.actor == "dog"
    stout = 0.105 + 0.03 * look.variant[0]
    middle = (0.0, -stance.height - 0.08)
    hip, shoulder = (-0.24, middle[1]), (0.2, middle[1] - 0.02)
    if stance.pitch:
        cosine, sine = np.cos(stance.pitch), np.sin(stance.pitch)
        hip, shoulder = (
            (x * float(cosine) - (y - middle[1]) * float(sine),
             middle[1] + x * float(sine) + (y - middle[1]) * float(cosine))
            for x, y in (hip, shoulder)
        )  # fmt: skip
    shapes: list[Shape] = []
    legs: list[list[Shape]] = []
    for number, (dx, dy) in enumerate(stance.feet):
        root = hip if number % 2 == 0 else shoulder
        light = 1.0 if number < 2 else 0.72
        foot = (root[0] + dx, dy)
        # Hind knees point forward, fore knees back, as in the animal.
        legs.append(_paw(look, root, foot, leg, light, 1 if number % 2 else -1))
    base = (hip[0] - 0.07, hip[1] - 0.05)
    shapes += _tail(look, base, stance.tail, is_dog)
    shapes += legs[2] + legs[3]
    shapes.append(limb(look.main, hip, shoulder, stout * 0.95, stout * 1.12))
    if len(look.colours) > 1:
        spot = ((hip[0] + shoulder[0]) / 2 - 0.03, (hip[1] + shoulder[1]) / 2 - 0.01)
        shapes.append(ellipse(look.second, spot, 0.12, 0.085, stance.pitch + 0.2))
        shapes.append(ellipse(look.second, hip, stout * 0.75))
    else:
        belly = ((hip[0] + shoulder[0]) / 2, (hip[1] + shoulder[1]) / 2 + stout * 0.55)
        shapes.append(ellipse(shade(look.main, 0.88), belly, 0.2, stout * 0.35, stance.pitch))
    shapes += legs[0] + legs[1]
    neck = (shoulder[0] + 0.04, shoulder[1] - 0.05)
    face = _dog_head(look, neck) if is_dog else _cat_head(look, neck)
    return shapes + moved(face, stance.head, neck)


def _paw(look: Look, root: Joint, foot: Joint, leg: float, light: float, side: int) -> list[Shape]:
    knee, foot = bend(root, (foot[0], foot[1] - 0.025), leg * 0.58, leg * 0.6, side)
    upper, lower = shade(look.main, light), shade(look.second, light)
    thick = 0.046 if look.actor == "dog" else 0.04
    return [
        limb(upper, root, knee, thick * 1.6, thick),
        limb(lower, knee, foot, thick, thick * 0.75),
        limb(lower, foot, (foot[0] + 0.035, foot[1] + 0.003), thick * 0.75, thick * 0.6),
    ]


def _tail(look: Look, base: Joint, angle: float, is_dog: bool) -> list[Shape]:
    x, y = base
    if is_dog:
        joints = [base, (x - 0.09, y - 0.07), (x - 0.12, y - 0.19)]
        parts = bones(look.second, joints, [0.04, 0.033, 0.022])
    else:
        joints = [base, (x - 0.1, y - 0.02), (x - 0.17, y - 0.14), (x - 0.13, y - 0.27)]
        parts = bones(look.main, joints, [0.032, 0.03, 0.028, 0.026])
    return moved(parts, angle, base)


def _dog_head(look: Look, neck: Joint) -> list[Shape]:
    x, y = neck[0] + 0.11, neck[1] - 0.15
    ear = shade(look.second if len(look.colours) > 1 else look.main, 0.7)
    hang = 0.09 + 0.06 * look.variant[1]
    return [
        limb(look.main, neck, (x, y), 0.095, 0.085),
        ellipse(look.main, (x, y), 0.1),
        limb(look.second, (x + 0.06, y + 0.025), (x + 0.17, y + 0.04), 0.06, 0.045),
        ellipse((28, 24, 26), (x + 0.205, y + 0.02), 0.026, 0.022),
        limb((90, 50, 50), (x + 0.11, y + 0.075), (x + 0.18, y + 0.07), 0.008),
        ellipse((250, 250, 250), (x + 0.045, y - 0.03), 0.026),
        ellipse((20, 18, 20), (x + 0.052, y - 0.028), 0.016),
        limb(ear, (x - 0.05, y - 0.06), (x - 0.075, y - 0.06 + hang), 0.035, 0.045),
    ]


def _cat_head(look: Look, neck: Joint) -> list[Shape]:
    x, y = neck[0] + 0.11, neck[1] - 0.1
    dark: Colour = (28, 24, 26)
    pink: Colour = (230, 140, 146)
    return [
        limb(look.main, neck, (x, y), 0.085, 0.08),
        polygon(shade(look.main, 0.8), (x - 0.1, y - 0.04), (x - 0.075, y - 0.19), (x, y - 0.09)),
        ellipse(look.main, (x, y), 0.12, 0.105),
        polygon(look.main, (x - 0.01, y - 0.08), (x + 0.06, y - 0.2), (x + 0.1, y - 0.05)),
        polygon(pink, (x + 0.025, y - 0.09), (x + 0.057, y - 0.155), (x + 0.075, y - 0.08)),
        ellipse(look.second, (x + 0.075, y + 0.045), 0.06, 0.045),
        polygon(pink, (x + 0.1, y + 0.015), (x + 0.135, y + 0.015), (x + 0.12, y + 0.04)),
        ellipse((246, 236, 120), (x + 0.02, y - 0.02), 0.026, 0.03),
        ellipse(dark, (x + 0.024, y - 0.02), 0.011, 0.026),
        ellipse((246, 236, 120), (x + 0.09, y - 0.025), 0.02, 0.028),
        ellipse(dark, (x + 0.094, y - 0.025), 0.009, 0.024),
        limb(shade(look.main, 0.55), (x + 0.1, y + 0.05), (x + 0.21, y + 0.03), 0.005),
        limb(shade(look.main, 0.55), (x + 0.1, y + 0.06), (x + 0.2, y + 0.085), 0.005),
    ]
