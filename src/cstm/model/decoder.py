"""The decoder: laterals, fusion of the streams, top-down sum (equation 9), heads."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from cstm.config import DecoderStyle, Fusion
from cstm.model.fusion import LGFS, Sentence, build_fusion
from cstm.model.presence import Presence

Stage = Float[Tensor, "batch _channel _height _width"]
Stages = Sequence[Stage]
"""Features of the five stages, fine to coarse; each has its own width and size."""

REFINEMENTS = (1, 1, 1, 2, 1)
"""Blocks that refine the sum of each stage, fine to coarse, where the style is ``refined``."""


def convolution(channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Convolution of unchanged size + BatchNorm + ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def stage_channels(channels: int, style: DecoderStyle) -> tuple[int, ...]:
    """Channels of the decoder's five stages, fine to coarse.

    The finest stage of a refined decoder is a third as wide: it has only an outline to add, at four
    times the positions of the stage below.
    """
    return (channels // 3 if style == "refined" else channels, *[channels] * 4)


class Laterals(nn.Module):
    """Bring the five features of one stream to the decoder's widths.

    With ``sentence_channels`` the sentence is concatenated at every position first: the
    multimodal interaction of the baselines without CMAM (section 4.4).
    """

    def __init__(
        self,
        widths: Sequence[int],
        channels: Sequence[int],
        style: DecoderStyle,
        sentence_channels: int = 0,
    ) -> None:
        super().__init__()
        kernel = 3 if style == "full" else 1
        self.with_sentence = sentence_channels > 0
        self.stages = nn.ModuleList(
            convolution(width + sentence_channels, out_channels, kernel)
            for width, out_channels in zip(widths, channels, strict=True)
        )

    def forward(self, features: Stages, sentence: Sentence) -> list[Stage]:
        """Return five features of the decoder's width, fine to coarse."""
        if self.with_sentence:
            features = [
                torch.cat([x, repeat(sentence, "b c -> b c h w", h=x.shape[2], w=x.shape[3])], 1)
                for x in features
            ]
        return [stage(x) for stage, x in zip(self.stages, features, strict=True)]


class Refinement(nn.Module):
    """Residual block of two 3×3 convolutions: lets neighbours in the sum of a stage speak.

    Without it, laterals of 1×1 and the sums of equation 9 leave everything between positions to the
    encoders, and to one convolution of the head.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels, 3)
        self.second = convolution(channels, channels, 3)[:2]

    def forward(self, x: Stage) -> Stage:
        """Return a feature of the same shape."""
        return functional.relu(x + self.second(self.first(x)))


def response_head(channels: int, style: DecoderStyle) -> nn.Sequential:
    """3×3 convolutions with ReLU (full: two, lean: one), then 1×1 to one response map."""
    layers: list[nn.Module] = []
    for _ in range({"full": 2, "lean": 1, "refined": 0}[style]):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 1))


class Decoded(NamedTuple):
    """What the decoder answers."""

    maps: list[Float[Tensor, "batch _height _width"]]
    """Response maps (logits) of the stages asked for, fine to coarse."""
    presence: Float[Tensor, " batch"] | None
    """Logit of the actor being on the frame at all; None where the decoder doesn't tell."""


