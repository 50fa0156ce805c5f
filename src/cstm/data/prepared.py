"""Samples decoded once and kept at the network's size: feeding never holds training back."""

import json
import math
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray
from numpy.lib.format import open_memmap
from torch import Tensor

from cstm.config import ClipConfig
from cstm.data.read_ahead import read_ahead
from cstm.data.sample import DIRECTIONS, Sample, Samples
from cstm.data.transforms import ResizePad
from cstm.data.words import Vocabulary
from cstm.folder import whole_folder


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


def prepared_name(clip: ClipConfig) -> str:
    """Name of the folder for samples prepared with these clip settings: ``8x2-320``."""
    name = f"{clip.frames}x{clip.step}-{clip.size}"
    return name if clip.resize == "pad" else f"{name}-{clip.resize}"


def prepare(samples: Samples, clip: ClipConfig, folder: Path, workers: int = 2) -> Iterator[int]:
    """Decode every annotated frame's clip once into ``folder``, which is new.

    The folder then holds ``clips.npy`` (frame time 3 size size), ``masks.npy`` (pair size size),
    ``actions.npy``, ``directions.npy`` and ``categories.npy`` (frame size size), all uint8, and
    ``pairs.json``. It appears whole or not at all. Yields the number of frames done, for a
    progress bar; the last one equals the number of annotated frames.
    """
    frames: dict[tuple[str, int], list[int]] = {}
    for index, pair in enumerate(samples.pairs):
        frames.setdefault((pair.video, pair.frame), []).append(index)
    with whole_folder(folder) as unfinished:
        yield from _prepare(samples, list(frames.values()), clip, unfinished, workers)


def _prepare(
    samples: Samples, groups: list[list[int]], clip: ClipConfig, folder: Path, workers: int
) -> Iterator[int]:
    size = clip.size
    clips, actions, directions, categories, masks = tables = [
        open_memmap(folder / name, mode="w+", dtype=np.uint8, shape=shape)
        for name, shape in _shapes(len(groups), len(samples), clip).items()
    ]
    for path in folder.iterdir():
        _reserve(path)
    read = partial(_read_group, samples, groups)
    for number, group in enumerate(read_ahead(read, len(groups), workers)):
        first = group[0]
        height, width = first.mask.shape
        fit = ResizePad.for_frame(height, width, size, clip.resize)
        clips[number] = fit.apply(first.frames).numpy()
        actions[number] = fit.apply_labels(first.action).numpy()
        directions[number] = fit.apply_labels(first.direction).numpy()
        categories[number] = fit.apply_labels(first.category).numpy()
        for index, sample in zip(groups[number], group, strict=True):
            masks[index] = covered(fit.apply_mask(sample.mask).numpy())
        yield number + 1
    for table in tables:
        table.flush()
    description = {
        "groups": groups,
        "pairs": [pair.identity for pair in samples.pairs],
    }
    (folder / "pairs.json").write_text(json.dumps(description))


def covered(cover: Float[ndarray, "size size"]) -> Bool[ndarray, "size size"]:
    """Pixels half covered, and the most covered ones: who is there has a mask, however small."""
    return (cover >= 0.5) | ((cover > 0) & (cover == cover.max()))


def _read_group(samples: Samples, groups: list[list[int]], number: int) -> list[Sample]:
    return [samples[index] for index in groups[number]]


def _shapes(frames: int, pairs: int, clip: ClipConfig) -> dict[str, tuple[int, ...]]:
    size = clip.size
    return {
        "clips.npy": (frames, clip.frames, 3, size, size),
        "actions.npy": (frames, size, size),
        "directions.npy": (frames, size, size),
        "categories.npy": (frames, size, size),
        "masks.npy": (pairs, size, size),
    }


def check_space(folder: Path, datasets: Sequence[Samples], clip: ClipConfig) -> None:
    """Refuse to decode more datasets than a folder's disk has room for.

    Raises:
        ValueError: what they take, and what is free.
    """
    needed = 0
    for samples in datasets:
        frames = len({(pair.video, pair.frame) for pair in samples.pairs})
        needed += sum(map(math.prod, _shapes(frames, len(samples), clip).values()))
    there = next(f for f in (folder, *folder.absolute().parents) if f.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise ValueError(
            f"{folder}: decoded clips take {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB "
            "are free; choose a folder on another disk: --prepared"
        )


def _reserve(path: Path) -> None:
    """Take all of a file's place now: a mapped file on a full disk kills the process."""
    if reserve := getattr(os, "posix_fallocate", None):
        try:
            with path.open("r+b") as file:
                reserve(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            raise ValueError(
                f"cannot write {path.parent.parent}: {error.strerror}; choose a folder on another "
                "disk: --prepared"
            ) from error


class PreparedSamples:
    """Prepared samples of a dataset, in an order that depends on seed and epoch alone.

    Raises a ValueError where the folder was prepared from another dataset.
    """

    def __init__(self, folder: Path, samples: Samples) -> None:
        description = json.loads((folder / "pairs.json").read_text())
        is_whole = (folder / "categories.npy").is_file()
        if not is_whole or description["pairs"] != [pair.identity for pair in samples.pairs]:
            raise ValueError(
                f"{folder} was prepared from another dataset than {samples.root}, or before it was "
                "changed; give another --prepared folder, or delete it"
            )
        self.pairs = samples.pairs
        self.groups: list[list[int]] = description["groups"]
        self._frame_of = {i: number for number, group in enumerate(self.groups) for i in group}
        self._clips = np.load(folder / "clips.npy", mmap_mode="r")
        self._actions = np.load(folder / "actions.npy", mmap_mode="r")
        self._directions = np.load(folder / "directions.npy", mmap_mode="r")
        self._categories = np.load(folder / "categories.npy", mmap_mode="r")
        self._masks = np.load(folder / "masks.npy", mmap_mode="r")

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
        frame = self.frame_of(index)
        row = Row(
            self._clips[frame],
            self._masks[index],
            self._actions[frame],
            self._directions[frame],
            self._categories[frame],
            self.pairs[index].sentence,
            self.pairs[index].name,
        )
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
