"""What passes from readers of files to networks: a clip, a sentence, a mask."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args, runtime_checkable

from jaxtyping import Bool, UInt8
from numpy import ndarray

ACTORS = ("adult", "baby", "ball", "bird", "car", "cat", "dog")
"""A2D's actors, numbered from 1."""

ACTIONS = (
    "climbing", "crawling", "eating", "flying", "jumping", "rolling", "running", "walking", "none",
)  # fmt: skip
"""A2D's actions, numbered from 1."""

DIRECTIONS = ("left", "right", "up", "down", "in place", "closer", "away")
"""Directions of movement in the scene, the last two to and from the camera, numbered from 1."""

Tag = Literal["appearance", "action", "place"]
TAGS: tuple[Tag, ...] = get_args(Tag)
"""What can tell a sentence's actor apart from the others."""


@dataclass(frozen=True)
class Sample:
    """What a :class:`Pair` is about: an annotated frame, its clip, and the mask of one actor.

    Everything is at the video's native size; a network's size is not known here.
    """

    frames: UInt8[ndarray, "time height width 3"]
    """RGB clip with the annotated frame at index time // 2."""
    mask: Bool[ndarray, "height width"]
    action: UInt8[ndarray, "height width"]
    """For every pixel the number of its actor's action (:data:`ACTIONS`), 0 where none is known."""
    direction: UInt8[ndarray, "height width"]
    """For every pixel the number of its actor's direction, 0 where none is known."""
    category: UInt8[ndarray, "height width"]
    """For every pixel the number of its class (:func:`cstm.data.language.class_names.number_of`), 0
    where none is known."""
    look_alike: Bool[ndarray, "height width"] | None = None
    """Mask of the one actor that only motion, or only place, tells apart from the one meant."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of an annotated frame and a sentence about it before the video is decoded."""

    video: str
    frame: int
    """Index of the frame, counted from 0."""
    instance: int
    """The actor's number in the annotation. Of composed clips and videos of one's own, which count
    from 1, 0 says that the sentence is about nobody; of A2D Sentences 0 is an actor like others."""
    sentence: str
    actor: str | None = None
    """Its class, where its dataset tells; so with all that follows."""
    action: str | None = None
    direction: str | None = None
    tags: tuple[str, ...] = ()
    """What tells it apart from the others (:data:`TAGS`)."""
    look_alike: int | None = None
    """Number of the one actor that only motion, or only place, tells apart from the one meant."""
    camera: Literal["static", "moving"] | None = None
    """Whether the camera moves."""
    combination: Literal["seen", "unseen"] | None = None
    """Whether its video holds a combination, such as a running cat, that training lacks."""
    kind: str | None = None
    """What its dataset calls samples of this kind; None where all are of one."""
    content: str | None = None
    """Digest of what is marked in the frame, and of the video's size; None where no one trains."""

    @property
    def identity(self) -> list[str]:
        """What tells it from pairs of other datasets, and from earlier states of its own."""
        return [self.name, self.sentence, *([self.content] if self.content else [])]

    @property
    def is_generated(self) -> bool:
        """Whether its sentence was made of clues, instead of said by someone."""
        return bool(self.tags or self.kind)

    @property
    def name(self) -> str:
        """video/frame/instance, the frame counted from 1 in five digits: ``00017/00012/2``."""
        return f"{self.video}/{self.frame + 1:05d}/{self.instance}"


@runtime_checkable
class Samples(Protocol):
    """A split of a dataset, whatever its files: pairs known at once, samples read when asked for.

    An item raises a ValueError where its files can't be read.
    """

    root: Path
    pairs: list[Pair]

    def __len__(self) -> int:
        """Return the number of pairs."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Read the sample of a pair."""
        ...
