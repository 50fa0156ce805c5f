"""Cross-Modal Adaptive Modulation: equations 1-6 of the paper."""

import torch
from einops import einsum, rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from cstm.config import AttentionStyle, ModulationStyle
from cstm.model.language import Language

Visual = Float[Tensor, "batch channel *grid"]


class CMAM(nn.Module):
    """Weigh the words by their relevance to what is seen, and modulate the visual channels by them.

    Works on features of a frame (height, width) and of a clip (time, height, width) alike: "the
    same operations are applied on all the T frames".

    Args:
        visual_channels: C_V.
        language_channels: C_L.
        relation_channels: C_M, width of the subspace in which words and positions are compared.
        attention: ``written`` computes the word × position map A and sums it, as equations 1-4 are
            written. ``pooled`` uses that everything up to the sum is linear:
            Σⱼ key(vⱼ)·q = (key of the mean of vⱼ)·q · HW, and needs the map for pictures alone.
        modulation: ``written`` is equation 6, whose gates 1 + σ run from 1 to 2 and begin near 1.5.
            ``centred`` has gates 2σ, from 0 to 2, that begin at exactly 1: pretrained features
            keep their scale from stage to stage, and a sentence can close a channel too.
    """

    def __init__(
        self,
        visual_channels: int,
        language_channels: int,
        relation_channels: int,
        attention: AttentionStyle = "written",
        modulation: ModulationStyle = "written",
    ) -> None:
        super().__init__()
        self.key = nn.Linear(visual_channels, relation_channels)
        self.query = nn.Linear(language_channels, relation_channels)
        self.gate = nn.Linear(language_channels, visual_channels)
        self.attention = attention
        self.modulation = modulation
        if modulation == "centred":
            nn.init.zeros_(self.gate.weight)
            nn.init.zeros_(self.gate.bias)

    def forward(self, visual: Visual, language: Language) -> Visual:
        """Equation 6: V + V ⊙ σ(Linear(l)), with l the words recombined by their relevance."""
        sentence = einsum(self.word_weights(visual, language), language.words, "b n, b n c -> b c")
        modulation = self.gate(sentence).sigmoid()
        gate = 1 + modulation if self.modulation == "written" else 2 * modulation
        return visual * gate.reshape(*gate.shape, *[1] * (visual.dim() - 2))

    def attention_map(
        self, visual: Visual, language: Language
    ) -> Float[Tensor, "batch word *grid"]:
        """Relevance A of every position to every word (equations 1-3); 0 at padding."""
        weight = self.key.weight.reshape(*self.key.weight.shape, *[1] * (visual.dim() - 2))
        convolve = functional.conv2d if visual.dim() == 4 else functional.conv3d
        keys = convolve(visual, weight, self.key.bias)
        attention = einsum(self.query(language.words), keys.flatten(2), "b n m, b m p -> b n p")
        attention = attention * language.present[..., None]
        return attention.reshape(*attention.shape[:2], *visual.shape[2:])

    def word_weights(self, visual: Visual, language: Language) -> Float[Tensor, "batch word"]:
        """Softmax over the words of their L2-normalised relevance (equation 4); 0 at padding.

        The mean over positions stands for the sum: the L2 norm cancels the factor, and a half
        precision number can hold it.
        """
        if self.attention == "written":
            relevance = reduce(self.attention_map(visual, language), "b n ... -> b n", "mean")
        else:
            pooled = self.key(reduce(visual, "b c ... -> b c", "mean"))
            relevance = einsum(self.query(language.words), pooled, "b n m, b m -> b n")
            relevance = relevance * language.present
        relevance = functional.normalize(relevance, dim=1)
        # A sentence without a single word has no relevance at all, and softmax would make it NaN.
        present = language.present | ~rearrange(language.present.any(dim=1), "b -> b 1")
        return relevance.masked_fill(~present, -torch.inf).softmax(dim=1)
