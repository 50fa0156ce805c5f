"""The object a user holds: a network, its words and its input, ready for any video."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Literal, Protocol, get_args, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray
from torch import Tensor

from cstm.bounds import at_least, one_of
from cstm.config import ClipConfig, Looks, PrecisionInUse
from cstm.data.frames.clip import reach
from cstm.data.frames.frame_range import ALL, FrameRange
from cstm.data.frames.masks import judge
from cstm.data.frames.second_look import Seen, look_again
from cstm.data.frames.transforms import resize_pad, unit_range
from cstm.data.frames.video import Frame, Video
from cstm.data.language.words import Vocabulary
from cstm.inference import SegmentationWarning
from cstm.inference.queries import encode_queries
from cstm.inference.result import FrameResult
from cstm.inference.source import open_source
from cstm.inference.targets import Target, grouped, numbered, targets
from cstm.model.network import Predicted
from cstm.processes import pick_precision

Keep = Literal["masks", "probabilities"]


@runtime_checkable
class Predictor(Protocol):
    """What a segmenter asks of a network."""

    def predict(self, clip: Tensor, words: Tensor) -> Predicted:
        """Answer for clips (clip, time, 3, rows, columns) and the words of sentences about them:
        the same number about each clip, one after the other."""
        ...

    def to(self, device: torch.device, /) -> "Predictor":
        """Move the weights."""
        ...

    def eval(self) -> "Predictor":
        """Stop training."""
        ...


class Segmenter:
    """Finds the actors that sentences describe, in every frame of a video.

    Memory doesn't grow with the video: held are one clip's span of small frames, and the native
    frames whose clips still wait for frames to come; for a second look all native frames of a
    batch's clips, and its probabilities at native size.

    Args:
        network: moved to the device and put into eval mode, for good.
        vocabulary: the words that the network was trained with.
        clip: the input that the network was trained with.
        device: where the network runs.
        precision: ``bf16-mixed`` computes in bfloat16 where that is as good; ``auto`` does so on a
            CPU that has instructions for it.
        batch: how many clips go through the network at once; one clip is one frame and one query.
        least_score: score below which a mask is emptied, 0 to 1; None: 0.5 of a network that tells
            whether the actor is there, else 0.
        looks: 1, or 2: small actors are looked at again, nearer; their masks are better and take
            longer (:func:`~cstm.data.frames.second_look.look_again`).

    Raises:
        ValueError: a batch below 1, a score outside 0 to 1, or other looks.
    """

    def __init__(
        self,
        network: Predictor,
        vocabulary: Vocabulary,
        clip: ClipConfig,
        device: str | torch.device = "cpu",
        precision: PrecisionInUse = "32-true",
        batch: int = 8,
        least_score: float | None = None,
        looks: Looks = 1,
    ) -> None:
        at_least(1, batch=batch)
        if least_score is not None and not 0 <= least_score <= 1:
            raise ValueError(f"least_score should be from 0 to 1, got {least_score}")
        one_of(get_args(Looks), looks=looks)
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()
        self.vocabulary = vocabulary
        self.clip = clip
        self.precision = pick_precision(precision, self.device)
        self.batch = batch
        self.least_score = least_score
        self.looks = looks

    def segment(
        self,
        video: str | Path | Video | Iterable[UInt8[ndarray, "height width 3"]],
        queries: Sequence[str],
        keep: Keep = "masks",
        frames: FrameRange = ALL,
    ) -> Iterator[FrameResult]:
        """Masks of all queries on one frame after the other, as they come.

        Queries and video are checked at once, before the first frame is asked for. What is
        understood or decoded only in part is told by :class:`~cstm.inference.SegmentationWarning`.

        Args:
            video: what :func:`~cstm.inference.source.open_source` takes (a file of any container
                and codec that FFmpeg reads, a URL, a camera), or RGB frames.
            queries: sentences, each about one actor.
            keep: whether results carry the probabilities as well.
            frames: which frames to give results of; the clips around them are those of the whole
                video, and nothing is decoded after the last frame needed.

        Raises:
            ValueError: no video to be read, a query without a known word, or nothing of that name
                to keep; at the end, where none of the frames asked for has come.
        """
        one_of(get_args(Keep), keep=keep)
        words = torch.tensor(encode_queries(queries, self.vocabulary), device=self.device)
        if isinstance(video, str | Path):
            video = open_source(video, frames.seconds)
        return self._results(video, words, keep, frames)

    def _results(
        self,
        video: Video | Iterable[UInt8[ndarray, "height width 3"]],
        words: Int[Tensor, "query word"],
        keep: Keep,
        wanted: FrameRange,
    ) -> Iterator[FrameResult]:
        asked = wanted, *reach(self.clip)
        frames = video.frames(*asked) if isinstance(video, Video) else numbered(video, *asked)
        all_targets = targets(frames, self.clip, keep_native=self.looks == 2)
        for group in grouped(all_targets, max(1, self.batch // len(words))):
            yield from self._group_results(group, words, keep)
        if isinstance(video, Video) and video.damage:
            warnings.warn(f"{video.name}: {video.damage}", SegmentationWarning, stacklevel=2)

    def _group_results(
        self,
        group: list[Target],
        words: Int[Tensor, "query word"],
        keep: Keep,
    ) -> Iterator[FrameResult]:
        """Results of a few frames, every query on each; of one where its queries fill a batch."""
        clips = np.stack([target.clip for target in group])
        asked = words.repeat(len(group), 1)
        answers = [self._answer(clips, some) for some in asked.split(self.batch)]
        presences = list(chain.from_iterable(presence for _, presence in answers))
        maps = torch.cat([map_ for map_, _ in answers]).split(len(words))
        native: Iterable[Float[ndarray, "query _height _width"]] = (
            self._bring_back(of_frame, target.frame.image)
            for target, of_frame in zip(group, maps, strict=True)
        )
        if self.looks == 2:
            native = self._look_again(group, asked, native, presences)
        for number, (target, of_frame) in enumerate(zip(group, native, strict=True)):
            own = slice(number * len(words), (number + 1) * len(words))
            yield self._result(target.frame, of_frame, presences[own], keep)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Without gradients, and in the precision that was asked for."""
        reduced = self.precision == "bf16-mixed"
        autocast = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=reduced)
        with torch.inference_mode(), autocast:
            yield

    def _answer(
        self, clips: UInt8[ndarray, "clip time 3 rows columns"], words: Int[Tensor, "sentence word"]
    ) -> tuple[Float[Tensor, "sentence rows columns"], list[float | None]]:
        """Probabilities of every pixel, and of the actor being there where the network tells."""
        with self.computing():
            inputs = unit_range(torch.from_numpy(clips).to(self.device))
            return self.network.predict(inputs, words).probabilities()

    @torch.inference_mode()
    def _bring_back(
        self, maps: Float[Tensor, "query rows columns"], image: UInt8[ndarray, "height width 3"]
    ) -> Float[ndarray, "query height width"]:
        """Maps of a frame at its native size."""
        return resize_pad(image, self.clip).invert(maps).cpu().numpy()

    def _look_again(
        self,
        group: Sequence[Target],
        asked: Int[Tensor, "sentence word"],
        native: Iterable[Float[ndarray, "query _height _width"]],
        presences: Sequence[float | None],
    ) -> Iterator[Float[ndarray, "query _height _width"]]:
        """Probabilities after a second look at those who are small, and there: of a whole group,
        since one frame's clips alone take the network nearly twice as long."""
        each = len(asked) // len(group)
        of_each = (target for target in group for _ in range(each))
        first = [
            Seen(target.native, target.moves, probability, self._judge(probability, presence)[0])
            for target, probability, presence in zip(
                of_each, chain.from_iterable(native), presences, strict=True
            )
        ]

        def answer(
            clips: UInt8[ndarray, "clip time 3 rows columns"], numbers: list[int]
        ) -> Float[Tensor, "clip size size"]:
            return self._answer(clips, asked[numbers])[0]

        second = look_again(first, self.clip, self.batch, answer)
        for start in range(0, len(second), each):
            yield np.stack(second[start : start + each])

    def _judge(
        self, probability: Float[ndarray, "height width"], presence: float | None
    ) -> tuple[Bool[ndarray, "height width"], float]:
        return judge(probability, probability > 0.5, presence, self.least_score)

    def _result(
        self,
        frame: Frame,
        native: Float[ndarray, "query height width"],
        presences: Sequence[float | None],
        keep: Keep,
    ) -> FrameResult:
        """Settle masks and scores of one frame."""
        masks, scores = zip(*map(self._judge, native, presences), strict=True)
        return FrameResult(
            frame.index,
            frame.time,
            frame.image,
            np.stack(masks),
            np.array(scores),
            native if keep == "probabilities" else None,
        )
