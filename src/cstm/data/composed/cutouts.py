"""Pictures of one thing before nothing: more to compose clips of than photographs give.

::

    ROOT/cutouts*/CLASS/NAME.png     with a transparent background
    ROOT/cutouts*/CLASS/NAME.*.png   more pictures of the same thing
"""

from pathlib import Path

import cv2
import numpy as np

from cstm.config import Split
from cstm.data.composed.photograph import Instance, Photograph, split_of
from cstm.data.frames.masks import encode_mask
from cstm.data.frames.picture import read_picture
from cstm.data.language.class_names import class_of


def read_cutouts(root: Path, split: Split) -> list[Photograph]:
    """Read the cut-outs of a split; their alpha above one half is the mask. None without a folder.

    As with photographs, a hash of ``CLASS/NAME.png`` puts 15% into test, and so all pictures of one
    thing into the same part.

    Raises:
        ValueError: one can't be read, or has no transparent background.
    """
    paths: list[Path] = []
    for folder in sorted(path for path in root.glob("cutouts*") if path.is_dir()):
        found = sorted(
            path
            for path in folder.glob("*/*")
            if path.suffix.lower() == ".png" and path.name[0] != "."
        )
        if not found:
            raise ValueError(
                f"{folder}: no CLASS/*.png; give a folder for each class, or remove this one"
            )
        paths += found
    categories = frozenset(class_of(path.parent.name) for path in paths)
    return [_read(path, categories) for path in paths if split_of(_thing(path)) == split]


def _thing(path: Path) -> str:
    return f"{path.parent.name}/{path.name.split('.')[0]}.png"


def _read(path: Path, categories: frozenset[str]) -> Photograph:
    mask = read_picture(path, "RGBA")[..., 3] > 127
    if mask.all():
        raise ValueError(f"{path}: cut-outs should be PNG files with a transparent background")
    left, top, width, height = map(float, cv2.boundingRect(mask.astype(np.uint8)))
    instance = Instance(
        path.stem,
        class_of(path.parent.name),
        dict(encode_mask(mask)),
        (left, top, width, height),
        crowd=False,
    )
    return Photograph(path, mask.shape[1], mask.shape[0], (instance,), categories, is_cutout=True)