class Decoder(nn.Module):
    """Five stages from coarse to fine, with a response map at each.

    Args:
        spatial_widths: channels of the spatial encoder's stages; None without that encoder.
        temporal_widths: the same of the temporal encoder.
        sentence_channels: width of the sentence feature.
        channels: width of the decoder's features; a refined one's finest stage has a third.
        fusion: how the two streams are merged; unused with a single stream.
        style: ``full`` has laterals of 3×3 and heads of two 3×3; ``lean`` laterals of 1×1 and heads
            of one 3×3; ``refined`` laterals of 1×1, and instead of 3×3 convolutions in the heads
            residual blocks on the sums of equation 9, most where positions are few.
        concatenate_sentence: whether the laterals see the sentence (networks without CMAM).
        presence: whether it also tells if the actor is there at all.
    """

    def __init__(
        self,
        spatial_widths: Sequence[int] | None,
        temporal_widths: Sequence[int] | None,
        sentence_channels: int,
        channels: int = 256,
        fusion: Fusion = "lgfs",
        style: DecoderStyle = "full",
        concatenate_sentence: bool = False,
        presence: Literal["none", "pooled"] = "none",
    ) -> None:
        super().__init__()
        seen = sentence_channels if concatenate_sentence else 0
        widths = stage_channels(channels, style)
        self.spatial = Laterals(spatial_widths, widths, style, seen) if spatial_widths else None
        self.temporal = Laterals(temporal_widths, widths, style, seen) if temporal_widths else None
        self.fusions = (
            nn.ModuleList(build_fusion(fusion, sentence_channels, width) for width in widths)
            if spatial_widths and temporal_widths
            else None
        )
        self.narrow = nn.Conv2d(widths[1], widths[0], 1) if style == "refined" else nn.Identity()
        self.refinements = nn.ModuleList(
            nn.Sequential(*(Refinement(width) for _ in range(blocks if style == "refined" else 0)))
            for width, blocks in zip(widths, REFINEMENTS, strict=True)
        )
        self.heads = nn.ModuleList(response_head(width, style) for width in widths)
        self.presence = Presence(channels, sentence_channels) if presence == "pooled" else None

    def _laterals(
        self, spatial: Stages | None, temporal: Stages | None, sentence: Sentence
    ) -> list[list[Stage]]:
        """Features of the decoder's width of each stream that there is."""
        return [
            laterals(features, sentence)
            for laterals, features in ((self.spatial, spatial), (self.temporal, temporal))
            if laterals is not None and features is not None
        ]

    def selection(
        self, spatial: Stages, temporal: Stages, sentence: Sentence
    ) -> list[Float[Tensor, "batch _height _width"]]:
        """Where each stage's fused feature is the temporal encoder's: its share of the sum.

        For LGFS (equation 8) that is ‖g_t ⊙ T‖ ÷ (‖g_s ⊙ S‖ + ‖g_t ⊙ T‖) over the channels of a
        position, from 0 to 1; for the other fusions the same with both gates at 1.
        """
        assert self.fusions is not None, "two streams are there to choose from"
        shares = []
        streams = self._laterals(spatial, temporal, sentence)
        for fusion, *features in zip(self.fusions, *streams, strict=True):
            gates = fusion.selection(sentence) if isinstance(fusion, LGFS) else torch.ones(2, 1, 1)
            of_spatial, of_temporal = (
                (feature * gate[..., None, None].to(feature)).norm(dim=1)
                for feature, gate in zip(features, gates, strict=True)
            )
            shares.append(of_temporal / (of_spatial + of_temporal).clamp(min=1e-6))
        return shares

    def features(
        self,
        spatial: Stages | None,
        temporal: Stages | None,
        sentence: Sentence,
    ) -> list[Stage]:
        """Features V_D of equation 9, fine to coarse: V_F plus the upsampled coarser one.

        A refined decoder passes each sum through its blocks.
        """
        streams = self._laterals(spatial, temporal, sentence)
        if self.fusions is None:
            (fused,) = streams
        else:
            stages = zip(self.fusions, *streams, strict=True)
            fused = [fusion(s, t, sentence) for fusion, s, t in stages]
        decoded = [self.refinements[-1](fused[-1])]
        for stage in reversed(range(4)):
            finer, coarser = fused[stage], decoded[0]
            coarser = functional.interpolate(
                self.narrow(coarser) if stage == 0 else coarser,
                size=finer.shape[-2:],
                mode="bilinear",
                align_corners=False,
            )
            decoded.insert(0, self.refinements[stage](finer + coarser))
        return decoded

    def forward(
        self,
        spatial: Stages | None,
        temporal: Stages | None,
        sentence: Sentence,
        stages: Literal["all", "finest"] = "all",
    ) -> Decoded:
        """Answer with the maps of all five stages, for deep supervision, or of the finest alone.

        The finest is all that inference needs.
        """
        decoded = self.features(spatial, temporal, sentence)
        asked = decoded if stages == "all" else decoded[:1]
        maps = [head(x).squeeze(1) for head, x in zip(self.heads, asked, strict=False)]
        presence = self.presence(decoded, maps[0], sentence) if self.presence else None
        return Decoded(maps, presence)
