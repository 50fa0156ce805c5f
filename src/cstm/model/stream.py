"""One encoder: a backbone's five stages, its own sentence encoder, a CMAM after each stage."""

from collections.abc import Iterator
from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn

from cstm.config import ModelConfig
from cstm.model.backbones import Backbone
from cstm.model.cmam import CMAM, Visual
from cstm.model.coordinates import AddedCoordinates, ConvolvedCoordinates
from cstm.model.language import Language, SentenceEncoder


class StreamFeatures(NamedTuple):
    """What one encoder hands to the decoder."""

    stages: list[Float[Tensor, "batch _channel _height _width"]]
    """Modulated features of the target frame, fine to coarse."""
    sentence: Float[Tensor, "batch language"]


class Attention(NamedTuple):
    """What one stage's CMAM makes of the words."""

    map: Float[Tensor, "batch word *grid"]
    """Relevance A of every position to every word, before the sum over positions (equation 3)."""
    weights: Float[Tensor, "batch word"]
    """The words' shares in the sentence that modulates the stage (equation 4)."""


class Stream(nn.Module):
    """A spatial encoder over the target frame, or a temporal one over the clip.

    In each of the five stages: backbone, coordinates, CMAM; "the output of the CMAM module serves
    as the input feature of the next stage".
    """

    def __init__(self, backbone: Backbone, vocabulary: int, config: ModelConfig) -> None:
        super().__init__()
        self.backbone = backbone
        self.language = SentenceEncoder(vocabulary, config.word_channels, config.language_channels)
        self.coordinates = nn.ModuleList(
            ConvolvedCoordinates(width, backbone.dimensions)
            if config.coordinates == "convolved"
            else AddedCoordinates(width)
            for width in backbone.widths
        )
        self.cmam = nn.ModuleDict(
            {
                str(stage): CMAM(
                    backbone.widths[stage - 1],
                    config.language_channels,
                    config.relation_channels,
                    config.attention,
                    config.modulation,
                )
                for stage in config.cmam_stages
            }
        )

    def _walk(self, visual: Visual, language: Language) -> Iterator[tuple[Visual, Visual]]:
        """Yield each stage's visual feature before and after its modulation by language.

        What comes before the first CMAM is worked out once for all sentences about a clip.
        """
        for number, (stage, coordinates) in enumerate(
            zip(self.backbone.stages, self.coordinates, strict=True), start=1
        ):
            visual = seen = coordinates(stage(visual))
            if cmam := self._cmam_after(number):
                seen = for_each(len(language.words), seen)
                visual = cmam(seen, language)
            yield seen, visual

    def freeze(self, stages: int) -> None:
        """Let so many of the first stages keep their weights: backbone and added coordinates.

        Convolved coordinates have a layer of their own between two stages, which begins at random.
        """
        self.backbone.stages[:stages].requires_grad_(False)
        for part in self.coordinates[:stages]:
            if isinstance(part, AddedCoordinates):
                part.requires_grad_(False)

    def forward(self, visual: Visual, words: Int[Tensor, "sentence word"]) -> StreamFeatures:
        """Encode frames (clip 3 height width) or clips (clip 3 time height width) in [0, 1].

        There may be several sentences about each, the same number, one after the other; the
        features are then as many as the sentences.
        """
        language = self.language(words)
        walk = self._walk(visual, language)
        stages = [for_each(len(words), target_frame(after)) for _, after in walk]
        return StreamFeatures(stages, language.sentence)

    def attention(
        self, visual: Visual, words: Int[Tensor, "sentence word"]
    ) -> tuple[StreamFeatures, dict[int, Attention]]:
        """Encode, and tell what every stage that has a CMAM makes of the words."""
        language = self.language(words)
        stages, found = [], {}
        for number, (before, after) in enumerate(self._walk(visual, language), start=1):
            stages.append(for_each(len(words), target_frame(after)))
            if cmam := self._cmam_after(number):
                found[number] = Attention(
                    cmam.attention_map(before, language), cmam.word_weights(before, language)
                )
        return StreamFeatures(stages, language.sentence), found

    def _cmam_after(self, stage: int) -> CMAM | None:
        if str(stage) not in self.cmam:
            return None
        cmam = self.cmam[str(stage)]
        assert isinstance(cmam, CMAM)
        return cmam


def for_each(
    sentences: int, visual: Float[Tensor, "clip channel *grid"]
) -> Float[Tensor, "sentence channel *grid"]:
    """What all sentences about the same frame or clip share, for each of them."""
    clips = len(visual)
    assert sentences % clips == 0, f"{sentences} sentences about {clips} clips, not equally many"
    return visual if sentences == clips else visual.repeat_interleave(sentences // clips, dim=0)


def target_frame(visual: Visual) -> Float[Tensor, "batch channel height width"]:
    """The target frame's slice of a clip's feature, at index T // 2; a frame's feature as it is."""
    return visual if visual.dim() == 4 else visual[:, :, visual.shape[2] // 2]
