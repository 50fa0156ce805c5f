"""Samples read or drawn each time they are due: no disk, for machines with cores to spare."""

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.masks import covered
from cstm.data.rows import Row, TrainingSamples
from cstm.data.sample import Sample, Samples
from cstm.data.transforms import resize_pad


class LiveSamples(TrainingSamples):
    """Samples of a dataset, brought to the network's size when asked for.

    They are those that :func:`cstm.data.preparation.prepare` keeps, bit for bit. An item raises a
    ValueError where its files can't be read.
    """

    def __init__(self, samples: Samples, clip: ClipConfig) -> None:
        super().__init__(samples.pairs)
        self._samples = samples
        self._clip = clip

    def whole_row(self, index: int) -> Row:
        """One sample, read or drawn now."""
        return fitted(self._samples[index], self._clip)


def fitted(sample: Sample, clip: ClipConfig) -> Row:
    """A sample as training sees it."""
    fit = resize_pad(sample.mask, clip.in_training)
    action, direction, category = (
        fit.apply_labels(labels).numpy()
        for labels in (sample.action, sample.direction, sample.category)
    )
    return Row(
        clip=fit.apply(sample.frames).numpy(),
        mask=fitted_mask(sample, clip),
        action=action,
        direction=direction,
        category=category,
        sentence=sample.sentence,
        name=sample.name,
    )


def fitted_mask(sample: Sample, clip: ClipConfig) -> UInt8[ndarray, "size size"]:
    """Its mask alone."""
    fit = resize_pad(sample.mask, clip.in_training)
    return covered(fit.apply_mask(sample.mask).numpy()).astype(np.uint8)
