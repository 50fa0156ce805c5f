"""From settings to a network."""

from cstm.config import ModelConfig, ReleasedConfig
from cstm.model.network import ActorSegmenter
from cstm.model.released import ReleasedSegmenter

Network = ActorSegmenter | ReleasedSegmenter
"""Anything whose ``predict`` makes a :class:`~cstm.model.network.Predicted` of clips and words."""


def build_network(config: ModelConfig | ReleasedConfig, vocabulary: int) -> Network:
    """Build the network that settings describe, with random weights.

    Args:
        config: its parts.
        vocabulary: how many words there are, padding and unknown included.
    """
    if isinstance(config, ReleasedConfig):
        return ReleasedSegmenter(vocabulary)
    return ActorSegmenter(config, vocabulary)
