"""What a segmentation says of one frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

if TYPE_CHECKING:
    import supervision


@dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame of a video and the mask of each query on it."""

    index: int
    """Number of the frame, counted from 0."""
    time: float
    """Seconds since the first frame."""
    image: UInt8[ndarray, "height width 3"]
    """The frame itself, RGB, at its native size."""
    masks: Bool[ndarray, "query height width"]
    """Where the actor is: probability above 0.5, and nowhere if it is probably not there. From a
    network that tells whether it is (``lite``): from half of the frame's greatest probability on,
    where that is less."""
    scores: Float[ndarray, " query"]
    """Probability that the actor is there at all, from 0.5 (or ``least_score``) on where a mask may
    be. From a network that doesn't tell: mean probability inside the mask, be it emptied for a
    lower score than ``least_score``; 0 where there was none."""
    probabilities: Float[ndarray, "query height width"] | None = None
    """Of every pixel, were the actor there; only where asked for. Raised where the masks are from
    less than 0.5 on, so that they begin at 0.5: how sure the network is tell the scores."""

    def to_supervision(self, queries: Sequence[str]) -> "supervision.Detections":
        """The actors found, as annotators and trackers of the package supervision take them.

        Only queries with a mask are in: ``xyxy`` around it, ``confidence`` its score, ``class_id``
        the query's place in ``queries``, counted from 0, and ``data["class_name"]`` its sentence.

        Args:
            queries: the sentences that were asked for, in the order of the masks.

        Raises:
            ImportError: supervision is not installed.
            ValueError: there are not as many sentences as masks.
        """
        try:
            import supervision
        except ImportError:
            raise ImportError(
                'to_supervision needs a package of its own; pip install "cstm[supervision]"'
            ) from None
        if len(queries) != len(self.masks):
            raise ValueError(f"{len(self.masks)} queries were asked, and {len(queries)} are given")
        found = np.flatnonzero(self.masks.any((1, 2)))
        masks = self.masks[found]
        return supervision.Detections(
            xyxy=supervision.mask_to_xyxy(masks).astype(np.float32),
            mask=masks,
            confidence=self.scores[found],
            class_id=found,
            data={"class_name": np.array(queries, dtype=str)[found]},
        )
