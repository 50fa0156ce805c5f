"""The sentence encoder: word vectors and a GRU (section 3.1)."""

from typing import NamedTuple

import torch
from einops import reduce
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


class Language(NamedTuple):
    """The linguistic feature L of a batch of sentences."""

    words: Float[Tensor, "batch word channel"]
    present: Bool[Tensor, "batch word"]
    """False at padding, which no later part may look at."""

    @property
    def sentence(self) -> Float[Tensor, "batch channel"]:
        """The feature l of the whole sentence: the average over its words (section 3.3)."""
        weights = self.present.to(self.words.dtype)
        total = reduce(
            self.words * weights[..., None], "batch word channel -> batch channel", "sum"
        )
        return total / weights.sum(dim=1, keepdim=True).clamp(min=1)


class SentenceEncoder(nn.Module):
    """Word vectors, then a GRU over them.

    Padding follows the words and the GRU runs forward, so that padding changes no word's feature.

    Args:
        vocabulary: how many words there are, padding (0) and unknown (1) included. Both start with
            zero vectors, as in the authors' code; that of padding stays so.
        word_channels: width of a word vector.
        channels: C_L, width of the linguistic feature.
    """

    def __init__(self, vocabulary: int, word_channels: int, channels: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocabulary, word_channels, padding_idx=0)
        nn.init.zeros_(self.vectors.weight[1])
        self.gru = nn.GRU(word_channels, channels, batch_first=True)

    def forward(self, words: Int[Tensor, "batch word"]) -> Language:
        """Encode word numbers; number 0 is padding."""
        features, _ = self.gru(self.vectors(words))
        return Language(features, words != 0)

    @torch.no_grad()
    def set_vectors(self, vectors: Float[Tensor, "vocabulary channel"]) -> None:
        """Take pretrained word vectors and keep them fixed."""
        self.vectors.weight.copy_(vectors)
        self.vectors.weight.requires_grad_(False)
