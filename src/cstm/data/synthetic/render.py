"""From a drawn scene to pixels and masks."""

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.data.draws import pick
from cstm.data.synthetic.actions import phase_at
from cstm.data.synthetic.backdrop import draw_backdrop, foreground, meal, support
from cstm.data.synthetic.figures import figure
from cstm.data.synthetic.scene import Scene
from cstm.data.synthetic.shapes import Patch, overlay, paint

CANVAS = 1.5
"""Size of the background in pictures, so that the camera has somewhere to go."""
SLACK = 64
"""Pixels by which the sheet of grain is larger than a picture."""


class Renderer:
    """Paints the frames of one scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._rng = np.random.default_rng(scene.backdrop)
        self._canvas: ndarray | None = None
        self._still: dict[tuple[object, ...], Patch | None] = {}
        self._foreground = foreground(self._rng, scene.width, scene.height)
        self._gain = float(self._rng.uniform(0.9, 1.08))
        self._blur = pick(self._rng, (0.0, 0.0, 0.5, 0.8))

    def masks(self, index: int) -> UInt8[ndarray, "height width"]:
        """Which actor is seen at each pixel of a frame: its index + 1, or 0."""
        instances = np.zeros((self.scene.height, self.scene.width), np.uint8)
        for number, patch in self._layers(index):
            patch.window(instances)[patch.solid] = number
        return instances

    def frame(
        self, index: int
    ) -> tuple[UInt8[ndarray, "height width 3"], UInt8[ndarray, "height width"]]:
        """One frame and its instance map (see :meth:`masks`)."""
        scene = self.scene
        if self._canvas is None:
            self._canvas, self._noise = self._build()
        instances = np.zeros((scene.height, scene.width), np.uint8)
        picture = self._background(self._canvas, index)
        for number, patch in self._layers(index):
            overlay(picture, patch)
            patch.window(instances)[patch.solid] = number
        if self._blur:
            picture = cv2.GaussianBlur(picture, (0, 0), self._blur)
        # Frames see different parts of one sheet of grain.
        dx, dy = np.random.default_rng([scene.backdrop, index]).integers(0, SLACK, 2)
        grain = self._noise[dy : dy + scene.height, dx : dx + scene.width]
        return cv2.addWeighted(picture, self._gain, grain, 1.0, -128.0), instances

    def _layers(self, index: int) -> list[tuple[int, Patch]]:
        """Patches back to front, each with the number it has in the instance map."""
        scene = self.scene
        time = index - scene.middle
        centre, zoom = scene.camera.at(time)
        half = np.array([scene.width, scene.height]) / 2
        layers: list[tuple[int, Patch]] = []
        grounds = [a.ground_at(time, scene.width) for a in scene.actors]
        for number in np.argsort([g[1] for g in grounds], kind="stable").tolist():
            actor = scene.actors[number]
            x, y = (grounds[number] - centre) * zoom + half
            phase, scale = phase_at(actor.motion, time), actor.look.scale * zoom
            key = (number, phase, x, y, scale)
            if key not in self._still:
                shapes = figure(actor.look, actor.motion.pose, phase)
                facing = actor.motion.facing
                patch = paint(shapes, (x, y), scale, facing, scene.width, scene.height)
                if actor.motion.action == "none":
                    self._still[key] = patch
            else:
                patch = self._still[key]
            if patch is not None:
                layers.append((number + 1, patch))
        if scene.has_foreground:
            x, y = half - centre * zoom * 1.3
            patch = paint(self._foreground, (x, y), zoom, 1, scene.width, scene.height)
            if patch is not None:
                layers.append((0, patch))
        return layers

    def _background(self, canvas: ndarray, index: int) -> ndarray:
        scene = self.scene
        centre, zoom = scene.camera.at(index - scene.middle)
        shift_x = scene.width / 2 - zoom * (scene.width * CANVAS / 2 + centre[0])
        shift_y = scene.height / 2 - zoom * (scene.height * CANVAS / 2 + centre[1])
        # warpAffine counts from pixel centres; half a pixel on either side brings that in.
        shift = 0.5 * zoom - 0.5
        matrix = np.array([[zoom, 0, shift_x + shift], [0, zoom, shift_y + shift]])
        return cv2.warpAffine(
            canvas, matrix, (scene.width, scene.height), borderMode=cv2.BORDER_REFLECT
        )

    def _build(self) -> tuple[ndarray, ndarray]:
        """The background with all that stands still in it, and a sheet of grain around 128."""
        scene = self.scene
        width, height = int(scene.width * CANVAS), int(scene.height * CANVAS)
        horizon = float(self._rng.uniform(0.35, 0.6))
        canvas = draw_backdrop(self._rng, width, height, horizon)
        half = np.array([width, height]) / 2
        for actor in scene.actors:
            pose, kind, scale = actor.motion.pose, actor.look.actor, actor.look.scale
            if pose == "climb":
                things = support(self._rng, kind, scale * 0.42, 3.0 * scene.height)
                origin = np.array(actor.position) + half
            elif pose == "eat" and kind != "adult":
                things, origin = meal(kind, scale), actor.ground_at(0, scene.width) + half
            else:
                continue
            x, y = origin
            patch = paint(things, (x, y), 1.0, actor.motion.facing, width, height)
            if patch is not None:
                overlay(canvas, patch)
        shape = (scene.height + SLACK, scene.width + SLACK)
        noise = self._rng.standard_normal(shape, np.float32) * self._rng.uniform(0.5, 3.0) + 128
        return canvas, cv2.merge([np.clip(noise, 0, 255).astype(np.uint8)] * 3)
