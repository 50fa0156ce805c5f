"""Samples read or drawn each time they are due: no disk, for machines with cores to spare."""

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.feeding.rows import Row, TrainingSamples
from cstm.data.frames.clip_input import ClipInput, clip_input
from cstm.data.frames.masks import covered
from cstm.data.frames.transforms import ResizePad
from cstm.data.newest import Newest
from cstm.data.sample import Pair, Sample, Samples


class LiveSamples(TrainingSamples):
    """Samples of a dataset, brought to the network's size when asked for.

    They are those that :func:`cstm.data.feeding.preparation.prepare` keeps, bit for bit. An item
    raises a ValueError where its files can't be read.
    """

    def __init__(self, samples: Samples, clip: ClipConfig) -> None:
        super().__init__(samples.pairs)
        self._samples = samples
        self._clip = clip
        self._seen = Newest[int, ClipInput]()

    def whole_row(self, index: int) -> Row:
        """One sample, read or drawn now."""
        sample = self._samples[index]
        seen = self._seen.get(self.frame_of(index), lambda: shown(sample, self._clip))
        return fitted(sample, self.pairs[index], seen)


def shown(sample: Sample, clip: ClipConfig) -> ClipInput:
    """A sample's clip as training sees it."""
    return clip_input(sample.frames, clip.in_training)


def fitted(sample: Sample, pair: Pair, seen: ClipInput) -> Row:
    """A sample as training sees it."""
    fit = seen.fit
    action, direction, category = (
        fit.apply_labels(labels).numpy()
        for labels in (sample.action, sample.direction, sample.category)
    )
    return Row(
        clip=seen.pixels,
        mask=fitted_mask(sample, fit),
        action=action,
        direction=direction,
        category=category,
        sentence=pair.sentence,
        name=pair.name,
    )


def fitted_mask(sample: Sample, fit: ResizePad) -> UInt8[ndarray, "size size"]:
    """Its mask alone."""
    return covered(fit.apply_mask(sample.mask).numpy()).astype(np.uint8)
