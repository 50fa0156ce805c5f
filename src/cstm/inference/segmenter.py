"""The object a user holds: a network, its words and its input, ready for any video."""

import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray
from torch import Tensor

from cstm.config import ClipConfig
from cstm.data.clip import clip_indices
from cstm.data.masks import judge
from cstm.data.transforms import ResizePad, unit_range
from cstm.data.video import Frame, Video, open_video
from cstm.data.words import Vocabulary
from cstm.inference import SegmentationWarning
from cstm.inference.queries import encode_queries
from cstm.model.network import Predicted

ARRAY_RATE = 25.0
"""Frames per second assumed of frames that come as arrays, which tell no time."""


@runtime_checkable
class Network(Protocol):
    """What a segmenter asks of a network."""

    def predict(self, clip: Tensor, words: Tensor) -> Predicted:
        """Answer for clips (batch, time, 3, size, size) and words."""
        ...

    def to(self, device: torch.device, /) -> "Network":
        """Move the weights."""
        ...

    def eval(self) -> "Network":
        """Stop training."""
        ...


@dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame of a video and the mask of each query on it."""

    index: int
    """Number of the frame, counted from 0."""
    time: float
    """Seconds since the first frame."""
    image: UInt8[ndarray, "height width 3"]
    """The frame itself, RGB, at its native size."""
    masks: Bool[ndarray, "query height width"]
    """Where the actor is: probability above 0.5, and nowhere if it is probably not there."""
    scores: Float[ndarray, " query"]
    """Probability that the actor is there at all, from 0.5 on where a mask may be. From a network
    that doesn't tell: mean probability inside the mask, 0 where it is empty."""
    probabilities: Float[ndarray, "query height width"] | None = None
    """Of every pixel, were the actor there; only where asked for."""


class _Target(NamedTuple):
    """A frame together with the clip in which the network sees it."""

    frame: Frame
    clip: UInt8[ndarray, "time 3 size size"]


class Segmenter:
    """Finds the actors that sentences describe, in every frame of a video.

    Memory doesn't grow with the video: held are one clip's span of small frames, and the native
    frames whose clips still wait for frames to come.

    Args:
        network: moved to the device and put into eval mode, for good.
        vocabulary: the words that the network was trained with.
        clip: the input that the network was trained with.
        device: where the network runs.
        precision: ``bfloat16`` is faster on most GPUs, and slower on most CPUs.
        batch: how many clips go through the network at once; one clip is one frame and one query.
    """

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary,
        clip: ClipConfig,
        device: str | torch.device = "cpu",
        precision: Literal["float32", "bfloat16"] = "float32",
        batch: int = 8,
    ) -> None:
        if batch < 1:
            raise ValueError(f"a batch holds at least 1 clip, got {batch}")
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()
        self.vocabulary = vocabulary
        self.clip = clip
        self.precision = precision
        self.batch = batch

    def segment(
        self,
        video: str | Path | Video | Iterable[UInt8[ndarray, "height width 3"]],
        queries: Sequence[str],
        keep: Literal["masks", "probabilities"] = "masks",
    ) -> Iterator[FrameResult]:
        """Masks of all queries on one frame after the other, as they come.

        Queries and file are checked at once, before the first frame is asked for. What is
        understood or decoded only in part is told by :class:`~cstm.inference.SegmentationWarning`.

        Args:
            video: a file of any container and codec that FFmpeg reads, or RGB frames.
            queries: sentences, each about one actor.
            keep: whether results carry the probabilities as well.

        Raises:
            ValueError: no video to be read, or a query without a known word.
        """
        words = torch.tensor(encode_queries(queries, self.vocabulary), device=self.device)
        if isinstance(video, str | Path):
            video = open_video(video)
        return self._results(video, words, keep)

    def _results(
        self,
        video: Video | Iterable[UInt8[ndarray, "height width 3"]],
        words: Int[Tensor, "query word"],
        keep: Literal["masks", "probabilities"],
    ) -> Iterator[FrameResult]:
        frames = video.frames() if isinstance(video, Video) else _numbered(video)
        group: list[_Target] = []
        for target in targets(frames, self.clip):
            group.append(target)
            if len(group) * len(words) >= self.batch:
                yield from self._group_results(group, words, keep)
                group.clear()
        yield from self._group_results(group, words, keep)
        if isinstance(video, Video) and video.damage:
            warnings.warn(f"{video.path}: {video.damage}", SegmentationWarning, stacklevel=2)

    def _group_results(
        self,
        group: list[_Target],
        words: Int[Tensor, "query word"],
        keep: Literal["masks", "probabilities"],
    ) -> Iterator[FrameResult]:
        """Results of a few frames, every query on each: the pairs fill the network's batches."""
        pairs = torch.cartesian_prod(torch.arange(len(group)), torch.arange(len(words)))
        answers = [
            self._answer(
                np.stack([group[number].clip for number in chunk[:, 0].tolist()]),
                words[chunk[:, 1].to(self.device)],
            )
            for chunk in pairs.split(self.batch)
            if len(chunk)
        ]
        if not answers:
            return
        maps = torch.cat([map_ for map_, _ in answers]).split(len(words))
        presences = list(chain.from_iterable(presence for _, presence in answers))
        for number, target in enumerate(group):
            asked = slice(number * len(words), (number + 1) * len(words))
            yield _frame_result(target.frame, maps[number], presences[asked], self.clip, keep)

    @torch.inference_mode()
    def _answer(
        self, clips: UInt8[ndarray, "batch time 3 size size"], words: Int[Tensor, "batch word"]
    ) -> tuple[Float[Tensor, "batch size size"], list[float | None]]:
        """Probabilities of every pixel, and of the actor being there where the network tells."""
        reduced = self.precision == "bfloat16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=reduced):
            inputs = unit_range(torch.from_numpy(clips).to(self.device))
            return self.network.predict(inputs, words).probabilities()


