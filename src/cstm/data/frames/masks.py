"""Masks in COCO's run-length encoding, as files hold them, and how sure a network is of one."""

from typing import Any, TypedDict

import numpy as np
from jaxtyping import Bool, Float, Int64
from numpy import ndarray
from pycocotools import mask as coco


class RunLength(TypedDict):
    """COCO's compressed run-length encoding."""

    size: list[int]
    """Height and width."""
    counts: str
    """Lengths of runs down the columns, of 0 and 1 by turns, in base 32."""


def encode_mask(mask: Bool[ndarray, "height width"]) -> RunLength:
    """Run-length encoding of a mask."""
    return _as_text(coco.encode(np.asfortranarray(mask, dtype=np.uint8)))


def decode_mask(encoded: RunLength) -> Bool[ndarray, "height width"]:
    """Mask of a run-length encoding made by :func:`encode_mask` or :func:`read_segmentation`."""
    # pycocotools decodes, too, with a warning of NumPy 2's each time.
    lengths = _decompress(encoded["counts"])
    height, width = encoded["size"]
    ones = np.arange(len(lengths)) % 2 == 1
    return np.repeat(ones, lengths).reshape(width, height).T


def mask_area(encoded: RunLength) -> int:
    """Number of a mask's pixels."""
    return int(coco.area(encoded))  # pyright: ignore[reportArgumentType]


def mask_score(
    probability: Float[ndarray, "height width"], mask: Bool[ndarray, "height width"]
) -> float:
    """How sure a network is of its mask: the mean probability inside it; 0 where it is empty."""
    # In double precision: a mask may have millions of pixels.
    return float(probability[mask].mean(dtype=np.float64)) if mask.any() else 0.0


def covered(cover: Float[ndarray, "height width"]) -> Bool[ndarray, "height width"]:
    """Pixels half covered, and the most covered ones: who is there has a mask, however small."""
    return (cover >= 0.5) | ((cover > 0) & (cover == cover.max()))


def judge(
    probability: Float[ndarray, "height width"],
    mask: Bool[ndarray, "height width"],
    presence: float | None,
    least: float | None = None,
) -> tuple[Bool[ndarray, "height width"], float]:
    """Settle a mask and its score, for files and metrics alike.

    Where a network tells how probable it is that the actor is there, that is the score, and below
    ``least``, one half if not given, the mask is empty. Else the score is :func:`mask_score`, and
    any will do if ``least`` is not given.
    """
    if presence is None:
        score, usual = mask_score(probability, mask), 0.0
    else:
        score, usual = presence, 0.5
    return mask & (score >= (usual if least is None else least)), score


def read_segmentation(segmentation: object, height: int, width: int) -> RunLength:
    """Read what COCO's files have under ``segmentation``, for an image of a known size.

    Either run lengths ``{"size": [height, width], "counts": …}``, compressed to text or as a list
    of numbers, or polygons ``[[x, y, x, y, x, y, …], …]``.

    Raises:
        ValueError: it is none of these, is broken, or is for an image of another size. pycocotools
            would not notice run lengths that end early: the rest of its mask is chance.
    """
    if isinstance(segmentation, list):
        return _of_polygons(segmentation, height, width)
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= segmentation.keys():
        raise ValueError('its segmentation should be {"size": …, "counts": …} or polygons')
    size, counts = segmentation["size"], segmentation["counts"]
    if size != [height, width]:
        raise ValueError(
            f"its mask's size (height, width) is {size}, the image's is {[height, width]}"
        )
    lengths = _decompress(counts).tolist() if isinstance(counts, str) else counts
    if not (
        isinstance(lengths, list)
        and all(type(length) is int and length >= 0 for length in lengths)
        and sum(lengths) == height * width
    ):
        raise ValueError(
            "its run lengths are broken: they should be whole numbers that add up to the image's "
            f"{height * width} pixels"
        )
    if isinstance(counts, str):
        return {"size": [height, width], "counts": counts}
    plain: Any = {"size": size, "counts": lengths}
    return _as_text(coco.frPyObjects(plain, height, width))


def _decompress(counts: str) -> Int64[ndarray, " run"]:
    """Run lengths of the compressed form (maskApi.c of cocoapi); none if it is broken.

    A character holds five bits, lowest first, and a sixth that tells whether the number goes on;
    the last one's fifth bit is the sign. From the fourth number on, each is the difference to the
    one two before.
    """
    broken = np.zeros(0, np.int64)
    codes = np.frombuffer(counts.encode("utf-8"), np.uint8).astype(np.int64) - 48
    if len(codes) == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        return broken
    last = codes & 32 == 0
    starts = np.flatnonzero(np.concatenate([[True], last[:-1]]))
    digits = np.diff(starts, append=len(codes))
    if digits.max() > 7:
        return broken
    place = np.arange(len(codes)) - np.repeat(starts, digits)
    numbers = np.add.reduceat((codes & 31) << 5 * place, starts)
    numbers -= np.where(codes[last] & 16, 1 << 5 * digits, 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def _of_polygons(polygons: list[Any], height: int, width: int) -> RunLength:
    # pycocotools walks along an outline pixel by pixel, however far it leads.
    far = 10 * max(height, width)
    for polygon in polygons:
        numbers = isinstance(polygon, list) and all(type(x) in (int, float) for x in polygon)
        if not numbers or len(polygon) < 6 or len(polygon) % 2 or any(x != x for x in polygon):
            raise ValueError("its polygons should be lists of x, y, with three corners at least")
        if any(abs(x) > far for x in polygon):
            raise ValueError(
                f"its polygons reach farther than {far} pixels, in an image of {width}×{height}"
            )
    if not polygons:
        raise ValueError("its segmentation is an empty list of polygons")
    return _as_text(coco.merge(coco.frPyObjects(polygons, height, width)))


def _as_text(encoded: Any) -> RunLength:
    """Bring what pycocotools gives, whose counts are bytes, to what JSON holds."""
    return {"size": list(encoded["size"]), "counts": encoded["counts"].decode("ascii")}
