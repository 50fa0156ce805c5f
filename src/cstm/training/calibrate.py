"""The threshold below which a network says that nobody is there."""

import math
from copy import copy
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from cstm.config import ModelConfig
from cstm.evaluation.metrics import RatioProtocol
from cstm.training.checkpoint import Checkpoint

_LEAST, _MOST = 1e-12, 1 - 1e-4


class Presences(NamedTuple):
    """Probabilities of the actor being there, as a network gives them."""

    present: Float[ndarray, " present"]
    """Of samples whose actor is there."""
    absent: Float[ndarray, " absent"]


class Calibration(NamedTuple):
    """A threshold, and what it does to the samples that it was chosen on."""

    threshold: float
    lost: float
    """Share of the present ones below it."""
    rejected: float
    """Share of the absent ones below it."""


def raw(checkpoint: Checkpoint) -> Checkpoint:
    """The same weights with the threshold at one half.

    Raises:
        ValueError: the network doesn't tell whether the actor is there.
    """
    model = checkpoint.experiment.model
    if not isinstance(model, ModelConfig) or model.presence == "none":
        raise ValueError(
            "this network doesn't tell whether the actor is there, so there is nothing to "
            "calibrate; lite does"
        )
    return with_threshold(checkpoint, 0.5)


def with_threshold(checkpoint: Checkpoint, threshold: float) -> Checkpoint:
    """The same weights with another threshold."""
    network, model = checkpoint.ours()
    network = copy(network)
    network.presence_threshold = threshold
    model = replace(model, presence_threshold=threshold)
    experiment = replace(checkpoint.experiment, model=model)
    return replace(checkpoint, network=network, experiment=experiment)


def presences_of(metric: RatioProtocol) -> Presences:
    """What a network, its threshold at one half, said of the samples that were counted."""
    said: dict[bool, list[float]] = {True: [], False: []}
    for row in metric.rows.values():
        said[row.is_absent].append(row.predictions[0].score)
    return Presences(np.array(said[False], float), np.array(said[True], float))


def calibrate(presences: Presences, lost: float) -> Calibration:
    """The highest threshold at which at most a share ``lost`` of the present actors is lost.

    Raises:
        ValueError: there are no present or no absent actors to judge by.
    """
    present, absent = presences
    if not len(present) or not len(absent):
        raise ValueError(
            f"{len(present)} samples have their actor and {len(absent)} have not; calibration "
            "needs both: composed clips have"
        )
    ranked = np.sort(present)
    below = math.floor(lost * len(ranked) + 1e-9)  # 0.29 × 100 is 28.999…
    threshold = float(np.clip(ranked[below], _LEAST, _MOST))
    return Calibration(
        threshold, float((present < threshold).mean()), float((absent < threshold).mean())
    )
