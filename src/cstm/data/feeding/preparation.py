"""Decodes samples once into a folder of :mod:`cstm.data.feeding.prepared`, of many gigabytes."""

import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from numpy.lib.format import open_memmap

from cstm.config import ClipConfig
from cstm.data.feeding.prepared import TABLES
from cstm.data.feeding.rows import Row, fitted, fitted_mask, groups_of
from cstm.data.frames.clip_input import clip_input
from cstm.data.read_ahead import read_ahead
from cstm.data.sample import Samples
from cstm.folder import half_written, whole_folder


def count_clips(samples: Samples) -> int:
    """How many clips there are to decode: one for each annotated frame."""
    return len(groups_of(samples.pairs))


def prepare(samples: Samples, clip: ClipConfig, folder: Path, workers: int = 2) -> Iterator[int]:
    """Decode every annotated frame's clip once into ``folder``, which is new.

    The folder then holds ``clips.npy`` (frame time 3 size size), ``masks.npy`` (pair size size),
    ``actions.npy``, ``directions.npy`` and ``categories.npy`` (frame size size), all uint8, and
    ``pairs.json``. It appears whole or not at all. Yields the number of frames done, for a
    progress bar; the last one equals the number of annotated frames.
    """
    with whole_folder(folder) as unfinished:
        yield from _prepare(samples, groups_of(samples.pairs), clip, unfinished, workers)


def _prepare(
    samples: Samples, groups: list[list[int]], clip: ClipConfig, folder: Path, workers: int
) -> Iterator[int]:
    clips, actions, directions, categories, masks = tables = [
        open_memmap(folder / name, mode="w+", dtype=np.uint8, shape=shape)
        for name, shape in _shapes(len(groups), len(samples), clip).items()
    ]
    for path in folder.iterdir():
        _reserve(path)

    read = partial(_read_group, samples, clip, groups)
    for number, (first, of_all) in enumerate(read_ahead(read, len(groups), workers)):
        clips[number] = first.clip
        actions[number] = first.action
        directions[number] = first.direction
        categories[number] = first.category
        for index, mask in zip(groups[number], of_all, strict=True):
            masks[index] = mask
        yield number + 1
    for table in tables:
        table.flush()
    description = {"pairs": [pair.identity for pair in samples.pairs]}
    (folder / "pairs.json").write_text(json.dumps(description))


def _read_group(
    samples: Samples, clip: ClipConfig, groups: list[list[int]], number: int
) -> tuple[Row, list[UInt8[ndarray, "size size"]]]:
    """The first sample of a frame, and the masks of all."""
    group = groups[number]
    first, *others = [samples[index] for index in group]
    seen = clip_input(first.frames, clip.in_training)
    row = fitted(first, samples.pairs[group[0]], seen)
    return row, [row.mask, *(fitted_mask(other, seen.fit) for other in others)]


def _shapes(frames: int, pairs: int, clip: ClipConfig) -> dict[str, tuple[int, ...]]:
    grid = clip.size, clip.size
    clips, mask = (frames, clip.frames, 3, *grid), (pairs, *grid)
    labels = [(frames, *grid)] * (len(TABLES) - 2)
    return dict(zip(TABLES, (clips, *labels, mask), strict=True))


def check_space(folder: Path, datasets: Sequence[Samples], clip: ClipConfig) -> None:
    """Refuse to decode more datasets than a folder's disk has room for.

    Raises:
        ValueError: what they take, and what is free.
    """
    needed = 0
    for samples in datasets:
        shapes = _shapes(count_clips(samples), len(samples), clip)
        needed += sum(map(math.prod, shapes.values()))
    there = next(f for f in (folder, *folder.absolute().parents) if f.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        left = " ".join(path.name for path in half_written(folder))
        raise ValueError(
            f"{folder}: decoded clips take {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB "
            "are free; choose a folder on another disk: --prepared"
            + (f", or delete what a killed run has left there: {left}" if left else "")
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
