"""Why a mask is where it is: each word's attention in each encoder, and what LGFS takes of both."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray

from cstm.data.frames.clip import reach
from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.transforms import ResizePad, resize_pad, unit_range
from cstm.data.frames.video import Video
from cstm.inference.queries import encode_queries
from cstm.inference.segmenter import Segmenter
from cstm.inference.source import open_source
from cstm.inference.targets import targets
from cstm.model.network import ActorSegmenter, Explained, StreamName


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a network saw in one frame when it was asked one question."""

    frame: int
    """Number of the frame, counted from 0."""
    image: UInt8[ndarray, "height width 3"]
    words: tuple[str, ...]
    """Those that were read (:meth:`~cstm.data.language.words.Vocabulary.read`)."""
    explained: Explained
    """As the network gives it: of its whole input, padding included."""
    place: ResizePad
    """Where the frame lies in that input."""

    @property
    def streams(self) -> dict[StreamName, list[int]]:
        """The encoders that there are, and the stages (1-5) in which each looks at words."""
        return {name: sorted(stages) for name, stages in self.explained.attention.items()}

    @property
    def probability(self) -> Float[ndarray, "height width"]:
        """Of every pixel to be the actor's, were the actor there."""
        mask = self.explained.predicted.mask.float().sigmoid()
        (mask,) = self.place.invert(mask).cpu().numpy()
        return mask

    def attention(
        self, stream: StreamName, stage: int, word: int
    ) -> Float[ndarray, "height width"]:
        """Relevance A of every position to a word (equation 3), from 0, the least, to 1.

        Raises:
            KeyError: :attr:`streams` doesn't list that encoder and stage.
            IndexError: the sentence has no such word.
        """
        number = range(len(self.words))[word]
        map_ = self._native(self.explained.attention[stream][stage].map[0, number])
        low, high = map_.min(), map_.max()
        return (map_ - low) / max(high - low, 1e-6)

    def weights(self, stream: StreamName, stage: int) -> Float[ndarray, " word"]:
        """Shares of the words in the sentence that modulates a stage (equation 4).

        Raises:
            KeyError: :attr:`streams` doesn't list that encoder and stage.
        """
        weights = self.explained.attention[stream][stage].weights[0, : len(self.words)]
        return weights.float().cpu().numpy()

    def selection(self, stage: int) -> Float[ndarray, "height width"]:
        """Share of the temporal encoder in what the decoder fuses in a stage (equation 8), 0-1.

        Raises:
            ValueError: the network has one encoder only.
            KeyError: there is no such stage.
        """
        if not self.explained.selection:
            raise ValueError("a network with one encoder has nothing to select from")
        stages = dict(enumerate(self.explained.selection, start=1))
        return self._native(stages[stage][0])

    def _native(self, map_: Float[torch.Tensor, "_height _width"]) -> Float[ndarray, "h w"]:
        """A map of the input, of any resolution, as large as the frame."""
        numbers = map_.float().cpu().numpy()
        input_size = (self.place.columns, self.place.rows)
        whole = cv2.resize(numbers, input_size, interpolation=cv2.INTER_CUBIC)
        return self.place.invert(torch.from_numpy(whole)[None])[0].numpy()


def can_explain(segmenter: Segmenter) -> bool:
    """Whether its network hands out what :func:`explain` asks for: the released one doesn't."""
    return isinstance(segmenter.network, ActorSegmenter)


def explain(segmenter: Segmenter, video: str | Path | Video, query: str, frame: int) -> Explanation:
    """Ask about one frame of a video and keep what the answer rests on.

    Args:
        segmenter: of a network with CMAM; the authors' released one hands out nothing.
        video: what :func:`~cstm.inference.source.open_source` takes.
        query: a sentence about one actor.
        frame: number of the frame, counted from 0.

    Raises:
        ValueError: no such video or frame, no known word, or a network that doesn't explain itself.
    """
    network = segmenter.network
    if not isinstance(network, ActorSegmenter):
        raise ValueError("these weights are of the released network, which hands out no attention")
    (numbers,) = encode_queries([query], segmenter.vocabulary)
    video = video if isinstance(video, Video) else open_source(video)
    asked = FrameRange(frame, frame + 1)
    (target,) = targets(video.frames(asked, *reach(segmenter.clip)), segmenter.clip)
    with segmenter.computing():
        clip = unit_range(torch.from_numpy(target.clip)[None].to(segmenter.device))
        words = torch.tensor([numbers], device=segmenter.device)
        explained = network.explain(clip, words)
    image = target.frame.image
    read = tuple(segmenter.vocabulary.read(query))
    return Explanation(frame, image, read, explained, resize_pad(image, segmenter.clip))


def draw_heat(
    image: UInt8[ndarray, "height width 3"], heat: Float[ndarray, "height width"]
) -> UInt8[ndarray, "height width 3"]:
    """A picture under a map from 0 to 1: grey where it is low, from violet to yellow above."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    levels = np.clip(255 * heat, 0, 255).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_PLASMA), cv2.COLOR_BGR2RGB)
    # Smooth from nothing to three quarters: what is of no relevance stays a grey picture.
    share = 0.75 * np.clip((heat - 0.25) / 0.5, 0, 1)[..., None]
    return np.rint(0.8 * grey * (1 - share) + colours * share).astype(np.uint8)