@torch.inference_mode()
def _frame_result(
    frame: Frame,
    maps: Float[Tensor, "query size size"],
    presences: Sequence[float | None],
    clip: ClipConfig,
    keep: Literal["masks", "probabilities"],
) -> FrameResult:
    """Bring one frame's maps back to its native size."""
    native = resize_pad(frame, clip).invert(maps).cpu().numpy()
    masks, scores = zip(*map(judge, native, native > 0.5, presences), strict=True)
    return FrameResult(
        frame.index,
        frame.time,
        frame.image,
        np.stack(masks),
        np.array(scores),
        native if keep == "probabilities" else None,
    )


def targets(frames: Iterable[Frame], clip: ClipConfig) -> Iterator[_Target]:
    """Every frame with its clip, as soon as the last frame of that clip is there.

    Frame numbers are clamped to the video (:func:`~cstm.data.clip.clip_indices`); its length is
    known only at the end, and until then no clip reaches it.
    """
    behind = clip.frames // 2 * clip.step
    ahead = (clip.frames - 1 - clip.frames // 2) * clip.step
    small: dict[int, UInt8[ndarray, "3 size size"]] = {}
    waiting: deque[Frame] = deque()

    def first(length: int) -> _Target:
        target = waiting.popleft()
        indices = clip_indices(target.index, clip, length).tolist()
        window = np.stack([small[index] for index in indices])
        small.pop(target.index - behind, None)
        return _Target(target, window)

    length = 0
    for frame in frames:
        assert frame.index == length, "frames are numbered without a gap"
        length += 1
        small[frame.index] = resize_pad(frame, clip).apply(frame.image).numpy()
        waiting.append(frame)
        if length > waiting[0].index + ahead:
            yield first(length)
    while waiting:
        yield first(length)


def resize_pad(frame: Frame, clip: ClipConfig) -> ResizePad:
    """Where a frame lies in the network's square."""
    height, width, _ = frame.image.shape
    return ResizePad.for_frame(height, width, clip.size, clip.resize)


def _numbered(images: Iterable[UInt8[ndarray, "height width 3"]]) -> Iterator[Frame]:
    """Frames of arrays."""
    for index, image in enumerate(images):
        image = np.asarray(image)
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"frame {index} is {image.dtype} of shape {image.shape}; "
                "expected RGB as uint8 of shape (height, width, 3)"
            )
        yield Frame(index, index / ARRAY_RATE, image)
