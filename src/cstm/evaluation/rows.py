"""What is kept of every sample, whatever the protocol, and the groups it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jaxtyping import Bool, Float
from numpy import ndarray
from torch import distributed

from cstm.data.formats.coco_results import ImageId, Prediction
from cstm.data.frames.masks import RunLength
from cstm.data.sample import TAGS, Pair
from cstm.processes import are_several


@dataclass(frozen=True, slots=True)
class Row:
    """One sample, compared."""

    image: ImageId
    truth: RunLength
    predictions: tuple[Prediction, ...]
    """Any number of them; the best-scored one is compared."""
    intersection: int
    """Pixels of prediction and truth, as the protocol takes the two."""
    union: int
    area: int
    """Pixels of the prediction."""
    pair: Pair | None = None
    """What it is about, where that is known; breakdowns are by this."""
    picked: float | None = None
    """What :func:`was_picked` gave, where the actor has a look-alike."""

    @property
    def is_absent(self) -> bool:
        """Whether the actor is nowhere to be found."""
        return self.union + self.intersection == self.area


def _by_camera(row: Row) -> str | None:
    """Camera, and what tells look-alikes apart: picking the one that moves is the harder task."""
    pair = row.pair
    if pair is None or pair.camera is None or row.picked is None:
        return pair and pair.camera
    clues = "+".join(tag for tag in ("action", "place") if tag in pair.tags)
    return f"{pair.camera}, look-alikes by {clues}"


GROUPS: dict[str, Callable[[Row], str | None]] = {
    "by_tag": lambda row: row.pair and ("+".join(t for t in TAGS if t in row.pair.tags) or None),
    "by_action": lambda row: row.pair and row.pair.action,
    "by_direction": lambda row: row.pair and row.pair.direction,
    "by_combination": lambda row: row.pair and row.pair.combination,
    "by_camera": _by_camera,
    "by_kind": lambda row: row.pair and row.pair.kind,
    "by_actor": lambda row: row.pair and row.pair.actor,
    "by_presence": lambda row: "absent" if row.is_absent else "present",
}
"""Breakdowns: the name of a sample's group, None where it belongs to none."""


def gather(rows: Mapping[int, Row]) -> dict[int, Row]:
    """Bring the rows of all processes together, in all of them, in the order of their numbers."""
    everywhere = dict(rows)
    if are_several():
        # As objects: a process may have no row, and masks are no tensors of one shape.
        shares: list[dict[int, Row]] = [{} for _ in range(distributed.get_world_size())]
        distributed.all_gather_object(shares, everywhere)
        everywhere = {number: row for share in shares for number, row in share.items()}
    return dict(sorted(everywhere.items()))


def was_picked(
    probability: Float[ndarray, "height width"],
    named: Bool[ndarray, "height width"],
    look_alike: Bool[ndarray, "height width"],
) -> float:
    """Whether the actor named, and not its look-alike, was picked: 1, 0, or ½ for a tie.

    Picked is the one with the greater mean probability inside its mask; neither mask is empty.
    """
    assert named.any(), "the actor named has no pixel"
    assert look_alike.any(), "its look-alike has no pixel"
    here, there = (float(probability[mask].mean(dtype=float)) for mask in (named, look_alike))
    return 0.5 * (1 + (here > there) - (here < there))
