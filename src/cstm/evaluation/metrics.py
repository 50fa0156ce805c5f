"""Three protocols under which papers report the same words and mean different numbers.

========  ============  =============================  ========================================
protocol  precision@X   AP                             mask and truth compared
========  ============  =============================  ========================================
ratio     IoU ≥ X       mean of precision@X            probability > ½, at native size
coco      IoU > X       COCO's, all queries ranked     probability > ½, at native size
released  IoU ≥ X       mean of precision@X            > half the map's maximum, by way of the
                                                       network's size
========  ============  =============================  ========================================

Precision and AP go over X = 0.50:0.05:0.95; overall IoU is the sum of all intersections over the
sum of all unions; a mask and a truth that are both empty have IoU 1.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch.nn.functional import interpolate

from cstm.config import Protocol
from cstm.data.formats.coco_results import ImageId, Prediction
from cstm.data.frames.masks import RunLength, decode_mask
from cstm.data.sample import Pair
from cstm.evaluation.average_precision import average_precision
from cstm.evaluation.rows import GROUPS, Row, gather

PERCENTS = range(50, 100, 5)
"""IoU thresholds in percent: AP is over all, the table of papers shows every second."""


class MaskProtocol:
    """Counts samples and works out precision, AP, overall and mean IoU.

    Every sample has a number; it counts once, in whatever order, batch or process it comes.
    Subclasses name the protocol and say where it departs from the ratio protocol.
    """

    name: ClassVar[Protocol]

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}

    def mask(
        self,
        native: Float[ndarray, "height width"],
        small: Float[ndarray, "rows columns"],
        is_raised: bool = False,
    ) -> Bool[ndarray, "height width"]:
        """Mask of a network's probabilities, ``small`` as it gave them and brought to ``native``.

        Both are of the picture alone, without the padding. They are raised where the network tells
        presence: ½ is then half of what was their maximum (:class:`~cstm.model.network.Predicted`).
        """
        return native > 0.5

    def add(
        self,
        number: int,
        image: ImageId,
        truth: RunLength,
        predictions: Sequence[Prediction],
        pair: Pair | None = None,
        picked: float | None = None,
    ) -> None:
        """Compare a sample's best-scored prediction with its truth; none is an empty mask."""
        compared = self._truth(decode_mask(truth))
        mask = np.zeros_like(compared)
        if predictions:
            # Of equal scores the last one, as MTTR takes it.
            mask = decode_mask(sorted(predictions, key=lambda one: one.score)[-1].mask)
        self.rows[number] = Row(
            image,
            truth,
            tuple(predictions),
            int((mask & compared).sum()),
            int((mask | compared).sum()),
            int(mask.sum()),
            pair,
            picked,
        )

    def compute(self) -> dict[str, Any]:
        """Gather the rows of all processes and work out all metrics, in every process.

        Fractions from 0 to 1, None where nothing was counted::

            {"protocol", "samples", "precision@0.5", …, "precision@0.9", "ap", "overall_iou",
             "mean_iou", "empty_masks", "look_alike_samples", "pick_rate",
             "by_tag": {"appearance+action": {the same}, …}, "by_action": {…},
             "by_direction": {…}, "by_combination": {"seen": {…}, "unseen": {…}},
             "by_camera": {"static": {…}, "static, look-alikes by action": {…}, …},
             "by_kind": {"whole": {…}, …, "lacks the class": {…}},
             "by_actor": {"dog": {…}, …},
             "by_presence": {"present": {…}, "absent": {…}}}

        ``empty_masks`` is the share of samples without a mask: of the present ones those lost, of
        the absent ones those rejected.

        Raises:
            ValueError: no sample was counted.
        """
        self.rows = gather(self.rows)
        rows = list(self.rows.values())
        if not rows:
            raise ValueError("no sample was evaluated; is the split empty?")
        breakdowns = {}
        for key, name_of in GROUPS.items():
            names = {name for row in rows if (name := name_of(row)) is not None}
            breakdowns[key] = {
                name: self._summary([row for row in rows if name_of(row) == name])
                for name in sorted(names)
            }
        return {"protocol": self.name, **self._summary(rows), **breakdowns}

    def _truth(self, truth: Bool[ndarray, "height width"]) -> Bool[ndarray, "height width"]:
        return truth

    def _iou(
        self, intersection: Float[ndarray, " sample"], union: Float[ndarray, " sample"]
    ) -> Float[ndarray, " sample"]:
        # Both are whole numbers below 2⁵³: the quotient compares with X as the true one would.
        return np.where(union == 0, 1.0, intersection / np.maximum(union, 1))

    def _found(self, iou: Float[ndarray, " sample"], threshold: float) -> Bool[ndarray, " sample"]:
        return iou >= threshold

    def _average_precision(self, rows: Sequence[Row], precision: Sequence[float]) -> float:
        return sum(precision) / len(precision)

    def _summary(self, rows: Sequence[Row]) -> dict[str, int | float | None]:
        intersection = np.array([row.intersection for row in rows], float)
        union = np.array([row.union for row in rows], float)
        iou = self._iou(intersection, union)
        precision = {x: float(self._found(iou, x / 100).mean()) for x in PERCENTS}
        picks = [row.picked for row in rows if row.picked is not None]
        return {
            "samples": len(rows),
            **{f"precision@{x / 100:.1f}": precision[x] for x in PERCENTS[::2]},
            "ap": self._average_precision(rows, list(precision.values())),
            "overall_iou": float(intersection.sum() / union.sum()) if union.any() else 1.0,
            "mean_iou": float(iou.mean()),
            "empty_masks": sum(row.area == 0 for row in rows) / len(rows),
            "look_alike_samples": len(picks),
            "pick_rate": sum(picks) / len(picks) if picks else None,
        }


