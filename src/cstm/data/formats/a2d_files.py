"""The files of A2D Sentences, each read into plain values.

Below the root, or in its folders ``Release`` and ``text_annotations``::

    videoset.csv             no header: video, label, start, end, height, width, frames, annotated
                             frames, subset (0 train, 1 test)
    clips320H/<video>.mp4    or CLIPS320, or extracted Rename_Images/<video>/%05d.jpg or .png
    a2d_annotation.txt       video_id,instance_id,query
    a2d_annotation_with_instances/<video>/%05d.h5    one for each annotated frame, from 1
    sentence_tags.csv        optional: video_id,instance_id,query,tags,look_alike_instance
    instances.csv            optional: video_id,instance_id,…,direction,…
    unseen_combinations.csv  optional: video_id,…
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from cstm.config import Split
from cstm.data.formats.files import SENTENCES_PAGE, number_in, open_table, read_rows, tidy
from cstm.data.sample import DIRECTIONS, TAGS
from cstm.faults import reason

A2D_PAGE = "https://web.eecs.umich.edu/~jjcorso/r/a2d/"

VIDEO_FOLDERS = ("clips320H", "CLIPS320", "Rename_Images")
"""Of videos; the last of extracted frames."""

SUBSETS: dict[str, Split] = {"0": "train", "1": "test"}


def a2d_places(root: Path) -> list[Path]:
    """Folders in which the files may lie."""
    return [root, root / "Release", root / "text_annotations"]


def video_path(videos: Path, video: str) -> Path:
    """Path of a video in one of the :data:`VIDEO_FOLDERS`: a file, or a folder of pictures."""
    return videos / (video if videos.name == "Rename_Images" else f"{video}.mp4")


def annotation_files(folder: Path) -> list[Path]:
    """The h5 files of a video, in the order of its frames.

    Raises a ValueError where they are numbered from 0: each would be taken for the one before.
    """
    files = sorted(folder.glob(f"{'[0-9]' * 5}.h5"))
    if files and files[0].stem == "00000":
        raise ValueError(f"{files[0]}: is of no frame, they count from 1; get the files anew")
    return files


class ListedVideo(NamedTuple):
    """A line of videoset.csv."""

    split: Split
    annotated: int
    """Number of annotated frames."""


def read_videoset(path: Path) -> dict[str, ListedVideo]:
    """Read videoset.csv: of every video its split and how many of its frames are annotated."""
    videos = {}
    with open_table(path) as file:
        for number, row in enumerate(csv.reader(file), start=1):
            cells = [cell.strip() for cell in row]
            if cells and (len(cells) < 9 or cells[8] not in SUBSETS or not cells[7].isdecimal()):
                raise ValueError(
                    f"{path}: line {number} should have nine columns, the last two of them a "
                    f"number of frames and 0 or 1; get the file anew from {A2D_PAGE}"
                )
            if cells:
                videos[cells[0]] = ListedVideo(SUBSETS[cells[8]], int(cells[7]))
    return videos


def read_sentences(path: Path) -> dict[str, list[tuple[int, str]]]:
    """Read a2d_annotation.txt: of every video its (instance, sentence) lines, in the file's order.

    Outer and double spaces go. Lines whose instance is no number are no annotation; A2D has one,
    ``1 (copy)`` of T6bNPuKV-wY.
    """
    sentences = defaultdict(list)
    for row in read_rows(path, "video_id", "instance_id", "query"):
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
    tags: dict[tuple[str, int, str], Tags] = {}
    if path is None:
        return tags
    columns = ("video_id", "instance_id", "query", "tags", "look_alike_instance")
    for row in read_rows(path, *columns):
        names = tuple(tag for tag in row["tags"].split("+") if tag)
        if not set(names) <= set(TAGS):
            raise ValueError(f"{path}: tags {row['tags']!r} should be of {', '.join(TAGS)}")
        has_other = row["look_alike_instance"].strip()
        other = number_in(path, row, "look_alike_instance") if has_other else None
        tags[row["video_id"], number_in(path, row, "instance_id"), tidy(row["query"])] = Tags(
            names, other
        )
    return tags


def read_unseen(path: Path | None) -> set[str] | None:
    """Read unseen_combinations.csv: test videos with, say, a running cat, which training lacks.

    None where there is no such file; the drawn world has one.
    """
    return {row["video_id"] for row in read_rows(path, "video_id")} if path else None


def read_directions(path: Path | None) -> dict[tuple[str, int], int]:
    """Read instances.csv, where there is one: direction numbers by video and instance."""
    directions: dict[tuple[str, int], int] = {}
    if path is None:
        return directions
    for row in read_rows(path, "video_id", "instance_id", "direction"):
        name = row["direction"].strip()
        if name and name not in DIRECTIONS:
            raise ValueError(f"{path}: direction {name!r} is none of {', '.join(DIRECTIONS)}")
        directions[row["video_id"], number_in(path, row, "instance_id")] = (
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
        raise ValueError(
            f"{path}: not an annotation that can be read ({reason(error)}); get it anew from "
            f"{SENTENCES_PAGE}"
        ) from None
    if masks.ndim not in (2, 3):
        raise ValueError(f"{path}: reMask should be N × W × H or W × H, is {masks.shape}")
    masks = masks if masks.ndim == 3 else masks[None]
    masks = np.ascontiguousarray(masks.swapaxes(1, 2), bool)
    if not all(np.issubdtype(of.dtype, np.number) for of in (instances, labels)):
        raise ValueError(
            f"{path}: instance and id should be numbers; get it anew from {SENTENCES_PAGE}"
        )
    count = len(masks)
    return FrameAnnotation(_fit(instances, count, -1), _fit(labels, count, 0), masks)


def _dataset(file: h5py.File, name: str) -> ndarray:
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise KeyError(f"{name} is not a dataset")
    return dataset[()]


def _fit(values: ndarray, count: int, absent: int) -> Int[ndarray, " actor"]:
    """Cut or fill up to one value a mask."""
    values = values.ravel()[:count].astype(np.int64)
    return np.pad(values, (0, count - len(values)), constant_values=absent)
