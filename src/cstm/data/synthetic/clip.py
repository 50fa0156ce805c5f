"""A clip of the small world: frames, masks, actors and sentences, made from a few numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.data.language.clues import places
from cstm.data.synthetic.render import Renderer
from cstm.data.synthetic.scene import Actor, Scene, draw_scene
from cstm.data.synthetic.sentences import Described, Sentence, describe

MIN_PIXELS = 60
"""An actor with fewer visible pixels counts as not in the picture."""
PAIR_SHARE = 0.5
"""Share of clips with two actors that only motion tells apart."""


@dataclass(frozen=True)
class Clip:
    """What :func:`render_clip` makes."""

    frames: UInt8[ndarray, "time height width 3"]
    """RGB."""
    instances: UInt8[ndarray, "time height width"]
    """For every pixel the index + 1 of the actor seen there, or 0."""
    scene: Scene
    sentences: tuple[Sentence, ...]

    @property
    def actors(self) -> tuple[Actor, ...]:
        """The actors; an actor's index is its instance number."""
        return self.scene.actors


def render_clip(
    seed: int | Sequence[int],
    size: tuple[int, int] = (320, 240),
    frames: int = 32,
    unseen: bool = False,
    with_pair: bool | None = None,
) -> Clip:
    """Render a clip; the same arguments give the same clip.

    ``size`` is (width, height); ``unseen`` puts a combination held out of training in it;
    ``with_pair`` asks for a look-alike pair (True), none (False), or leaves it to chance (None).
    """
    scene, sentences = plan_clip(seed, size, frames, unseen, with_pair)
    renderer = Renderer(scene)
    pictures = [renderer.frame(index) for index in range(frames)]
    return Clip(
        np.stack([p for p, _ in pictures]), np.stack([m for _, m in pictures]), scene, sentences
    )


def plan_clip(
    seed: int | Sequence[int],
    size: tuple[int, int] = (320, 240),
    frames: int = 32,
    unseen: bool = False,
    with_pair: bool | None = None,
) -> tuple[Scene, tuple[Sentence, ...]]:
    """The scene and sentences of :func:`render_clip`, without painting its pictures."""
    rng = np.random.default_rng(seed)
    if with_pair is None:
        with_pair = bool(rng.random() < PAIR_SHARE)
    for _ in range(1000):
        scene = draw_scene(rng, size[0], size[1], frames, unseen, with_pair)
        if scene is None:
            continue
        cast = _described(scene)
        sentences = describe(rng, cast, scene.pair) if cast else None
        if sentences:
            return scene, tuple(sentences)
    raise AssertionError(f"no scene found for seed {seed} at {size}, {frames} frames")


def _described(scene: Scene) -> list[Described] | None:
    """What can be said of each actor; None where one is never well in the picture."""
    renderer = Renderer(scene)
    masks = [renderer.masks(index) for index in scene.annotated]
    cast: list[Described] = []
    for number, actor in enumerate(scene.actors, 1):
        centres: list[tuple[float, float]] = []
        most = 0
        for mask in masks:
            ys, xs = np.nonzero(mask == number)
            most = max(most, len(xs))
            if len(xs) >= MIN_PIXELS:
                x, y = (xs.mean() + 0.5) / scene.width, (ys.mean() + 0.5) / scene.height
                centres.append((float(x), float(y)))
        if most < max(2 * MIN_PIXELS, 0.08 * actor.look.scale**2):
            return None
        cast.append(Described(actor.look, actor.motion, *places(centres)))
    return cast
