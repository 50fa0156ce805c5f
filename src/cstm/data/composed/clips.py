"""Clips composed of photographs and what is cut out of them, as a dataset like the others."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cstm.config import ClipConfig, Split
from cstm.data.composed.cutouts import read_cutouts
from cstm.data.composed.instances import read_photographs
from cstm.data.composed.motion import AFTER, BEFORE, shares_of_motions
from cstm.data.composed.plan import Plan, draw_plan
from cstm.data.composed.render import Clip, render
from cstm.data.composed.sentences import Sentence
from cstm.data.composed.stock import Stock
from cstm.data.formats.files import digest
from cstm.data.frames.clip import clip_indices, reach
from cstm.data.language.class_names import number_of
from cstm.data.newest import Newest
from cstm.data.sample import ACTIONS, DIRECTIONS, Pair, Sample

CLIPS: dict[Split, int] = {"train": 10_000, "test": 600}
"""Clips of a split where no other number is given."""

TARGET, LENGTH = 24, 48
"""Target frame, counted from 0, and frames of a clip's video, of which only the sample is drawn."""


class ComposedClips:
    """Pairs of a composed clip and a sentence about someone in it, or about no one.

    A hash of its id assigns each photograph to one split. A clip depends on them, the seed, the
    split, its number and the shares of motions alone: every process draws the same pixels. Building
    one measures the photographs and plans all clips (some milliseconds each); clips are drawn when
    asked for.

    Args:
        root: folder with an instance file in COCO's format and its pictures, and maybe cut-outs.
        split: part of the photographs.
        clip: how many frames a sample holds, and how far apart.
        clips: how many, or the numbers of those wanted, since a split has clips without end;
            :data:`CLIPS` if None.
        motions: motions that are drawn more often or less than usual, and how many times as often:
            ``{"closer": 4}``.
        seed: of the plans.

    Raises:
        ValueError: files are missing, broken or too few, there is no such motion, or the clip is
            longer than 8 frames, 2 apart: on building; or for a picture that changed since, when
            the item is asked for.
    """

    def __init__(
        self,
        root: str | Path,
        split: Split,
        clip: ClipConfig | None = None,
        clips: int | range | None = None,
        motions: Mapping[str, float] = MappingProxyType({}),
        seed: int = 0,
    ) -> None:
        self.root = Path(root)
        self.clip = clip or ClipConfig()
        before, after = reach(self.clip)
        if before > -BEFORE or after > AFTER:
            raise ValueError(
                f"composed clips show {-BEFORE} frames before the target and {AFTER} after it; "
                f"{self.clip.frames} frames, {self.clip.step} apart, reach {before} and {after}"
            )
        shares = shares_of_motions(motions)
        stock = Stock(read_photographs(self.root, split), read_cutouts(self.root, split))
        self.plans: list[Plan] = []
        self.pairs: list[Pair] = []
        self._sentences: list[tuple[int, Sentence]] = []
        self._drawn = Newest[int, Clip]()
        digests: dict[Path, str] = {}
        numbers = CLIPS[split] if clips is None else clips
        if isinstance(numbers, int):
            numbers = range(numbers)
        for place, number in enumerate(numbers):
            plan = draw_plan(np.random.default_rng([seed, split == "test", number]), stock, shares)
            if plan is None:
                raise ValueError(
                    f"{self.root}: the {len(stock.pictures)} photographs for {split} are too few "
                    "or too full to compose clips of; give more photographs"
                )
            self.plans.append(plan)
            video = f"{split}{number:05d}"
            content = _content(plan, digests)
            for sentence in plan.sentences:
                self.pairs.append(_pair(video, plan, sentence, content))
                self._sentences.append((place, sentence))

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        place, sentence = self._sentences[index]
        plan = self.plans[place]
        clip = self._drawn.get(place, lambda: self._draw(plan))
        shape = clip.frames.shape[1:3]
        action, direction, category = (np.zeros(shape, np.uint8) for _ in range(3))
        # What is small lies upon what is large.
        for member, mask in sorted(clip.masks.items(), key=lambda of: -of[1].sum()):
            category[mask] = number_of(plan.cast[member].category)
            if plan.cast[member].is_clear:
                done, way = _motion(plan, member)
                action[mask] = ACTIONS.index(done) + 1 if done else 0
                direction[mask] = DIRECTIONS.index(way) + 1
        actor, other = sentence.actor, sentence.look_alike
        mask = np.zeros(shape, bool) if actor is None else clip.masks[actor]
        look_alike = None if other is None else clip.masks[other]
        if look_alike is not None and not (mask.any() and look_alike.any()):
            look_alike = None
        return Sample(
            frames=clip.frames,
            mask=mask,
            action=action,
            direction=direction,
            category=category,
            look_alike=look_alike,
        )

    def _draw(self, plan: Plan) -> Clip:
        times = clip_indices(TARGET, self.clip, LENGTH) - TARGET
        return render(plan.scene, times.tolist(), range(len(plan.cast)))


def _content(plan: Plan, digests: dict[Path, str]) -> str:
    """Digest of the pictures in a plan and of what is marked in them."""
    scene = plan.scene
    shown = (scene.backdrop.photograph, *(actor.figure.photograph for actor in scene.actors))
    for photograph in shown:
        if photograph.path not in digests:
            digests[photograph.path] = photograph.digest()
    return digest([digests[photograph.path] for photograph in shown])


def _pair(video: str, plan: Plan, sentence: Sentence, content: str) -> Pair:
    camera = "static" if plan.scene.camera.is_static else "moving"
    actor, other = sentence.actor, sentence.look_alike
    action, direction = (None, None) if actor is None else _motion(plan, actor)
    kind = f"lacks the {sentence.lacks}" if sentence.lacks else plan.kind
    return Pair(
        video=video,
        frame=TARGET,
        instance=0 if actor is None else actor + 1,
        sentence=sentence.text,
        actor=None if actor is None else plan.cast[actor].category,
        action=action,
        direction=direction,
        tags=sentence.tags,
        look_alike=None if other is None else other + 1,
        camera=camera,
        kind=kind,
        content=content,
    )


def _motion(plan: Plan, member: int) -> tuple[str | None, str]:
    """A2D's action, where it is known, and direction of a member of the cast."""
    if member < len(plan.scene.actors):
        motion = plan.scene.actors[member].motion
        return motion.action, motion.direction
    return None, "in place"
