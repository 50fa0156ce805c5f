"""Whether the actor that a sentence describes is on the frame at all; not in the paper."""

from collections.abc import Sequence

import torch
from einops import einsum, rearrange, reduce
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 128


class Presence(nn.Module):
    """Compare what the mask covers with what was asked for.

    From each of the three coarser decoder stages, where features say what a thing is rather than
    where it ends, come the mean inside the mask, the mean over the frame and the maximum. With the
    mask's own greatest and mean probability and the sentence they go through one hidden layer.

    Args:
        channels: width of the decoder's features.
        sentence_channels: width of the sentence feature.
    """

    STAGES = slice(2, 5)

    def __init__(self, channels: int, sentence_channels: int) -> None:
        super().__init__()
        seen = 3 * len(range(5)[self.STAGES]) * channels + 2 + sentence_channels
        self.judge = nn.Sequential(nn.Linear(seen, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def forward(
        self,
        decoded: Sequence[Float[Tensor, "batch _channel _height _width"]],
        mask: Float[Tensor, "batch height width"],
        sentence: Float[Tensor, "batch language"],
    ) -> Float[Tensor, " batch"]:
        """Logit of the actor being there.

        Args:
            decoded: features of all five stages, fine to coarse; the finest may be narrow.
            mask: logits of the finest response map. What is learned here leaves it alone: a mask
                has its own loss, in which an absent actor's is empty.
            sentence: its feature.
        """
        probability = rearrange(mask.detach().sigmoid(), "b h w -> b 1 h w")
        whole = probability.flatten(1)
        seen = [whole.amax(1, keepdim=True), whole.mean(1, keepdim=True), sentence]
        for feature in decoded[self.STAGES]:
            height, width = feature.shape[-2:]
            share = functional.adaptive_avg_pool2d(probability, (height, width)).squeeze(1)
            inside = einsum(feature, share, "b c h w, b h w -> b c")
            seen += [
                inside / reduce(share, "b h w -> b 1", "sum").clamp(min=1e-3),
                reduce(feature, "b c h w -> b c", "mean"),
                reduce(feature, "b c h w -> b c", "max"),
            ]
        return self.judge(torch.cat(seen, dim=1)).squeeze(1)
