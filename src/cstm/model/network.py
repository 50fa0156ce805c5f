"""The whole network: spatial stream + temporal stream + decoder (Figure 2)."""

import math
from typing import Literal, NamedTuple, get_args

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from cstm.config import ModelConfig
from cstm.model.backbones import build_spatial, build_temporal
from cstm.model.decoder import Decoder
from cstm.model.stream import Attention, Stream, StreamFeatures, target_frame

StreamName = Literal["spatial", "temporal"]
STREAMS: tuple[StreamName, ...] = get_args(StreamName)


class Responses(NamedTuple):
    """What a forward pass gives to the losses."""

    maps: list[Float[Tensor, "batch _height _width"]]
    """Logits of the five decoder stages, fine to coarse, at strides 2, 4, 8, 16, 32."""
    spatial: list[Float[Tensor, "batch _channel _height _width"]] | None
    """The spatial stream's features, for the auxiliary class loss."""
    temporal: list[Float[Tensor, "batch _channel _height _width"]] | None
    """The temporal stream's features of the target frame, for the auxiliary motion loss."""
    presence: Float[Tensor, " batch"] | None
    """Logits of the actor being there at all; None for a network that doesn't tell."""


class Predicted(NamedTuple):
    """What a network answers at inference."""

    mask: Float[Tensor, "batch height width"]
    """Mask logits at the size of the clip; of a network that tells presence, never all below 0."""
    presence: Float[Tensor, " batch"] | None = None
    """Logits of the actor being there at all, 0 where the network's threshold is; None for a
    network that doesn't tell."""

    def probabilities(self) -> tuple[Float[Tensor, "batch height width"], list[float | None]]:
        """Of every pixel, and of the actor being there at all: None where that is not told."""
        untold: list[float | None] = [None] * len(self.mask)
        told = untold if self.presence is None else self.presence.float().sigmoid().tolist()
        return self.mask.float().sigmoid(), told


class Explained(NamedTuple):
    """Why a network answers as it does."""

    predicted: Predicted
    attention: dict[StreamName, dict[int, Attention]]
    """Of each stream that there is, what each stage makes of the words on the target frame."""
    selection: list[Float[Tensor, "batch _height _width"]]
    """Share of the temporal encoder in what the decoder fuses, stage by stage, fine to coarse;
    nothing where there is one stream only."""


