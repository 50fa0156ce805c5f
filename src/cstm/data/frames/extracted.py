"""Videos as folders of pictures: %05d.jpg or %05d.png, counted from 1."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.frames.clip import clip_indices
from cstm.data.frames.picture import read_picture

SUFFIXES = (".jpg", ".png")


def find_pictures(folder: Path) -> dict[int, Path]:
    """Pictures of a folder by the index of their frame, counted from 0.

    Raises a ValueError where they are numbered from 0: each would be taken for the one before.
    """
    pictures = {
        int(path.stem) - 1: path
        for path in folder.glob("[0-9]*")
        if path.suffix in SUFFIXES and path.stem.isdecimal()
    }
    if -1 in pictures:
        raise ValueError(
            f"{folder}: {pictures[-1].name} is no frame, they count from 1; extract the video anew"
        )
    return pictures


def read_extracted_clip(
    folder: Path, target: int, clip: ClipConfig
) -> UInt8[ndarray, "time height width 3"]:
    """Read the clip around a target frame, its index counted from 0.

    Raises a ValueError where a frame is missing or unreadable, or the video ends before its target.
    """
    pictures = find_pictures(folder)
    length = max(pictures, default=-1) + 1
    if target >= length:
        raise ValueError(
            f"{folder}: frame {target + 1} is annotated, but there are only {length} frames"
        )
    indices = clip_indices(target, clip, length).tolist()
    for index in indices:
        if index not in pictures:
            raise ValueError(f"{folder}: frame {index + 1} is missing; extract the video anew")
    images = {index: read_picture(pictures[index]) for index in set(indices)}
    if len({image.shape for image in images.values()}) > 1:
        raise ValueError(f"{folder}: its pictures differ in size; extract the video anew")
    return np.stack([images[index] for index in indices])
