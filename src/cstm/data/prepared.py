"""Samples decoded once and kept at the network's size: feeding never holds training back."""

import json
from pathlib import Path

import numpy as np

from cstm.config import ClipConfig
from cstm.data.rows import Row, TrainingSamples
from cstm.data.sample import Samples


def prepared_name(clip: ClipConfig) -> str:
    """Name of the folder for samples prepared with these clip settings: ``8x2-320``."""
    name = f"{clip.frames}x{clip.step}-{clip.size}"
    resize = clip.in_training.resize
    name = name if resize == "pad" else f"{name}-{resize}"
    return name if clip.camera_motion == "kept" else f"{name}-{clip.camera_motion}"


class PreparedSamples(TrainingSamples):
    """Samples that :func:`cstm.data.preparation.prepare` left in a folder.

    Raises a ValueError where the folder was prepared from another dataset.
    """

    def __init__(self, folder: Path, samples: Samples) -> None:
        super().__init__(samples.pairs)
        described = json.loads((folder / "pairs.json").read_text())
        is_whole = (folder / "categories.npy").is_file()
        if not is_whole or described["pairs"] != [pair.identity for pair in samples.pairs]:
            raise ValueError(
                f"{folder} was prepared from another dataset than {samples.root}, or before it was "
                "changed; give another --prepared folder, or delete it"
            )
        self._clips = np.load(folder / "clips.npy", mmap_mode="r")
        self._actions = np.load(folder / "actions.npy", mmap_mode="r")
        self._directions = np.load(folder / "directions.npy", mmap_mode="r")
        self._categories = np.load(folder / "categories.npy", mmap_mode="r")
        self._masks = np.load(folder / "masks.npy", mmap_mode="r")

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
