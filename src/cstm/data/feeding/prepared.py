"""Samples decoded once and kept at the network's size: feeding never holds training back."""

import json
from pathlib import Path

import numpy as np

from cstm.config import ClipConfig
from cstm.data.feeding.rows import Row, TrainingSamples
from cstm.data.sample import Samples
from cstm.faults import reason

TABLES = ("clips.npy", "actions.npy", "directions.npy", "categories.npy", "masks.npy")
"""Files of a folder: all frames' clips and labels, all samples' masks."""


def prepared_name(clip: ClipConfig) -> str:
    """Name of the folder for samples prepared with these clip settings: ``8x2-320``."""
    name = f"{clip.frames}x{clip.step}-{clip.size}"
    resize = clip.in_training.resize
    name = name if resize == "pad" else f"{name}-{resize}"
    return name if clip.camera_motion == "kept" else f"{name}-{clip.camera_motion}"


class PreparedSamples(TrainingSamples):
    """Samples that :func:`cstm.data.feeding.preparation.prepare` left in a folder.

    Raises a ValueError where the folder was prepared from another dataset.
    """

    def __init__(self, folder: Path, samples: Samples) -> None:
        super().__init__(samples.pairs)
        try:
            prepared = json.loads((folder / "pairs.json").read_text())["pairs"]
            self._clips, self._actions, self._directions, self._categories, self._masks = (
                np.load(folder / name, mmap_mode="r") for name in TABLES
            )
        except (OSError, ValueError, LookupError, TypeError, EOFError) as error:
            raise ValueError(
                f"{folder}: prepared clips that are not whole ({reason(error)}); delete it"
            ) from error
        frames = [self._clips, self._actions, self._directions, self._categories]
        is_ours = prepared == [pair.identity for pair in samples.pairs]
        if (
            not is_ours
            or len(self._masks) != len(samples.pairs)
            or {*map(len, frames)} != {len(self.groups)}
        ):
            raise ValueError(
                f"{folder} was prepared from another dataset than {samples.root}, or before it was "
                "changed; give another --prepared folder, or delete it"
            )

    def whole_row(self, index: int) -> Row:
        """One sample, of which nothing is read before it is looked at."""
        frame = self.frame_of(index)
        return Row(
            self._clips[frame],
            self._masks[index],
            self._actions[frame],
            self._directions[frame],
            self._categories[frame],
            self.pairs[index].sentence,
            self.pairs[index].name,
        )
