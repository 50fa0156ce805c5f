"""Samples read or drawn each time they are due: no disk, for machines with cores to spare."""

from cstm.config import ClipConfig
from cstm.data.feeding.rows import Row, TrainingSamples, fitted
from cstm.data.frames.clip_input import ClipInput, clip_input
from cstm.data.newest import Newest
from cstm.data.sample import Samples


class LiveSamples(TrainingSamples):
    """Samples of a dataset, brought to the network's size when asked for.

    They are those that :func:`cstm.data.feeding.preparation.prepare` keeps, bit for bit. An item
    raises a ValueError where its files can't be read.
    """

    def __init__(self, samples: Samples, clip: ClipConfig) -> None:
        super().__init__(samples.pairs)
        self._samples = samples
        self._clip = clip.in_training
        self._seen = Newest[int, ClipInput]()

    def whole_row(self, index: int) -> Row:
        """One sample, read or drawn now."""
        sample = self._samples[index]
        seen = self._seen.get(self.frame_of(index), lambda: clip_input(sample.frames, self._clip))
        return fitted(sample, self.pairs[index], seen)
