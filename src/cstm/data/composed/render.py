"""Draws a planned scene: frames, and who is where in the target frame."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int8, UInt8
from numpy import ndarray

from cstm.data.composed.figures import RELIGHT
from cstm.data.composed.motion import Bend
from cstm.data.composed.scene import Actor, Scene

_BRIGHTNESS, _CONTRAST = 0.45, 0.3
"""How far a cut-out's light is moved to the photograph's: 0 not at all, 1 all the way."""


class Clip(NamedTuple):
    """A drawn scene."""

    frames: UInt8[ndarray, "time height width 3"]
    masks: dict[int, Bool[ndarray, "height width"]]
    """Of the members of the cast asked for, what is seen of each in the target frame."""


Cutout = UInt8[ndarray, "_height _width 4"]
"""A figure out of its photograph, as large as in the target frame: RGB, already multiplied by the
fourth channel, which is how much of a pixel it covers."""


def render(scene: Scene, times: Sequence[int], wanted: Sequence[int]) -> Clip:
    """Draw the frames at ``times``, counted from the target frame, and the masks at time 0.

    ``wanted`` are members of the cast: the actors, then the backdrop's figures.

    Raises:
        ValueError: a picture can't be read.
    """
    ground = _resized(scene, scene.backdrop.photograph.read())
    light = cv2.meanStdDev(cv2.cvtColor(ground, cv2.COLOR_RGB2GRAY))
    cutouts = [_cut(actor, float(light[0][0, 0]), float(light[1][0, 0])) for actor in scene.actors]
    grain = _grain()
    frames = np.empty((len(times), scene.height, scene.width, 3), np.uint8)
    for number, time in enumerate(times):
        camera = scene.camera.to_picture(time, scene.width, scene.height)
        frame = _seen(scene, ground, camera)
        for actor, cutout in zip(scene.actors, cutouts, strict=True):
            _paste(frame, actor, cutout, camera, time)
        # Every frame has its grain from another part of the sheet.
        top, left = number * 97 % 150, number * 61 % 150
        noise = grain[top : top + scene.height, left : left + scene.width]
        cv2.add(frame, noise, dst=frames[number], dtype=cv2.CV_8U)
    return Clip(frames, _draw_masks(scene, cutouts, wanted))


def _resized(
    scene: Scene, picture: UInt8[ndarray, "height width *channel"]
) -> UInt8[ndarray, "_height _width *channel"]:
    """A photograph, or a mask of it, in the scene's pixels."""
    scale = scene.backdrop.scale
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=_finer(scale))


def _finer(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def _seen(
    scene: Scene, ground: UInt8[ndarray, "_height _width *channel"], camera: Float[ndarray, "2 3"]
) -> UInt8[ndarray, "height width *channel"]:
    matrix = camera.copy()
    matrix[:, 2] -= camera[:, :2] @ scene.backdrop.origin
    size = (scene.width, scene.height)
    return cv2.warpAffine(ground, matrix, size, borderMode=cv2.BORDER_REFLECT_101)


def _cut(actor: Actor, mean: float, deviation: float) -> Cutout:
    """Cut a figure out with a soft edge, in light like the photograph's it comes into."""
    photograph, instance = actor.figure.photograph, actor.figure.instance
    left, top, width, height = (round(side) for side in instance.box)
    # A margin, in which the soft edge runs out.
    window = np.s_[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2]
    pixels = photograph.read()[window]
    cover = photograph.mask(instance)[window].astype(np.uint8) * 255
    pixels = _relit(pixels, cover, mean, deviation)
    if min(actor.figure.size) > 50:
        # What lies at the very edge is half background.
        cover = cv2.erode(cover, np.ones((3, 3), np.uint8))
    cover = cv2.GaussianBlur(cover, (5, 5), 0)
    pixels = cv2.multiply(pixels, cv2.merge([cover] * 3), scale=1 / 255)
    layers = cv2.merge([*cv2.split(pixels), cover])
    scale = actor.size[0] / actor.figure.size[0]
    size = tuple(max(1, round(side * scale)) for side in cover.shape[::-1])
    layers = cv2.resize(layers, size, interpolation=_finer(scale))
    return cv2.flip(layers, 1) if actor.is_mirrored else layers


def _relit(
    pixels: UInt8[ndarray, "height width 3"],
    cover: UInt8[ndarray, "height width"],
    mean: float,
    deviation: float,
) -> UInt8[ndarray, "height width 3"]:
    """Move brightness and contrast part of the way to the photograph's; hues stay."""
    own = cv2.meanStdDev(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), mask=cover)
    own_mean, own_deviation = float(own[0][0, 0]), max(8.0, float(own[1][0, 0]))
    gain = min(max((deviation / own_deviation) ** _CONTRAST, 0.8), 1.2)
    shift = min(max(_BRIGHTNESS * (mean - own_mean), -RELIGHT), RELIGHT)
    levels = (np.arange(256) - own_mean) * gain + own_mean + shift
    return cv2.LUT(pixels, np.clip(levels, 0, 255).astype(np.uint8))


