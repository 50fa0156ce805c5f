"""How the decoder merges the spatial and the temporal feature of a stage (Table 3b)."""

from typing import assert_never

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cstm.config import Fusion

Feature = Float[Tensor, "batch channel height width"]
Sentence = Float[Tensor, "batch language"]


class LGFS(nn.Module):
    """Language-Guided Feature Selection: the sentence picks, channel by channel (equations 7-8)."""

    def __init__(self, sentence_channels: int, channels: int) -> None:
        super().__init__()
        self.spatial_gate = nn.Linear(sentence_channels, channels)
        self.temporal_gate = nn.Linear(sentence_channels, channels)

    def selection(self, sentence: Sentence) -> Float[Tensor, "stream batch channel"]:
        """Shares of the spatial and the temporal feature in each channel; they add up to 1."""
        return torch.stack([self.spatial_gate(sentence), self.temporal_gate(sentence)]).softmax(0)

    def forward(self, spatial: Feature, temporal: Feature, sentence: Sentence) -> Feature:
        """Equation 8: the weighted sum of both features."""
        spatial_share, temporal_share = self.selection(sentence)[..., None, None]
        return spatial * spatial_share + temporal * temporal_share


class Add(nn.Module):
    """Elementwise addition; the sentence has no say."""

    def forward(self, spatial: Feature, temporal: Feature, sentence: Sentence) -> Feature:
        """Return the sum."""
        return spatial + temporal


class Max(nn.Module):
    """Elementwise maximum; the sentence has no say."""

    def forward(self, spatial: Feature, temporal: Feature, sentence: Sentence) -> Feature:
        """Return the larger of both."""
        return torch.maximum(spatial, temporal)


def build_fusion(name: Fusion, sentence_channels: int, channels: int) -> nn.Module:
    """Build the fusion of one decoder stage."""
    match name:
        case "lgfs":
            return LGFS(sentence_channels, channels)
        case "add":
            return Add()
        case "max":
            return Max()
        case _:
            assert_never(name)
