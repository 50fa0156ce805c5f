"""Losses: deep supervision of the response maps, and the auxiliary motion task.

The paper's own losses are in a supplement that is not public. Ours follow its predecessor ACGA:
binary cross-entropy with a positive weight of 1.5, summed over the response maps of all
resolutions with equal weight; a dice term on the finest map is an option of the schedule.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from cstm.data.sample import ACTIONS, DIRECTIONS
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


class MotionTask(nn.Module):
    """Name every actor's action and direction from the temporal features alone.

    One 1×1 convolution on each of three temporal stages (the target frame's slice) gives logits of
    A2D's actions and of the directions of movement; cross-entropy counts inside the actors'
    masks. It teaches the temporal encoder what the words of motion refer to, without which the
    sentence may never find it, and is thrown away after training.

    Args:
        widths: channels of the temporal encoder's five stages.
        stages: those to read from (1-5), fine to coarse.
    """

    def __init__(self, widths: Sequence[int], stages: Sequence[int]) -> None:
        super().__init__()
        classes = len(ACTIONS) + len(DIRECTIONS)
        self.stages = tuple(stages)
        self.heads = nn.ModuleList(nn.Conv2d(widths[s - 1], classes, 1) for s in stages)

    def forward(
        self,
        temporal: Sequence[Float[Tensor, "batch _channel _height _width"]],
        action: UInt8[Tensor, "batch height width"],
        direction: UInt8[Tensor, "batch height width"],
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return the loss and the last stage's accuracies; label 0 means unknown and is left out.

        The loss is a mean over the known cells of all processes; an accuracy is NaN where no label
        is known. All logits are compared at the resolution of the finest of the stages, where a
        thin actor still has cells of its own.
        """
        grid = temporal[self.stages[0] - 1].shape[-2:]
        labels = {"action": _resize(action, grid), "direction": _resize(direction, grid)}
        loss = torch.zeros((), device=action.device)
        accuracy: dict[str, Tensor] = {}
        for stage, head in zip(self.stages, self.heads, strict=True):
            logits = functional.interpolate(
                head(temporal[stage - 1]), size=grid, mode="bilinear", align_corners=False
            )
            split = logits.split([len(ACTIONS), len(DIRECTIONS)], dim=1)
            for (name, label), scores in zip(labels.items(), split, strict=True):
                known = label >= 0
                count = mean_over_processes(known.sum()[None].double()).clamp(min=1e-9)
                total = functional.cross_entropy(scores, label, ignore_index=-1, reduction="sum")
                loss = loss + (total / count.float()).sum() / len(self.stages)
                accuracy[name] = (scores.argmax(1) == label)[known].float().mean()
        return loss, accuracy


def _resize(labels: UInt8[Tensor, "batch height width"], grid: torch.Size) -> Tensor:
    """Nearest labels on a grid, counted from 0, with -1 for unknown."""
    resized = functional.interpolate(labels[:, None].float(), size=grid, mode="nearest-exact")
    return resized[:, 0].long() - 1
