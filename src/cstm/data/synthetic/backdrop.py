"""Backgrounds and the things that stand in them."""

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import Generator

from cstm.data.draws import pick
from cstm.data.synthetic.shapes import Colour, Shape, ellipse, limb, polygon, shade


def draw_backdrop(
    rng: Generator, width: int, height: int, horizon: float
) -> UInt8[ndarray, "height width 3"]:
    """A textured background, with ground below ``horizon`` (a share of the height) or without."""
    kind = int(rng.integers(5))
    colours = [_muted(rng) for _ in range(3)]
    blend = _octaves(rng, width, height, int(rng.integers(2, 5)))
    if kind == 0:
        angle = rng.uniform(0, np.pi)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        waves = (x * np.cos(angle) + y * np.sin(angle)) / rng.uniform(9, 26) + 3 * blend
        picture = _mix(colours[0], colours[1], 0.5 + 0.4 * np.sin(waves))
    elif kind == 1:
        picture = _mix(colours[0], colours[1], np.where(blend > 0.5, 0.9, 0.1).astype(np.float32))
        picture = cv2.GaussianBlur(picture, (0, 0), 1.2)
    else:
        picture = _mix(colours[0], colours[1], blend)
    if kind >= 3:
        line = int(height * horizon)
        slope = np.linspace(0, 1, max(height - line, 1), dtype=np.float32)[:, None]
        near = 0.75 * blend[line:] + 0.35 * slope
        picture[line:] = _mix(colours[2], [c * 0.7 for c in colours[2]], near)
        if rng.random() < 0.5:
            fade = np.linspace(0.2, 1, max(line, 1), dtype=np.float32)[:, None]
            sky = _mix((126, 178, 232), (226, 238, 248), fade + 0.25 * (blend[:line] - 0.5))
            picture[:line] = sky
    for _ in range(int(rng.integers(0, 9))):
        _distractor(rng, picture)
    grain = _octaves(rng, width, height, 1, finest=2) - 0.5
    return np.clip(picture + 20 * grain[..., None], 0, 255).astype(np.uint8)


def _muted(rng: Generator) -> list[float]:
    hue, light = rng.uniform(0, 180), rng.uniform(90, 215)
    pixel = np.array([[[hue, rng.uniform(20, 110), light]]], np.uint8)
    return [float(c) for c in cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0]]


def _mix(one: object, other: object, share: ndarray) -> ndarray:
    share = np.clip(share, 0, 1)[..., None].astype(np.float32)
    return np.asarray(one, np.float32) * (1 - share) + np.asarray(other, np.float32) * share


def _octaves(rng: Generator, width: int, height: int, count: int, finest: int = 6) -> ndarray:
    """Smooth noise in [0, 1], the sum of ``count`` scales, the coarser the stronger."""
    total = np.zeros((height, width), np.float32)
    for octave in range(count):
        cell = finest * 3**octave
        small = rng.random((height // cell + 2, width // cell + 2), dtype=np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * 2.0**octave
    low, high = np.percentile(total[::7, ::7], (2, 98))
    return np.clip((total - low) / (high - low), 0, 1)


def _distractor(rng: Generator, picture: ndarray) -> None:
    """A plain block, stone, or leaf that no sentence speaks of."""
    height, width = picture.shape[:2]
    centre = rng.uniform((0, 0), (width, height))
    corners = pick(rng, (3, 4, 5, 6, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(0.05, 0.16) * height * rng.uniform(0.6, 1.0, corners)
    points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    patch = picture.copy()
    fixed = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(patch, [fixed], _muted(rng), cv2.LINE_AA, shift=4)
    share = rng.uniform(0.4, 0.9)
    picture[:] = picture * (1 - share) + patch * share


def support(rng: Generator, actor: str, width: float, length: float) -> list[Shape]:
    """What is climbed, upright: a ladder behind people, a trunk in front of animals' feet."""
    if actor in ("adult", "baby"):
        wood: Colour = (164, 118, 70) if rng.random() < 0.5 else (128, 132, 140)
        rails = [
            limb(wood, (x, -length), (x, length), width * 0.07) for x in (-width / 2, width / 2)
        ]
        rungs = np.arange(-length, length, width * 0.6)
        return [
            *(limb(shade(wood, 0.85), (-width / 2, y), (width / 2, y), width * 0.05)
              for y in rungs.tolist()),
            *rails,
        ]  # fmt: skip
    bark: Colour = (112, 84, 60)
    half = width * 0.3
    shift = width * (1.0 if actor == "bird" else 0.85)
    trunk = [
        polygon(bark, (shift - half, -length), (shift + half, -length), (shift + half, length),
                (shift - half, length))
    ]  # fmt: skip
    for _ in range(40):
        x, y = rng.uniform(-0.8, 0.8) * half + shift, rng.uniform(-1, 1) * length
        trunk.append(limb(shade(bark, 0.75), (x, y), (x, y + width * 0.3), width * 0.02))
    return trunk


def meal(actor: str, scale: float) -> list[Shape]:
    """What an animal eats from, on the ground at (0, 0)."""
    if actor == "bird":
        seeds = [(0.3 + 0.05 * k, -0.01 - 0.02 * (k % 2)) for k in range(5)]
        return [ellipse((226, 196, 110), (x * scale, y * scale), 0.022 * scale) for x, y in seeds]
    x, s = 0.37 * scale, scale
    return [
        polygon((206, 84, 70), (x - 0.11 * s, -0.07 * s), (x + 0.11 * s, -0.07 * s),
                (x + 0.14 * s, 0.02 * s), (x - 0.14 * s, 0.02 * s)),
        ellipse((122, 78, 48), (x, -0.07 * s), 0.11 * s, 0.03 * s),
    ]  # fmt: skip


def foreground(rng: Generator, width: int, height: int) -> list[Shape]:
    """A post or a bush close to the camera, in pixels from the picture's middle."""
    x = float(rng.uniform(-0.45, 0.45)) * width
    if rng.random() < 0.5:
        colour: Colour = (92, 96, 104) if rng.random() < 0.5 else (118, 86, 56)
        return [limb(colour, (x, -height), (x, height), width * float(rng.uniform(0.012, 0.025)))]
    green: Colour = (58, 112, 58) if rng.random() < 0.6 else (124, 126, 58)
    top, r = float(rng.uniform(0.36, 0.46)) * height, height * 0.06
    return [
        ellipse(shade(green, float(rng.uniform(0.8, 1.15))), (x + dx * r, top + dy * r), r * 1.1)
        for dx, dy in ((-1.6, 1.2), (1.6, 1.2), (0, 1.4), (-0.9, 0), (0.9, 0.1), (0, -0.6))
    ]
