"""Rows of a batch: a dataset's samples at the network's size, in an order for training."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int, UInt8
from numpy import ndarray
from torch import Tensor

from cstm.data.frames.clip_input import ClipInput
from cstm.data.frames.masks import covered
from cstm.data.frames.transforms import ResizePad
from cstm.data.language.words import Vocabulary
from cstm.data.sample import DIRECTIONS, Pair, Sample


class Batch(NamedTuple):
    """What training feeds to a network and its losses."""

    clip: UInt8[Tensor, "batch time 3 size size"]
    words: Int[Tensor, "batch word"]
    mask: UInt8[Tensor, "batch size size"]
    """1 where the actor is, else 0."""
    action: UInt8[Tensor, "batch size size"]
    direction: UInt8[Tensor, "batch size size"]
    category: UInt8[Tensor, "batch size size"]
    name: list[str]


class Row(NamedTuple):
    """One sample of a :class:`Batch`."""

    clip: UInt8[ndarray, "time 3 size size"]
    mask: UInt8[ndarray, "size size"]
    action: UInt8[ndarray, "size size"]
    direction: UInt8[ndarray, "size size"]
    category: UInt8[ndarray, "size size"]
    sentence: str
    name: str


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


def groups_of(pairs: Sequence[Pair]) -> list[list[int]]:
    """Indices of the pairs about each annotated frame, in the order in which frames come first."""
    frames: dict[tuple[str, int], list[int]] = {}
    for index, pair in enumerate(pairs):
        frames.setdefault((pair.video, pair.frame), []).append(index)
    return list(frames.values())


class TrainingSamples(ABC):
    """Samples at the network's size, in an order that depends on seed and epoch alone."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.groups = groups_of(pairs)
        self._frame_of = {i: number for number, group in enumerate(self.groups) for i in group}

    @abstractmethod
    def whole_row(self, index: int) -> Row:
        """One sample as it is."""

    def frame_of(self, index: int) -> int:
        """Number of the annotated frame that a sample is about."""
        return self._frame_of[index]

    def epoch_runs(self, seed: int, epoch: int, sentences_per_frame: int) -> list[list[int]]:
        """Indices of all samples, in shuffled runs of sentences about one frame.

        Of look-alikes a sentence about each comes first, one after the other: then only language
        can tell the two samples of a run apart. A frame's last run may be short.
        """
        random = np.random.default_rng([seed, epoch])
        runs: list[list[int]] = []
        for group in self.groups:
            order = self._look_alikes_first([group[i] for i in random.permutation(len(group))])
            step = sentences_per_frame
            runs += [order[start : start + step] for start in range(0, len(order), step)]
        return [runs[run] for run in random.permutation(len(runs))]

    def _look_alikes_first(self, indices: list[int]) -> list[int]:
        pairs, waiting, alone = list[int](), list(indices), list[int]()
        while waiting:
            index = waiting.pop(0)
            partner = next((i for i in waiting if self._are_look_alikes(index, i)), None)
            if partner is None:
                alone.append(index)
            else:
                waiting.remove(partner)
                pairs += [index, partner]
        return pairs + alone

    def _are_look_alikes(self, one: int, other: int) -> bool:
        """Whether either sentence would mean the other's actor as well without one of its clues."""
        a, b = self.pairs[one], self.pairs[other]
        return a.look_alike == b.instance or b.look_alike == a.instance

    def row(self, index: int, mirror: bool) -> Row:
        """One sample; a mirrored one has left and right swapped in pixels, words and labels."""
        row = self.whole_row(index)
        if not mirror:
            return row
        return Row(
            row.clip[..., ::-1],
            row.mask[..., ::-1],
            row.action[..., ::-1],
            _MIRRORED_DIRECTION[row.direction[..., ::-1]],
            row.category[..., ::-1],
            mirror_sentence(row.sentence),
            row.name,
        )


def collate(rows: Sequence[Row], vocabulary: Vocabulary) -> Batch:
    """Put samples together to a batch."""
    *maps, sentences, names = zip(*rows, strict=True)
    clip, mask, action, direction, category = (torch.from_numpy(np.stack(m)) for m in maps)
    words = torch.tensor([vocabulary.encode(sentence) for sentence in sentences])
    return Batch(clip, words, mask, action, direction, category, list(names))


def mirror_sentence(sentence: str) -> str:
    """Swap left and right, as a mirror does with what the sentence says."""
    swap = {"left": "right", "right": "left"}
    return re.sub(r"\b(left|right)", lambda side: swap[side[0]], sentence.lower())


_MIRRORED_DIRECTION = np.arange(len(DIRECTIONS) + 1, dtype=np.uint8)
_MIRRORED_DIRECTION[[1, 2]] = [2, 1]
