"""Several datasets as one to train on, mixed by weights."""

import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np

from cstm.config import DataFormat
from cstm.data.feeding.rows import Row, TrainingSamples
from cstm.data.sample import Pair
from cstm.faults import hint


class Source(NamedTuple):
    """A dataset and its share of what training sees."""

    data: DataFormat
    root: Path
    weight: float

    @property
    def name(self) -> str:
        """What tells it from the others of a mixture: ``a2d-A2D``."""
        return f"{self.data}-{Path(os.path.realpath(self.root)).name}"


def read_sources(data: str, roots: Sequence[Path]) -> list[Source]:
    """Read what the command line says: ``a2d``, or ``composed:0.7,synthetic:0.3``.

    Args:
        data: formats and weights; a format without a weight weighs 1.
        roots: the folder of each.

    Raises:
        ValueError: a format is unknown, a weight is no number above 0, or roots don't match.
    """
    sources: list[tuple[DataFormat, float]] = []
    for part in data.split(","):
        name, _, weight = part.strip().partition(":")
        kind = next((known for known in get_args(DataFormat) if known == name), None)
        if kind is None:
            raise ValueError(
                f"no data format is named {name!r}; {hint(name, get_args(DataFormat))}"
            )
        if kind == "jhmdb":
            raise ValueError("jhmdb is for testing only; train on a2d")
        try:
            value = float(weight or 1)
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            raise ValueError(f"the weight of {part.strip()} should be a number above 0")
        sources.append((kind, value))
    if len(sources) != len(roots):
        raise ValueError(
            f"--data names {len(sources)} datasets and --root {len(roots)} folders; give one for "
            "each, in the same order"
        )
    read = [Source(kind, root, value) for (kind, value), root in zip(sources, roots, strict=True)]
    if len({source.name for source in read}) < len(read):
        raise ValueError(
            "two of the datasets have the same format and the same folder name; rename a folder"
        )
    return read


class Mixture:
    """Datasets whose samples come in the proportion of their weights.

    An epoch is as long as the weights allow without seeing a sample twice; what it leaves out of
    the longer datasets changes from epoch to epoch.
    """

    def __init__(self, parts: Sequence[TrainingSamples], weights: Sequence[float]) -> None:
        assert len(parts) == len(weights) > 0
        self.parts = list(parts)
        self.pairs: list[Pair] = [pair for part in parts for pair in part.pairs]
        self._starts = list(accumulate((len(part.pairs) for part in parts), initial=0))
        self._frame_starts = list(accumulate((len(part.groups) for part in parts), initial=0))
        most = min(len(part.pairs) / weight for part, weight in zip(parts, weights, strict=True))
        self._counts = [max(1, round(most * weight)) for weight in weights]

    @property
    def epoch_size(self) -> int:
        """Samples of an epoch."""
        return sum(self._counts)

    def frame_of(self, index: int) -> int:
        """Number of the annotated frame that a sample is about."""
        part, inside = self._locate(index)
        return self._frame_starts[part] + self.parts[part].frame_of(inside)

    def epoch_runs(self, seed: int, epoch: int, sentences_per_frame: int) -> list[list[int]]:
        """Indices of an epoch's samples in shuffled runs (:meth:`TrainingSamples.epoch_runs`).

        What short runs leave over is put together: all but the last have ``sentences_per_frame``
        samples, so that a batch that is a multiple of it holds whole runs.
        """
        runs: list[list[int]] = []
        for number, part in enumerate(self.parts):
            wanted, start = self._counts[number], self._starts[number]
            for run in part.epoch_runs(seed, epoch, sentences_per_frame):
                if wanted <= 0:
                    break
                runs.append([start + index for index in run[:wanted]])
                wanted -= len(run)
        step = sentences_per_frame
        whole = [run for run in runs if len(run) == step]
        loose = [index for run in runs if len(run) < step for index in run]
        whole += [loose[start : start + step] for start in range(0, len(loose) - step + 1, step)]
        order = np.random.default_rng([seed, epoch, 2]).permutation(len(whole))
        rest = loose[len(loose) - len(loose) % step :]
        return [whole[run] for run in order] + ([rest] if rest else [])

    def row(self, index: int, mirror: bool) -> Row:
        """One sample, mirrored or not."""
        part, inside = self._locate(index)
        return self.parts[part].row(inside, mirror)

    def _locate(self, index: int) -> tuple[int, int]:
        part = bisect_right(self._starts, index) - 1
        return part, index - self._starts[part]
