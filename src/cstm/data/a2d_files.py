"""The files of A2D Sentences, each read into plain values.

Below the root, or in its folders ``Release`` and ``text_annotations``::

    videoset.csv             no header: video, label, start, end, height, width, frames, annotated
                             frames, subset (0 train, 1 test)
    clips320H/<video>.mp4    or CLIPS320, or extracted Rename_Images/<video>/%05d.jpg
    a2d_annotation.txt       video_id,instance_id,query
    a2d_annotation_with_instances/<video>/%05d.h5    one for each annotated frame, from 1
    sentence_tags.csv        optional: video_id,instance_id,query,tags,look_alike_instance
    instances.csv            optional: video_id,instance_id,…,direction,…
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from cstm.data.sample import DIRECTIONS, TAGS

A2D_PAGE = "https://web.eecs.umich.edu/~jjcorso/r/a2d/"
SENTENCES_PAGE = "https://kgavrilyuk.github.io/publication/actor_action/"


def find(root: Path, *names: str) -> Path | None:
    """Path of the first of the names that exists below the root."""
    places = (root, root / "Release", root / "text_annotations")
    return next((p / name for name in names for p in places if (p / name).exists()), None)


def require(root: Path, page: str, *names: str) -> Path:
    """Path of the first of the names that exists; a ValueError tells where to get it otherwise."""
    path = find(root, *names)
    if path is None:
        raise ValueError(
            f"{root}: {' or '.join(names)} is missing, here and in Release; get it from {page} "
            "or give the folder that holds it"
        )
    return path


def read_subsets(path: Path) -> dict[str, str]:
    """Read videoset.csv: of every video its subset, "0" for training and "1" for testing."""
    subsets = {}
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if row and (len(row) < 9 or row[8].strip() not in ("0", "1")):
                raise ValueError(
                    f"{path}: line {number} should have nine columns, the last of them 0 or 1; "
                    f"get the file anew from {A2D_PAGE}"
                )
            if row:
                subsets[row[0].strip()] = row[8].strip()
    return subsets


def read_sentences(path: Path) -> dict[str, list[tuple[int, str]]]:
    """Read a2d_annotation.txt: of every video its (instance, sentence) lines, in the file's order.

    Outer and double spaces go. Lines whose instance is no number are no annotation; A2D has one,
    ``1 (copy)`` of T6bNPuKV-wY.
    """
    sentences = defaultdict(list)
    for row in _rows(path, "video_id", "instance_id", "query"):
        if row["instance_id"].strip().isdecimal():
            sentences[row["video_id"]].append((int(row["instance_id"]), tidy(row["query"])))
    return dict(sentences)


class Tags(NamedTuple):
    """What tells the actor of a sentence apart."""

    tags: tuple[str, ...] = ()
    look_alike: int | None = None
    """Instance that only motion tells apart from the one meant."""


def read_tags(path: Path | None) -> dict[tuple[str, int, str], Tags]:
    """Read sentence_tags.csv, where there is one, by video, instance and sentence."""
    tags = {}
    columns = ("video_id", "instance_id", "query", "tags", "look_alike_instance")
    for row in _rows(path, *columns) if path else ():
        other = row["look_alike_instance"].strip()
        names = tuple(tag for tag in row["tags"].split("+") if tag)
        if not set(names) <= set(TAGS):
            raise ValueError(f"{path}: tags {row['tags']!r} should be of {', '.join(TAGS)}")
        tags[row["video_id"], int(row["instance_id"]), tidy(row["query"])] = Tags(
            names, int(other) if other else None
        )
    return tags


def read_directions(path: Path | None) -> dict[tuple[str, int], int]:
    """Read instances.csv, where there is one: direction numbers by video and instance."""
    directions = {}
    for row in _rows(path, "video_id", "instance_id", "direction") if path else ():
        name = row["direction"].strip()
        if name and name not in DIRECTIONS:
            raise ValueError(f"{path}: direction {name!r} is none of {', '.join(DIRECTIONS)}")
        directions[row["video_id"], int(row["instance_id"])] = (
            DIRECTIONS.index(name) + 1 if name else 0
        )
    return directions


class FrameAnnotation(NamedTuple):
    """The actors of one annotated frame."""

    instances: Int[ndarray, " actor"]
    """Numbers that sentences refer to, not positions; −1 for a mask that has none."""
    labels: Int[ndarray, " actor"]
    """10 · actor + action, both counted from 1; 0 for a mask that has none."""
    masks: Bool[ndarray, "actor height width"]

    def position(self, instance: int) -> int | None:
        """Position of an instance whose mask is not empty.

        One file of A2D (EadxBPmQvtg/00025) has a number twice; the first is taken.
        """
        positions = np.flatnonzero(self.instances == instance)
        if len(positions) == 0 or not self.masks[positions[0]].any():
            return None
        return int(positions[0])


def read_frame_annotation(path: Path) -> FrameAnnotation:
    """Read the h5 file of one annotated frame.

    It holds ``instance`` (N), ``id`` (N) and ``reMask`` (N × W × H, or W × H for a single actor).
    Three files of A2D have more masks than numbers.
    """
    try:
        with h5py.File(path, "r") as file:
            instances, labels, masks = (
                np.asarray(_dataset(file, name)) for name in ("instance", "id", "reMask")
            )
    except (OSError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path}: not an annotation that can be read ({reason}); get it anew from "
            f"{SENTENCES_PAGE}"
        ) from None
    if masks.ndim not in (2, 3):
        raise ValueError(f"{path}: reMask should be N × W × H or W × H, is {masks.shape}")
    masks = masks if masks.ndim == 3 else masks[None]
    masks = np.ascontiguousarray(masks.swapaxes(1, 2), bool)
    count = len(masks)
    return FrameAnnotation(_fit(instances, count, -1), _fit(labels, count, 0), masks)


def tidy(sentence: str) -> str:
    """Single spaces between words and none around them."""
    return " ".join(sentence.split())


def _dataset(file: h5py.File, name: str) -> ndarray:
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise KeyError(f"{name} is not a dataset")
    return dataset[()]


def _fit(values: ndarray, count: int, absent: int) -> Int[ndarray, " actor"]:
    """Cut or fill up to one value a mask."""
    values = values.ravel()[:count].astype(np.int64)
    return np.pad(values, (0, count - len(values)), constant_values=absent)


def _rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a csv file with a header that must name the columns."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(
                f"{path}: has no column {', '.join(missing)}; its first line should name "
                f"{', '.join(columns)}"
            )
        for row in reader:
            if any(row[column] is None for column in columns):
                raise ValueError(f"{path}: line {reader.line_num} has too few columns")
            yield row
