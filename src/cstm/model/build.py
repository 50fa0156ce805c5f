"""From settings to a network."""

from cstm.config import ModelConfig, ReleasedConfig
from cstm.model.network import ActorSegmenter
from cstm.model.released import ReleasedSegmenter

Network = ActorSegmenter | ReleasedSegmenter
"""Anything that ``predict``\\ s mask logits (batch, size, size) from clips and word numbers."""


def build_network(config: ModelConfig | ReleasedConfig, vocabulary: int) -> Network:
    """Build the network that settings describe, with random weights.

    Args:
        config: its parts.
        vocabulary: how many words there are, padding and unknown included.
    """
    if isinstance(config, ReleasedConfig):
        return ReleasedSegmenter(vocabulary)
    return ActorSegmenter(config, vocabulary)
