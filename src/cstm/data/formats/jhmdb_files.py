"""The files of J-HMDB Sentences, each read into plain values.

Below the root, or in its folder ``jhmdb_sentences``::

    jhmdb_annotation.txt                              video_id,query
    Rename_Images/<action>/<video>/%05d.png           every frame, from 1
    puppet_mask/<action>/<video>/puppet_mask.mat      part_mask, height × width × time
"""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from cstm.data.formats.files import read_json, read_rows, tidy
from cstm.faults import reason

JHMDB_PAGE = "http://jhmdb.is.tue.mpg.de"
MASKS_NAME = "puppet_mask.mat"
PINNED_NAME = "jhmdb_sentences_samples_metadata.json"
"""Name of the community's list of frames, which comes with MTTR and ReferFormer."""


def jhmdb_places(root: Path) -> list[Path]:
    """Folders in which the files may lie."""
    return [root, root / "jhmdb_sentences"]


def read_queries(path: Path) -> dict[str, list[str]]:
    """Read jhmdb_annotation.txt: the sentences of every video, outer and double spaces gone."""
    queries = defaultdict(list)
    for row in read_rows(path, "video_id", "query"):
        queries[row["video_id"]].append(tidy(row["query"]))
    return dict(queries)


def find_videos(folder: Path) -> dict[str, Path]:
    """Every ``<action>/<video>`` of a folder by its video, whose name does not tell the action."""
    return {path.name: path for path in folder.glob("*/*") if path.is_dir()}


def count_masks(path: Path) -> int:
    """Number of masks in a puppet_mask.mat, from its header alone."""
    from scipy.io import whosmat

    try:
        (shape,) = (shape for name, shape, _ in whosmat(path) if name == "part_mask")
    except Exception as error:  # scipy's parser lets out whatever it stumbles over
        raise _unreadable(path, error) from None
    return _time_of(path, shape)


def read_masks(path: Path) -> Bool[ndarray, "time height width"]:
    """Read a puppet_mask.mat, in which the actor's pixels are 1 and all others 0."""
    from scipy.io import loadmat

    try:
        masks = loadmat(path, variable_names=["part_mask"])["part_mask"]
    except Exception as error:  # scipy's parser lets out whatever it stumbles over
        raise _unreadable(path, error) from None
    masks = masks.reshape(*masks.shape[:2], _time_of(path, masks.shape))
    return np.ascontiguousarray(np.moveaxis(masks, 2, 0) > 0)


def _time_of(path: Path, shape: tuple[int, ...]) -> int:
    """Length of the third axis, which MATLAB drops where it is 1."""
    if len(shape) not in (2, 3):
        raise ValueError(f"{path}: part_mask should be height × width × time, is {shape}")
    return shape[2] if len(shape) == 3 else 1


def _unreadable(path: Path, error: Exception) -> ValueError:
    if not path.is_file():
        return ValueError(f"{path}: masks missing; get puppet_mask from {JHMDB_PAGE}")
    return ValueError(
        f"{path}: not masks that can be read ({reason(error)}); get puppet_mask anew from "
        f"{JHMDB_PAGE}"
    )


def uniform_frames(annotated: int) -> list[int]:
    """Indices of three frames, each in the middle of a third of the annotated ones.

    They are (2 k + 1) · annotated // 6 for k = 0, 1, 2, counted from 0: 6, 20 and 33 of 40. Fewer
    than three annotated frames are all taken once.
    """
    return sorted({(2 * third + 1) * annotated // 6 for third in range(3)}) if annotated else []


class PinnedFrame(NamedTuple):
    """A row of the community's list: a frame and a sentence about it."""

    video: str
    frame: int
    """Counted from 0."""
    sentence: str


def read_pinned(path: Path) -> list[PinnedFrame]:
    """Read the community's list of evaluated frames (2784 of them), in its order.

    A json array of ``[video, path of the frame, path of the masks, annotated frames, sentence]``.
    Of the paths, which are those of a machine long gone, only the frame's number counts.
    """
    try:
        rows = read_json(path)
        if not isinstance(rows, list):
            raise ValueError("no array")
        return [_pinned(number, row) for number, row in enumerate(rows, start=1)]
    except (OSError, ValueError) as error:
        why = reason(error).removeprefix(f"{path}: ")
        raise ValueError(
            f"{path}: not a list of J-HMDB's evaluated frames ({why}); give {PINNED_NAME} as it "
            "comes with MTTR, or use uniform"
        ) from None


def _pinned(number: int, row: object) -> PinnedFrame:
    match row:
        case [str(video), str(picture), str(_), int(annotated), str(sentence)]:
            stem = picture.rsplit("/", 1)[-1].split(".")[0]
            if stem.isdecimal() and 1 <= int(stem) <= annotated:
                return PinnedFrame(video, int(stem) - 1, tidy(sentence))
    raise ValueError(f"row {number} is no [video, frame path, mask path, frames, sentence]")