def _paste(
    frame: UInt8[ndarray, "height width 3"],
    actor: Actor,
    cutout: Cutout,
    camera: Float[ndarray, "2 3"],
    time: int,
) -> None:
    patch = _patch(actor, cutout, camera, time, frame.shape[:2])
    if patch is None:
        return
    window, layers = patch
    rest = 255 - layers[..., 3]
    behind = cv2.multiply(frame[window], cv2.merge([rest] * 3), scale=1 / 255)
    frame[window] = cv2.add(behind, np.ascontiguousarray(layers[..., :3]))


def _patch(
    actor: Actor,
    cutout: Cutout,
    camera: Float[ndarray, "2 3"],
    time: int,
    frame: tuple[int, int],
) -> tuple[tuple[slice, slice], UInt8[ndarray, "rows columns 4"]] | None:
    """An actor as a frame shows it, and where; None where it is out of the picture."""
    angle = math.radians(actor.motion.angle + actor.motion.turn * time)
    scale = actor.motion.scale(time)
    turn = scale * np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    height, width = cutout.shape[:2]
    place = np.add(actor.middle, actor.motion.shift(time)) - turn @ (width / 2, height / 2)
    matrix = camera[:, :2] @ turn
    shift = camera[:, :2] @ place + camera[:, 2]
    slack = 0.15 if actor.motion.bend else 0.0
    xs, ys = (-slack * width, (1 + slack) * width), (-slack * height, (1 + slack) * height)
    corners = np.array([(x, y) for x in xs for y in ys]) @ matrix.T + shift
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    left, top = max(0, math.floor(left)), max(0, math.floor(top))
    right, bottom = min(frame[1], math.ceil(right)), min(frame[0], math.ceil(bottom))
    if right - left < 1 or bottom - top < 1:
        return None
    back = np.linalg.inv(matrix)
    start = back @ (np.array([left, top]) - shift)
    columns = np.arange(right - left, dtype=np.float32)[None, :]
    rows = np.arange(bottom - top, dtype=np.float32)[:, None]
    u = np.float32(back[0, 0]) * columns + (np.float32(back[0, 1]) * rows + np.float32(start[0]))
    v = np.float32(back[1, 0]) * columns + (np.float32(back[1, 1]) * rows + np.float32(start[1]))
    if actor.motion.bend:
        u = _bent(u, v, width, height, actor.motion.bend, time)
    layers = cv2.remap(cutout, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.s_[top:bottom, left:right], layers


def _bent(
    u: Float32[ndarray, "rows columns"],
    v: Float32[ndarray, "rows columns"],
    width: int,
    height: int,
    bend: Bend,
    time: int,
) -> Float32[ndarray, "rows columns"]:
    """Columns of the cut-out that a bent body shows: a wave runs through it, its legs stride."""
    phase = 2 * math.pi * (bend.phase + bend.cadence * time)
    low = v / np.float32(height) - np.float32(0.5)
    wave = np.sin(low * np.float32(2 * math.pi * bend.waves) + np.float32(phase))
    legs = np.clip(2 * low, 0, 1) * np.float32(bend.stride * math.sin(phase))
    middle = np.float32(width / 2)
    return middle + (u - middle) * (1 - legs) + wave * np.float32(bend.sway * height)


def _draw_masks(
    scene: Scene, cutouts: Sequence[Cutout], wanted: Sequence[int]
) -> dict[int, Bool[ndarray, "height width"]]:
    camera = scene.camera.to_picture(0, scene.width, scene.height)
    owner = np.zeros((scene.height, scene.width), np.uint8)
    for number, (actor, cutout) in enumerate(zip(scene.actors, cutouts, strict=True), start=1):
        patch = _patch(actor, cutout, camera, 0, owner.shape)
        if patch is not None:
            window, layers = patch
            owner[window][layers[..., 3] > 127] = number
    masks = {}
    for number in wanted:
        if number < len(scene.actors):
            masks[number] = owner == number + 1
        else:
            figure = scene.backdrop.figures[number - len(scene.actors)]
            cover = figure.photograph.mask(figure.instance).astype(np.uint8) * 255
            masks[number] = (_seen(scene, _resized(scene, cover), camera) > 127) & (owner == 0)
    return masks


@lru_cache(maxsize=1)
def _grain() -> Int8[ndarray, "512 512 3"]:
    noise = np.random.default_rng(0).normal(0, 2.2, (512, 512, 1))
    return np.repeat(noise.round().astype(np.int8), 3, axis=2)
