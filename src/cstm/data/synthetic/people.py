"""Adults and babies, drawn from the side (from behind when they climb)."""

import numpy as np

from cstm.data.synthetic.look import Look
from cstm.data.synthetic.postures import ADULT, BABY, Build, Posture, upright
from cstm.data.synthetic.shapes import (
    Colour,
    Joint,
    Shape,
    bend,
    bones,
    ellipse,
    limb,
    moved,
    polygon,
    shade,
    shadow,
    step,
)

FORWARD, BACKWARD = -1, 1
"""Sides a joint bends to, for :func:`bend`."""


def person(look: Look, pose: str, phase: float) -> list[Shape]:
    """An adult or a baby in a pose at a phase of its cycle."""
    build = BABY if look.actor == "baby" else ADULT
    wave = float(np.sin(2 * np.pi * phase))
    if pose == "climb":
        return _from_behind(look, build, wave)
    if pose == "roll":
        return _rolled_up(look, build, phase)
    if pose == "crawl":
        return [shadow(0.85), *_crawling(look, build, phase)]
    posture, lift = upright(build, pose, phase)
    shapes = _side_view(look, build, posture)
    if pose == "eat":
        hand = posture.hands[0]
        bread = ellipse((226, 178, 106), (hand[0] + 0.03, hand[1] - 0.03), 0.07, 0.045, 0.3)
        shapes.append(bread)
    return [shadow(0.45), *moved(shapes, by=(0.0, -lift))]


def _side_view(look: Look, build: Build, posture: Posture) -> list[Shape]:
    far = 0.72
    trousers = look.clothes if look.actor == "baby" else look.trousers
    shapes = _arm(look, build, posture.neck, posture.hands[1], far)
    shapes += _leg(look, build, posture.hips, posture.feet[1], far)
    shapes += _leg(look, build, posture.hips, posture.feet[0], 1.0)
    waist = limb(shade(trousers, 0.95), posture.hips, posture.hips, build.hips)
    shapes += [waist, limb(look.clothes, posture.neck, posture.hips, build.chest, build.hips)]
    if look.kind == "woman":
        (x, y), flare = posture.hips, 0.13
        shapes.append(
            polygon(shade(look.clothes, 0.88), (x - 0.07, y - 0.07), (x + 0.07, y - 0.07),
                    (x + flare, y + 0.19), (x - flare, y + 0.19))
        )  # fmt: skip
    shapes += _head(look, build, posture.neck, posture.nod)
    return shapes + _arm(look, build, posture.neck, posture.hands[0], 1.0)


def _on_legs(look: Look) -> Colour:
    """What legs wear: a romper, nothing under a dress, or trousers."""
    if look.actor == "baby":
        return look.clothes
    return look.skin if look.kind == "woman" else look.trousers


def _leg(look: Look, build: Build, hips: Joint, foot: Joint, light: float) -> list[Shape]:
    ankle = (foot[0], foot[1] - 0.03)
    knee, ankle = bend(hips, ankle, build.thigh, build.shin, FORWARD)
    trousers, shoe = _on_legs(look), (58, 46, 44)
    if look.actor == "baby":
        shoe = shade(look.clothes, 0.8)
    elif look.kind == "woman":
        shoe = look.trousers
    thick = build.limb
    tip = (ankle[0] + 0.075, ankle[1] + 0.005)
    return [
        *bones(shade(trousers, light), [hips, knee, ankle], [thick * 1.35, thick, thick * 0.8]),
        limb(shade(shoe, light), ankle, tip, thick * 0.85, thick * 0.6),
    ]


def _arm(look: Look, build: Build, neck: Joint, hand: Joint, light: float) -> list[Shape]:
    shoulder = (neck[0], neck[1] + 0.045)
    elbow, hand = bend(shoulder, hand, build.arm, build.arm, BACKWARD)
    thick = build.limb * 0.85
    return [
        limb(shade(look.skin, light), elbow, hand, thick * 0.85, thick * 0.85),
        limb(shade(look.clothes, light * 0.88), shoulder, elbow, thick * 1.2, thick),
    ]


