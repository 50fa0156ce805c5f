"""What is measured once of every instance: its colours, and whether it can be cut out."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Int, UInt8
from numpy import ndarray

from cstm.data.composed.colours import (
    ANY_COLOUR,
    Colours,
    body,
    clothes,
    common,
    name_colours,
)
from cstm.data.composed.photograph import Instance, Photograph
from cstm.data.language.nouns import noun_of

RELIGHT = 32
"""Levels by which a cut-out is made darker or lighter at most, to match a photograph."""
LONG_SIDE, _SHORT_SIDE = 56, 22
"""Pixels of the smallest cut-outs."""
_FILL = 0.2
"""Least share of its box that a cut-out covers."""
_IN_ONE_PIECE = 0.85
_HIDDEN = 0.2
"""Most that other things may cover inside its outline, as a share of its own pixels."""


class Figure(NamedTuple):
    """An instance of a photograph, measured."""

    photograph: Photograph
    instance: Instance
    colours: Colours
    """In the light of its photograph."""
    relit: Colours
    """In darker and lighter light, too, as other photographs give it."""
    cover: float
    """Share of its box that is mask."""
    is_whole: bool
    """Whether it can stand in another picture: in view, in one piece, large enough."""
    holds: frozenset[str] = frozenset()
    """Classes of what is marked within its mask, and goes with it into another picture: a bus's
    driver, a person's tie."""

    @property
    def category(self) -> str:
        """Name of its class."""
        return self.instance.category

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in its photograph, in pixels."""
        return self.instance.box[2:]


def measure(photograph: Photograph) -> list[Figure]:
    """Measure all instances of a photograph.

    Raises:
        ValueError: the picture can't be read, or a mask is broken.
    """
    picture = photograph.read()
    masks = [photograph.mask(instance) for instance in photograph.instances]
    owner = np.zeros(picture.shape[:2], np.int32)
    for number, (instance, mask) in enumerate(zip(photograph.instances, masks, strict=True)):
        if not instance.crowd:
            owner[mask] = number + 1
    figures = [
        _measure(photograph, number, picture, mask, owner) for number, mask in enumerate(masks)
    ]
    return [
        figure._replace(holds=_held(number, figures, masks)) if figure.is_whole else figure
        for number, figure in enumerate(figures)
    ]


def _held(
    number: int, figures: list[Figure], masks: list[Bool[ndarray, "height width"]]
) -> frozenset[str]:
    """Classes of all others of which a mask covers more than half."""
    left, top, width, height = map(int, figures[number].instance.box)
    window = np.s_[top : top + height, left : left + width]
    mask = masks[number][window]
    return frozenset(
        figure.category
        for place, (figure, other) in enumerate(zip(figures, masks, strict=True))
        if place != number and 2 * int((other[window] & mask).sum()) > int(other.sum())
    )


def _measure(
    photograph: Photograph,
    number: int,
    picture: UInt8[ndarray, "height width 3"],
    mask: Bool[ndarray, "height width"],
    owner: Int[ndarray, "height width"],
) -> Figure:
    instance = photograph.instances[number]
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if instance.crowd or len(rows) == 0:
        return Figure(photograph, instance, ANY_COLOUR, ANY_COLOUR, 0.0, False)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    # The file's box may be anything; the mask's own is what is drawn.
    instance = instance._replace(
        box=(float(left), float(top), float(right - left), float(bottom - top))
    )
    window = np.s_[top:bottom, left:right]
    part = mask[window]
    inner = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    is_person = noun_of(instance.category).kind == "person"
    cover = float(part.mean())
    near_border = not photograph.is_cutout and (
        left < 2 or top < 2 or right > photograph.width - 2 or bottom > photograph.height - 2
    )
    long, short = max(part.shape), min(part.shape)
    is_whole = (
        not near_border
        and (photograph.is_cutout or noun_of(instance.category).kind != "fixture")
        and long >= LONG_SIDE
        and short >= _SHORT_SIDE
        and cover >= _FILL
        and _in_one_piece(part, owner[window], number + 1)
    )
    if is_person:
        worn, seen = (picture[window][region] for region in (clothes(inner), body(inner)))
    else:
        worn = seen = picture[window][inner]
    colours = _colours(worn, seen, is_person)
    relit = ANY_COLOUR
    if is_whole:
        others = (_colours(worn, seen, is_person, shift) for shift in (-RELIGHT, RELIGHT))
        relit = common((colours, *others))
    return Figure(photograph, instance, colours, relit, cover, is_whole)


def _colours(
    worn: UInt8[ndarray, "worn 3"], seen: UInt8[ndarray, "seen 3"], is_person: bool, shift: int = 0
) -> Colours:
    """Colours in a light; "in red" is who wears a red shirt, and may be who has red trousers."""
    possible = name_colours(seen, shift=shift)
    if not is_person:
        return possible
    return Colours(name_colours(worn, skin=True, shift=shift).clear, possible.possible)


def _in_one_piece(
    mask: Bool[ndarray, "height width"], owner: Int[ndarray, "height width"], number: int
) -> bool:
    """Whether a mask is one region, and hardly anything marked lies within its outline."""
    area = int(mask.sum())
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if stats[1:, cv2.CC_STAT_AREA].max() < _IN_ONE_PIECE * area:
        return False
    points = cv2.findNonZero(mask.astype(np.uint8))
    hull = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), cv2.convexHull(points), 1) > 0
    others = hull & (owner != 0) & (owner != number) & ~mask
    return int(others.sum()) <= _HIDDEN * area
