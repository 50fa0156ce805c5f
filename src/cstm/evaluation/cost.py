"""What a network costs: parameters and multiply-adds, counted on meta tensors in seconds."""

from typing import TypedDict

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cstm.config import Experiment
from cstm.data.language.words import MAX_WORDS
from cstm.model.build import build_network


class Macs(TypedDict):
    """Multiply-adds of one clip and one sentence of 20 words, by part."""

    language: int
    spatial: int
    temporal: int
    decoder: int
    total: int


class Cost(TypedDict):
    """Parameters, and multiply-adds of a forward pass."""

    parameters: int
    word_vectors: int
    """Of the parameters, those in tables of word vectors, which grow with the vocabulary."""
    macs: Macs
    inference_macs: int
    """The total without the coarser response heads, which only training needs."""


def profile(experiment: Experiment, vocabulary: int = 1300) -> Cost:
    """Count parameters and multiply-adds of an experiment's network.

    One multiply-add counts as one, as in the paper's Table 4; BatchNorm, activations and
    upsampling don't count. ``language`` is the sentence encoders; CMAM counts to its stream, and
    so do the released network's laterals.

    Args:
        experiment: the network and the size of its clip.
        vocabulary: how many words have a vector (A2D Sentences: about 1300).
    """
    with torch.device("meta"):
        network = build_network(experiment.model, vocabulary).eval()
        size = experiment.clip.size
        clip = torch.zeros(1, experiment.clip.frames, 3, size, size)
        words = torch.ones(1, MAX_WORDS, dtype=torch.long)
    with FlopCounterMode(display=False) as training, torch.inference_mode():
        network(clip, words)
    with FlopCounterMode(display=False) as inference, torch.inference_mode():
        network.predict(clip, words)
    counts = training.get_flop_counts()

    def macs(part: str) -> int:
        return sum(counts.get(f"{type(network).__name__}.{part}", {}).values()) // 2

    # Each stream has a sentence encoder of its own, or both share one.
    sentence = {stream: macs(f"{stream}.language") for stream in ("spatial", "temporal")}
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "word_vectors": sum(
            table.weight.numel() for table in network.modules() if isinstance(table, nn.Embedding)
        ),
        "macs": {
            "language": macs("language") + sum(sentence.values()),
            "spatial": macs("spatial") - sentence["spatial"],
            "temporal": macs("temporal") - sentence["temporal"],
            "decoder": macs("decoder"),
            "total": training.get_total_flops() // 2,
        },
        "inference_macs": inference.get_total_flops() // 2,
    }