class RatioProtocol(MaskProtocol):
    """The protocol of A2D Sentences (Gavrilyuk et al., CVPR 2018), ACGA and the paper's tables."""

    name = "ratio"


class CocoProtocol(MaskProtocol):
    """The protocol of MTTR, ReferFormer and those after them.

    Where an IoU is a threshold to the pixel, MTTR's own code goes by how single precision rounds
    (0.6 and 0.8 count, 0.5, 0.7 and 0.9 don't); here none counts. It adds 10⁻⁶ to intersection and
    union, which shows in the mean IoU by less than that.
    """

    name = "coco"

    def _found(self, iou: Float[ndarray, " sample"], threshold: float) -> Bool[ndarray, " sample"]:
        return iou > threshold

    def _average_precision(self, rows: Sequence[Row], precision: Sequence[float]) -> float:
        return average_precision(
            {row.image: row.truth for row in rows}, {row.image: row.predictions for row in rows}
        )


class ReleasedProtocol(MaskProtocol):
    """The test code that the paper's authors released (RyanHTR/CSTM, ``utils/tool.py``).

    Theirs drops the last incomplete batch; this doesn't.

    Args:
        size: side of the network's input, by way of which the truth goes.
    """

    name = "released"
    smooth = 1e-6

    def __init__(self, size: int = 320) -> None:
        super().__init__()
        self.size = size

    def mask(
        self,
        native: Float[ndarray, "height width"],
        small: Float[ndarray, "rows columns"],
        is_raised: bool = False,
    ) -> Bool[ndarray, "height width"]:
        """Half of the map's own maximum is the threshold; the binary map is then resized."""
        threshold = 0.5 if is_raised else 0.5 * small.max()
        return _resize_bytes(small > threshold, *native.shape)

    def _truth(self, truth: Bool[ndarray, "height width"]) -> Bool[ndarray, "height width"]:
        """To the network's square, where all that the mask touches counts, and back."""
        pixels = torch.from_numpy(np.ascontiguousarray(truth))[None, None].float()
        square = interpolate(pixels, (self.size, self.size), mode="bilinear", align_corners=True)
        return _resize_bytes(square[0, 0].numpy() > 0, *truth.shape)

    def _iou(
        self, intersection: Float[ndarray, " sample"], union: Float[ndarray, " sample"]
    ) -> Float[ndarray, " sample"]:
        return (intersection + self.smooth) / (union + self.smooth)


def _resize_bytes(
    mask: Bool[ndarray, "rows columns"], height: int, width: int
) -> Bool[ndarray, "height width"]:
    """OpenCV's bilinear resize of a mask as bytes 0 and 1, with its rounding."""
    return cv2.resize(mask.astype(np.uint8), (width, height)).astype(bool)


def make_protocol(name: Protocol, size: int) -> MaskProtocol:
    """Start counting under a protocol.

    Args:
        name: the protocol.
        size: side of the network's input; only ``released`` asks for it.
    """
    match name:
        case "ratio":
            return RatioProtocol()
        case "coco":
            return CocoProtocol()
        case "released":
            return ReleasedProtocol(size)
