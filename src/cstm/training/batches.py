"""Which samples make up which step, and which part of them falls to whom."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
from numpy.random import Generator

from cstm.data.feeding.mixture import Mixture
from cstm.data.feeding.photometry import Photometry, names_colour
from cstm.data.feeding.rows import Batch, Row, collate
from cstm.data.feeding.zoom import Zoom
from cstm.data.language.nouns import CATEGORIES
from cstm.data.language.wording import reword
from cstm.data.language.words import Vocabulary
from cstm.data.read_ahead import read_ahead
from cstm.schedule import Schedule

AHEAD = 4
"""Steps whose samples are read at once."""


@dataclass(frozen=True)
class Share:
    """The part of every batch that one process computes, and in how many goes."""

    rank: int = 0
    processes: int = 1
    accumulate: int = 1

    @property
    def goes(self) -> int:
        """Parts of a batch, of all processes together."""
        return self.processes * self.accumulate

    def check(self, batch: int) -> None:
        """Refuse a batch that can't be shared out evenly."""
        if batch % self.goes:
            raise ValueError(
                f"a batch of {batch} samples can't be shared evenly by {self.processes} processes "
                f"in {self.accumulate} parts each; choose a batch that is a multiple of "
                f"{self.goes}"
            )

    def parts(self, batch: int) -> list[slice]:
        """Positions within a batch that this process computes, one slice for each go."""
        size = batch // self.goes
        first = self.rank * self.accumulate
        return [slice(p * size, (p + 1) * size) for p in range(first, first + self.accumulate)]


def steps_of_epoch(samples: Mixture, schedule: Schedule) -> int:
    """Whole batches of an epoch; the remainder comes along in the next epoch's shuffle."""
    return max(1, min(samples.epoch_size, schedule.samples or samples.epoch_size) // schedule.batch)


def batches(
    samples: Mixture,
    vocabulary: Vocabulary,
    schedule: Schedule,
    epoch: int,
    first: int,
    share: Share,
    workers: int = 0,
) -> Iterator[list[Batch]]:
    """Parts of the steps of an epoch that fall to one process, from step ``first`` on.

    Order and augmentation depend on seed, epoch and step alone, not on who computes. The samples
    of the next steps are gathered while the network works: by ``workers`` other processes; by
    threads of this one, if 0, which is enough for samples that lie ready, scattered over the disk.
    """
    runs = samples.epoch_runs(schedule.seed, epoch, schedule.sentences_per_frame)
    order = [index for run in runs for index in run]
    gather = _Gather(samples, vocabulary, schedule, epoch, first, share, order)
    count = steps_of_epoch(samples, schedule) - first
    if workers:
        yield from read_ahead(gather, count, workers)
        return
    steps = iter(range(count))
    with ThreadPoolExecutor(AHEAD) as readers:
        waiting = deque(readers.submit(gather, step) for step in islice(steps, AHEAD))
        while waiting:
            parts = waiting.popleft().result()
            waiting.extend(readers.submit(gather, step) for step in islice(steps, 1))
            yield parts


@dataclass(frozen=True)
class _Gather:
    """What it takes to put any step of an epoch together, in whatever thread or process."""

    samples: Mixture
    vocabulary: Vocabulary
    schedule: Schedule
    epoch: int
    first: int
    share: Share
    order: Sequence[int]

    def __call__(self, number: int) -> list[Batch]:
        """Parts of a step, counted from the first one wanted."""
        step = self.first + number
        batch, goes = self.schedule.batch, self.share.goes
        indices = list(self.order[step * batch : (step + 1) * batch])
        # A last, short batch is filled up with other samples until it can be shared out.
        indices += islice(cycle(self.order), -len(indices) % goes)
        parts = self.share.parts(len(indices))
        of_frame: dict[int, list[int]] = {}
        for index in dict.fromkeys(indices):
            of_frame.setdefault(self.samples.frame_of(index), []).append(index)
        mine = {index for part in parts for index in indices[part]}
        seen: dict[int, Row] = {}
        for frame, shown in of_frame.items():
            wanted = [index for index in shown if index in mine]
            if wanted:
                random = np.random.default_rng([self.schedule.seed, self.epoch, step, frame])
                seen |= _seen(random, self.samples, shown, wanted, self.schedule)
        return [
            collate([seen[index] for index in indices[part]], self.vocabulary) for part in parts
        ]


def _seen(
    random: Generator,
    samples: Mixture,
    indices: Sequence[int],
    wanted: Sequence[int],
    schedule: Schedule,
) -> dict[int, Row]:
    """The wanted ones of a frame's samples as the network sees them.

    They share what is seen, or that would tell their sentences apart; the others have their say in
    what it is, whoever computes them.
    """
    mirror = schedule.flip and bool(random.integers(2))
    light = None
    if schedule.photometry:
        told = names_colour(samples.pairs[index].sentence for index in indices)
        light = Photometry.draw(random, is_colour_told=told)
    shown = {index: samples.row(index, mirror) for index in indices}
    # What people say may depend on all that is seen, and on every word.
    is_generated = all(samples.pairs[index].is_generated for index in indices)
    zoom = None
    if schedule.zoom and is_generated:
        zoom = Zoom.draw(random, list(shown.values()))
    if schedule.wording and is_generated:
        shown = {
            index: _reworded(random, row, samples.pairs[index].actor)
            for index, row in shown.items()
        }
    rows = {index: zoom.apply(shown[index]) if zoom else shown[index] for index in wanted}
    if light is None:
        return rows
    clip = light.apply(rows[wanted[0]].clip)
    return {index: row._replace(clip=clip) for index, row in rows.items()}


def _reworded(random: Generator, row: Row, named: str | None) -> Row:
    present = np.bincount(row.category.ravel())
    of_actor = np.bincount(row.category[row.mask > 0], minlength=1)
    actor = int(of_actor.argmax())
    others = [CATEGORIES[number - 1] for number in np.flatnonzero(present) if number]
    category = CATEGORIES[actor - 1] if actor else None
    # Of drawn adults some are men and some women, and sentences tell them apart.
    is_renamed = named != "adult"
    return row._replace(sentence=reword(random, row.sentence, category, others, is_renamed))
