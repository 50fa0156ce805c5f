"""The ratio protocol of A2D Sentences (Gavrilyuk et al., CVPR 2018), and the look-alike pick rate.

Other papers give the same names to other numbers: the 'COCO' protocol asks for an IoU above the
threshold and ranks all queries by score for its AP. Numbers of the two don't compare.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torchmetrics import Metric

from cstm.data.sample import ACTIONS, DIRECTIONS, TAGS

PERCENTS = range(50, 100, 5)
"""IoU thresholds in percent: AP is the mean over all, the table of papers shows every second."""


class RatioProtocol(Metric):
    """Precision, AP, overall and mean IoU of binary masks at native resolution.

    A sample counts as found at X where its IoU is X or more; IoU is 1 where mask and truth are
    both empty. AP is the mean of the precision over X = 0.50:0.05:0.95; overall IoU is the sum of
    all intersections over the sum of all unions. Every sample counts once. States are gathered
    over processes.

    :meth:`compute` returns fractions from 0 to 1, None where nothing was counted::

        {"protocol": "ratio", "samples", "precision@0.5", …, "precision@0.9", "ap", "overall_iou",
         "mean_iou", "look_alike_samples", "pick_rate",
         "by_tag": {"appearance+action": {the same}, …}, "by_action": {…}, "by_direction": {…}}
    """

    full_state_update = False
    is_differentiable = False
    higher_is_better = True
    rows: list[Int64[Tensor, "sample 6"]]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("rows", default=[], dist_reduce_fx="cat")

    def update(
        self,
        prediction: Bool[Tensor, "height width"],
        truth: Bool[Tensor, "height width"],
        *,
        picked: float | None = None,
        tags: Sequence[str] = (),
        action: str | None = None,
        direction: str | None = None,
    ) -> None:
        """Count one sample, with what is known about its actor, and what :func:`pick` gave."""
        self.rows.append(
            torch.tensor(
                [
                    [
                        int((prediction & truth).sum()),
                        int((prediction | truth).sum()),
                        # Whole numbers throughout, so that sums and thresholds are exact.
                        -1 if picked is None else int(2 * picked),
                        sum(1 << TAGS.index(tag) for tag in set(tags)),
                        0 if action is None else ACTIONS.index(action) + 1,
                        0 if direction is None else DIRECTIONS.index(direction) + 1,
                    ]
                ],
                device=self.device,
            )
        )

    def compute(self) -> dict[str, Any]:
        """Work out all metrics; a ValueError where no sample was counted."""
        if len(self.rows) == 0:
            raise ValueError("no sample was evaluated; is the split empty?")
        # After the processes are gathered the list is one tensor.
        rows = torch.cat(self.rows) if isinstance(self.rows, list) else self.rows
        return {
            "protocol": "ratio",
            **_summary(rows),
            "by_tag": _by_group(rows, rows[:, 3], _tag_names()),
            "by_action": _by_group(rows, rows[:, 4], ("", *ACTIONS)),
            "by_direction": _by_group(rows, rows[:, 5], ("", *DIRECTIONS)),
        }


def pick(
    probability: Float[Tensor, "height width"],
    named: Bool[Tensor, "height width"],
    look_alike: Bool[Tensor, "height width"],
) -> float:
    """Whether the actor named, and not its look-alike, was picked: 1, 0, or ½ for a tie.

    Picked is the one with the greater mean probability inside its mask; neither mask is empty.
    """
    assert named.any(), "the actor named has no pixel"
    assert look_alike.any(), "its look-alike has no pixel"
    here, there = (probability[mask].double().mean().item() for mask in (named, look_alike))
    return 0.5 * (1 + (here > there) - (here < there))


def _summary(rows: Int64[Tensor, "sample 6"]) -> dict[str, int | float | None]:
    intersection, union, twice_picked = rows[:, :3].unbind(1)
    # An empty mask for an empty truth is a full hit.
    iou = torch.where(union == 0, 1.0, intersection.double() / union.clamp(min=1))
    precision = {
        percent: (100 * intersection >= percent * union).double().mean().item()
        for percent in PERCENTS
    }
    picks = twice_picked[twice_picked >= 0]
    return {
        "samples": len(rows),
        **{f"precision@{percent / 100:.1f}": precision[percent] for percent in PERCENTS[::2]},
        "ap": sum(precision.values()) / len(PERCENTS),
        "overall_iou": int(intersection.sum()) / int(union.sum()) if union.any() else 1.0,
        "mean_iou": iou.mean().item(),
        "look_alike_samples": len(picks),
        "pick_rate": picks.double().mean().item() / 2 if len(picks) else None,
    }


def _by_group(
    rows: Int64[Tensor, "sample 6"], group: Int64[Tensor, " sample"], names: Sequence[str]
) -> dict[str, dict[str, int | float | None]]:
    """Summaries of the groups that occur; number 0 stands for samples that belong to none."""
    return {
        name: _summary(rows[group == number])
        for number, name in enumerate(names)
        if number != 0 and (group == number).any()
    }


def _tag_names() -> list[str]:
    """Name of every set of tags, at the number whose bits the set is."""
    return [
        "+".join(tag for bit, tag in enumerate(TAGS) if number >> bit & 1)
        for number in range(1 << len(TAGS))
    ]
