"""A picture and what is marked in it, whatever file told of it; and its part of the dataset."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from jaxtyping import Bool, UInt8
from numpy import ndarray

from cstm.config import Split
from cstm.data.formats.files import digest
from cstm.data.frames.masks import decode_mask, read_segmentation
from cstm.data.frames.picture import read_picture

TEST_PERCENT = 15
"""Of the photographs; neither they nor cut-outs of them are ever seen in training."""


class Instance(NamedTuple):
    """One thing in a photograph, or a crowd of them."""

    number: int | str
    """Its id in the file."""
    category: str
    segmentation: object
    box: tuple[float, float, float, float]
    """Left, top, width, height in pixels."""
    crowd: bool


class Photograph(NamedTuple):
    """A picture and all that is marked in it."""

    path: Path
    width: int
    height: int
    instances: tuple[Instance, ...]
    categories: frozenset[str]
    """All classes that its file marks: of the others nobody knows whether they are in it."""
    is_cutout: bool = False
    """Whether its background is transparent: nothing can stand before it."""

    def read(self) -> UInt8[ndarray, "height width 3"]:
        """Decode the RGB picture.

        Raises:
            ValueError: it can't be read, or is not of the size that the instance file tells.
        """
        picture = _decode(self.path, self.path.stat().st_mtime_ns if self.path.exists() else 0)
        if picture.shape[:2] != (self.height, self.width):
            height, width = picture.shape[:2]
            raise ValueError(
                f"{self.path}: is {width}×{height} pixels, the instance file says "
                f"{self.width}×{self.height}; give the pictures that belong to the file, "
                "and turn those upright that a camera's note (EXIF) turns"
            )
        return picture

    def digest(self) -> str:
        """Tells it from what it was before someone edited its file or the picture."""
        told = [self.path.name, self.path.stat().st_size, self.width, self.height]
        marked = [(one.category, one.segmentation, one.crowd) for one in self.instances]
        return digest([told, marked])

    def mask(self, instance: Instance) -> Bool[ndarray, "height width"]:
        """Mask of one of its instances.

        Raises:
            ValueError: its polygons or run lengths are broken.
        """
        try:
            encoded = read_segmentation(instance.segmentation, self.height, self.width)
        except ValueError as error:
            raise ValueError(
                f"{self.path.name}: annotation {instance.number}: {error}; "
                "correct the instance file or take the annotation out"
            ) from None
        return decode_mask(encoded)


@lru_cache(maxsize=8)
def _decode(path: Path, changed: int) -> UInt8[ndarray, "height width 3"]:
    """Decode a picture; ``changed`` tells it from what it was before someone edited it."""
    return read_picture(path)


def split_of(image: int | str) -> Split:
    """Part of the dataset to which a picture belongs, by a hash of its id alone."""
    hashed = hashlib.sha256(str(image).encode()).digest()
    return "test" if int.from_bytes(hashed[:4], "big") % 100 < TEST_PERCENT else "train"
