"""Losses: deep supervision of the response maps, and the auxiliary tasks.

The paper's own losses are in a supplement that is not public. Ours follow its predecessor ACGA:
binary cross-entropy with a positive weight of 1.5, summed over the response maps of all
resolutions with equal weight; a dice term on the finest map is an option of the schedule.
"""

from collections.abc import Mapping, Sequence

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from cstm.processes import mean_over_processes

Logits = Float[Tensor, "batch _height _width"]


def segmentation_loss(
    maps: Sequence[Logits],
    target: Float[Tensor, "batch height width"],
    positive_weight: float,
    dice_weight: float,
) -> Float[Tensor, ""]:
    """Sum of the cross-entropies of all response maps, each against the mask at its resolution.

    A coarse cell's target is the share of it that the mask covers.
    """
    weight = torch.tensor(positive_weight, device=target.device)
    loss = torch.zeros((), device=target.device)
    for logits in maps:
        cover = _cover(target, logits)
        loss = loss + functional.binary_cross_entropy_with_logits(logits, cover, pos_weight=weight)
    if dice_weight:
        loss = loss + dice_weight * dice_loss(maps[0], target)
    return loss


def _cover(target: Float[Tensor, "batch height width"], like: Logits) -> Logits:
    """The share of every cell that the mask covers."""
    return functional.adaptive_avg_pool2d(target, (like.shape[-2], like.shape[-1]))


def dice_loss(logits: Logits, target: Float[Tensor, "batch height width"]) -> Float[Tensor, ""]:
    """One minus the soft dice coefficient of each map, averaged over the batch."""
    cover = _cover(target, logits).flatten(1)
    probability = logits.sigmoid().flatten(1)
    overlap = (probability * cover).sum(1)
    return (1 - (2 * overlap + 1) / (probability.sum(1) + cover.sum(1) + 1)).mean()


def presence_loss(
    logits: Float[Tensor, " batch"], target: Float[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    """Cross-entropy of the actor being there, which it is where its mask is not empty."""
    present = target.flatten(1).amax(1)
    return functional.binary_cross_entropy_with_logits(logits, present)


class DenseTask(nn.Module):
    """Name something of every actor from one stream's features alone.

    Of the temporal features it is the action and the direction, of the spatial ones the class: one
    1×1 convolution on each of some stages (of a clip, the target frame's slice) gives logits;
    cross-entropy counts inside the actors' masks. It teaches an encoder what words refer to,
    without which the sentence may never find it, and is thrown away after training.

    Args:
        widths: channels of the encoder's five stages.
        stages: those to read from (1-5), fine to coarse.
        kinds: what is to be named, and of how many classes each is one.
    """

    def __init__(
        self, widths: Sequence[int], stages: Sequence[int], kinds: Mapping[str, int]
    ) -> None:
        super().__init__()
        self.stages = tuple(stages)
        self.kinds = dict(kinds)
        classes = sum(kinds.values())
        self.heads = nn.ModuleList(nn.Conv2d(widths[s - 1], classes, 1) for s in stages)

    def forward(
        self,
        features: Sequence[Float[Tensor, "batch _channel _height _width"]],
        labels: Mapping[str, UInt8[Tensor, "batch height width"]],
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return the loss and the last stage's accuracies; label 0 means unknown and is left out.

        The loss is a mean over the known cells of all processes; an accuracy is NaN where no label
        is known. All logits are compared at the resolution of the finest of the stages, where a
        thin actor still has cells of its own.
        """
        grid = features[self.stages[0] - 1].shape[-2:]
        wanted = {name: _resize(labels[name], grid) for name in self.kinds}
        loss = torch.zeros((), device=features[0].device)
        accuracy: dict[str, Tensor] = {}
        for stage, head in zip(self.stages, self.heads, strict=True):
            logits = functional.interpolate(
                head(unit_variance(features[stage - 1])),
                size=grid,
                mode="bilinear",
                align_corners=False,
            )
            split = logits.split(list(self.kinds.values()), dim=1)
            for (name, label), scores in zip(wanted.items(), split, strict=True):
                known = label >= 0
                count = mean_over_processes(known.sum()[None].double()).clamp(min=1e-9)
                total = functional.cross_entropy(scores, label, ignore_index=-1, reduction="sum")
                loss = loss + (total / count.float()).sum() / len(self.stages)
                accuracy[name] = (scores.argmax(1) == label)[known].float().mean()
        return loss, accuracy


def unit_variance(
    feature: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, "batch channel height width"]:
    """Mean 0 and variance 1 over a cell's channels, which are large for a fresh head."""
    return rearrange(
        functional.layer_norm(rearrange(feature, "b c h w -> b h w c"), feature.shape[1:2]),
        "b h w c -> b c h w",
    )


def _resize(labels: UInt8[Tensor, "batch height width"], grid: torch.Size) -> Tensor:
    """Nearest labels on a grid, counted from 0, with -1 for unknown."""
    resized = functional.interpolate(labels[:, None].float(), size=grid, mode="nearest-exact")
    return resized[:, 0].long() - 1