def _head(look: Look, build: Build, neck: Joint, nod: float) -> list[Shape]:
    r = build.head
    centre = (neck[0] + 0.02, neck[1] - 0.95 * r - 0.02)
    x, y = centre
    face = [
        limb(look.skin, neck, centre, r * 0.4, r * 0.4),
        ellipse(look.skin, centre, r),
        ellipse(look.skin, (x + r, y + 0.15 * r), r * 0.2),
        ellipse((30, 26, 30), (x + 0.5 * r, y - 0.1 * r), r * 0.13, r * 0.19),
        limb((150, 70, 70), (x + 0.5 * r, y + 0.5 * r), (x + 0.75 * r, y + 0.45 * r), r * 0.07),
    ]
    if look.kind == "baby":
        face += [
            ellipse(shade(look.skin, 0.85), (x - 0.15 * r, y + 0.1 * r), r * 0.16, r * 0.22),
            limb(look.hair, (x - 0.1 * r, y - 1.0 * r), (x + 0.2 * r, y - 1.05 * r), r * 0.17),
        ]
    else:
        cap = np.linspace(np.pi * 0.75, np.pi * 1.82, 10)
        crown = [(x + 1.12 * r * float(np.cos(a)), y + 1.12 * r * float(np.sin(a))) for a in cap]
        hair = [polygon(look.hair, *crown, (x + 0.25 * r, y - 0.45 * r))]
        if look.kind == "woman":
            hair.append(limb(look.hair, (x - 0.75 * r, y - 0.2 * r), (x - r, y + 1.7 * r), r * 0.5))
        face += hair
    return moved(face, nod, neck)


def _crawling(look: Look, build: Build, phase: float) -> list[Shape]:
    """On hands and knees."""
    height = build.thigh + 0.03
    hips, neck = (-0.22, -height), (-0.22 + build.torso, -height - 0.02)
    shapes: list[Shape] = []
    for light, offset in ((0.72, 0.5), (1.0, 0.0)):
        stride = step(phase + offset, 0.2, 0.05)
        knee: Joint = (hips[0] + 0.03 + stride[0], -0.05 + stride[1])
        foot = (knee[0] - build.shin, -0.04 + 0.4 * stride[1])
        trousers = _on_legs(look)
        reach = step(phase + offset + 0.5, 0.22, 0.07)
        hand = (neck[0] + 0.03 + reach[0], -0.02 + reach[1])
        thick = build.limb
        shapes += _arm(look, build, neck, hand, light)
        shapes += bones(
            shade(trousers, light), [hips, knee, foot], [thick * 1.35, thick * 1.1, thick * 0.8]
        )
        if light < 1:
            shapes.append(limb(look.clothes, neck, hips, build.chest, build.hips * 1.1))
    return shapes + _head(look, build, (neck[0] + 0.05, neck[1] - 0.01), 0.75)


def _rolled_up(look: Look, build: Build, phase: float) -> list[Shape]:
    """Curled up, turning a whole turn a cycle."""
    hips, neck = (-0.1, -0.14), (0.02, -0.14 - build.torso * 0.92)
    posture = Posture(
        hips, neck, ((0.13, -0.1), (0.1, -0.08)), ((0.16, -0.22), (0.18, -0.2)), nod=0.7
    )
    middle = (0.0, -0.3)
    curled = moved(_side_view(look, build, posture), 2 * np.pi * phase, middle)
    return [shadow(0.5), *curled]


def _from_behind(look: Look, build: Build, wave: float) -> list[Shape]:
    """Seen from the back, hands and feet taking turns on the way up."""
    hips, neck = (0.015 * wave, -build.leg - 0.02), (0.0, -build.leg - 0.02 - build.torso)
    legs = _on_legs(look)
    shapes: list[Shape] = []
    for side in (-1, 1):
        up = 0.5 + 0.5 * wave * side
        foot = (side * 0.13, -0.02 - 0.62 * build.leg * (1 - up))
        knee, foot = bend((side * 0.05, hips[1]), foot, build.thigh, build.shin, -side)
        thick = build.limb
        shapes += bones(legs, [(side * 0.05, hips[1]), knee, foot], [thick * 1.3, thick, thick])
        shoulder = (side * build.chest * 0.9, neck[1] + 0.03)
        hand = (side * 0.15, neck[1] - 0.02 - 1.7 * build.arm * (0.05 + 0.95 * up))
        elbow, hand = bend(shoulder, hand, build.arm, build.arm, side)
        shapes.append(limb(look.skin, elbow, hand, thick * 0.8, thick * 0.8))
        shapes.append(limb(shade(look.clothes, 0.85), shoulder, elbow, thick, thick * 0.9))
    head = (0.0, neck[1] - build.head * 0.85)
    shapes.append(limb(look.clothes, neck, hips, build.chest * 1.1, build.hips))
    if look.kind == "woman":
        x, y = hips
        skirt = polygon(shade(look.clothes, 0.88), (x - 0.08, y - 0.06), (x + 0.08, y - 0.06),
                        (x + 0.13, y + 0.16), (x - 0.13, y + 0.16))  # fmt: skip
        shapes.append(skirt)
    shapes.append(ellipse(look.skin, head, build.head))
    r = build.head
    if look.kind == "baby":
        shapes.append(ellipse(look.hair, (0, head[1] - 0.75 * r), r * 0.3, r * 0.2))
    else:
        shapes.append(ellipse(look.hair, (0, head[1] - 0.1 * r), r * 1.06, r * 0.98))
    if look.kind == "woman":
        shapes.append(limb(look.hair, head, (0, head[1] + 1.9 * r), r * 0.75, r * 0.45))
    return shapes