class ActorSegmenter(nn.Module):
    """Mask of the actor that a sentence describes, on the target frame of a clip.

    One class for the joint network and for the spatial-only and temporal-only networks of
    training stage one: a stream that the configuration leaves out is None, and a stream's weights
    have the same names wherever it is built in.

    Args:
        config: the parts.
        vocabulary: how many words there are, padding and unknown included.
    """

    def __init__(self, config: ModelConfig, vocabulary: int) -> None:
        super().__init__()
        self.spatial = self.temporal = None
        if config.spatial is not None:
            self.spatial = Stream(build_spatial(config.spatial, config.width), vocabulary, config)
        if config.temporal is not None:
            backbone = build_temporal(config.temporal, config.width)
            self.temporal = Stream(backbone, vocabulary, config)
        streams = [stream for stream in (self.spatial, self.temporal) if stream is not None]
        self.decoder = Decoder(
            self.spatial.backbone.widths if self.spatial else None,
            self.temporal.backbone.widths if self.temporal else None,
            sentence_channels=len(streams) * config.language_channels,
            channels=config.decoder_channels,
            fusion=config.fusion,
            style=config.decoder,
            concatenate_sentence=not config.cmam_stages,
            presence=config.presence,
        )
        self.presence_threshold = config.presence_threshold
        _lay_out_channels_last(self)

    def encode(
        self, clip: Float[Tensor, "clip time 3 height width"], words: Int[Tensor, "sentence word"]
    ) -> tuple[StreamFeatures | None, StreamFeatures | None]:
        """Run the encoders that there are, for one or several sentences about each clip."""
        frames = rearrange(clip, "clip time channel h w -> clip channel time h w")
        spatial = self.spatial(target_frame(frames), words) if self.spatial else None
        temporal = self.temporal(frames, words) if self.temporal else None
        return spatial, temporal

    def forward(
        self, clip: Float[Tensor, "batch time 3 height width"], words: Int[Tensor, "batch word"]
    ) -> Responses:
        """Response maps of all decoder stages for clips in [0, 1] and word numbers."""
        spatial, temporal = self.encode(clip, words)
        maps, presence = self.decoder(*_decoder_inputs(spatial, temporal))
        of_spatial, of_temporal = (stream and stream.stages for stream in (spatial, temporal))
        return Responses(maps, of_spatial, of_temporal, presence)

    def predict(
        self, clip: Float[Tensor, "clip time 3 height width"], words: Int[Tensor, "sentence word"]
    ) -> Predicted:
        """Answer for clips in [0, 1] and word numbers; the coarser heads are not run.

        There may be several sentences about each clip, the same number, one after the other: they
        share what the encoders do before the first CMAM.
        """
        return self._decode(clip, *self.encode(clip, words))

    def explain(
        self, clip: Float[Tensor, "clip time 3 height width"], words: Int[Tensor, "sentence word"]
    ) -> Explained:
        """Answer as :meth:`predict` does, and show the attention and the selection behind it."""
        frames = rearrange(clip, "clip time channel h w -> clip channel time h w")
        features: dict[StreamName, StreamFeatures] = {}
        attention: dict[StreamName, dict[int, Attention]] = {}
        seen: dict[StreamName, tuple[Stream | None, Tensor]] = {
            "spatial": (self.spatial, target_frame(frames)),
            "temporal": (self.temporal, frames),
        }
        for name, (stream, visual) in seen.items():
            if stream is not None:
                features[name], found = stream.attention(visual, words)
                attention[name] = {
                    stage: Attention(target_frame(map_), weights)
                    for stage, (map_, weights) in found.items()
                }
        spatial, temporal = features.get("spatial"), features.get("temporal")
        selection = []
        if spatial is not None and temporal is not None:
            _, _, sentence = _decoder_inputs(spatial, temporal)
            selection = self.decoder.selection(spatial.stages, temporal.stages, sentence)
        return Explained(self._decode(clip, spatial, temporal), attention, selection)

    def _decode(
        self,
        clip: Float[Tensor, "clip time 3 height width"],
        spatial: StreamFeatures | None,
        temporal: StreamFeatures | None,
    ) -> Predicted:
        (finest,), presence = self.decoder(*_decoder_inputs(spatial, temporal), stages="finest")
        mask = functional.interpolate(
            finest[:, None], size=clip.shape[-2:], mode="bilinear", align_corners=False
        ).squeeze(1)
        if presence is not None:
            threshold = self.presence_threshold
            presence = presence - math.log(threshold / (1 - threshold))
            mask = _of_present(mask)
        return Predicted(mask, presence)


def _of_present(mask: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch height width"]:
    """Raise logits so that a pixel counts from half of the greatest probability on.

    Whether anyone is there is for the presence score to say; who is there has a mask, be the
    network ever so unsure where. The limit is that of the authors' own test code; where the
    greatest probability is 1, it is one half. With p = σ(m) of the greatest logit m, the logit of
    p / 2 is −log(2 / p − 1) = −log(1 + 2 exp(−m)).
    """
    greatest = mask.flatten(1).amax(1)
    return mask + functional.softplus(math.log(2) - greatest)[:, None, None]


def _lay_out_channels_last(network: nn.Module) -> None:
    """Lay convolution weights out as CPUs and GPUs compute fastest; their values stay."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)


def _decoder_inputs(
    spatial: StreamFeatures | None, temporal: StreamFeatures | None
) -> tuple[list[Tensor] | None, list[Tensor] | None, Tensor]:
    """Stage features of both streams, and one sentence: both streams' own, side by side.

    Equation 7 speaks of one L; with two sentence encoders (section 4.2) each has its own, and the
    selection sees both.
    """
    sentences = [stream.sentence for stream in (spatial, temporal) if stream is not None]
    return (
        spatial.stages if spatial else None,
        temporal.stages if temporal else None,
        torch.cat(sentences, dim=1),
    )
