"""The demonstration: a drawn clip nobody has seen, two actors that only motion tells apart."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from cstm.data.synthetic import Clip, render_clip
from cstm.data.synthetic.scene import Actor
from cstm.data.synthetic.writer import FRAME_RATE
from cstm.data.video import open_video
from cstm.folder import check_output, whole_folder
from cstm.inference.export import write_segmentation
from cstm.inference.film import open_film
from cstm.inference.picture import SummaryPicture
from cstm.inference.progress import frame_progress
from cstm.inference.segmenter import FrameResult, Segmenter

SEED = 217


def run_demo(segmenter: Segmenter, out: Path, seed: int = SEED) -> list[tuple[str, list[float]]]:
    """Render a clip with a look-alike pair and segment it by two sentences that differ in motion.

    ``out`` then holds ``clip.mp4``, ``segmentation/`` as `cstm segment` writes it, and
    ``picture.png`` (queries × frames).

    Returns:
        For each query its text, and its IoU over all frames with the actor it means and with the
        other one.
    """
    check_output(out)
    clip = render_clip(seed, with_pair=True)
    assert clip.scene.pair is not None, "a pair was asked for"
    pair = clip.scene.pair
    queries = tell_apart(*(clip.actors[number] for number in pair))
    with whole_folder(out) as folder:
        write_clip(clip, folder / "clip.mp4")
        video = open_video(folder / "clip.mp4")
        picture = SummaryPicture(queries, len(clip.frames))
        overlaps = Overlaps(clip.instances, [number + 1 for number in pair])
        results = segmenter.segment(video, queries)
        with frame_progress(results, len(clip.frames)) as watched:
            write_segmentation(
                picture.watch(overlaps.watch(watched)),
                "clip.mp4",
                video.fps,
                queries,
                folder / "segmentation",
            )
        picture.save(folder / "picture.png")
    return [
        (query, [float(iou[row]), float(iou[1 - row])])
        for row, (query, iou) in enumerate(zip(queries, overlaps.iou(), strict=True))
    ]


def tell_apart(actor: Actor, look_alike: Actor) -> list[str]:
    """Two sentences that differ in what the actors do alone, or in where they go."""
    look = actor.look
    colours = " and ".join(look.colours)
    person = look.actor in ("adult", "baby")
    subject = f"the {look.kind} in {colours}" if person else f"the {colours} {look.kind}"
    motions = (actor.motion, look_alike.motion)
    if actor.motion.action == look_alike.motion.action:
        return [f"{subject} is moving {motion.direction}" for motion in motions]
    actions = ("not moving" if m.action == "none" else m.action for m in motions)
    return [f"{subject} is {action}" for action in actions]


def write_clip(clip: Clip, path: Path) -> None:
    """Write a rendered clip as a video file."""
    _, height, width, _ = clip.frames.shape
    with open_film(path, height, width, Fraction(FRAME_RATE)) as film:
        for number, frame in enumerate(clip.frames):
            film.add(frame, number / FRAME_RATE)


class Overlaps:
    """Gathers how far each query's masks overlap with each of some known actors.

    Args:
        instances: for every pixel of every frame the number of the actor seen there.
        numbers: of the actors to compare with.
    """

    def __init__(self, instances: UInt8[ndarray, "time height width"], numbers: list[int]) -> None:
        self._truth = np.stack([instances == number for number in numbers], axis=1)
        self._shared = np.zeros((1, 1))
        self._either = np.zeros((1, 1))

    def watch(self, results: Iterable[FrameResult]) -> Iterator[FrameResult]:
        """Pass results on and count their pixels."""
        for result in results:
            masks, truth = result.masks[:, None], self._truth[result.index][None]
            self._shared = self._shared + (masks & truth).sum((2, 3))
            self._either = self._either + (masks | truth).sum((2, 3))
            yield result

    def iou(self) -> Float[ndarray, "query actor"]:
        """IoU over all frames together."""
        return self._shared / np.maximum(self._either, 1)
