"""Names of measured colours: one where it is clear, and all that someone else might give."""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Int64, UInt8
from numpy import ndarray

from cstm.data.language.clues import COLOURS

_NEAR = {
    "red": {"orange", "pink", "brown", "purple"},
    "orange": {"red", "yellow", "brown", "pink"},
    "yellow": {"orange", "green", "brown", "white"},
    "green": {"yellow", "blue", "gray", "black"},
    "blue": {"purple", "green", "gray", "black", "white"},
    "purple": {"blue", "pink", "red"},
    "pink": {"red", "purple", "orange", "white", "brown"},
    "brown": {"orange", "red", "black", "gray", "yellow"},
    "black": {"gray", "blue", "brown"},
    "white": {"gray", "yellow"},
    "gray": {"white", "black", "blue", "brown"},
    "beige": {"brown", "yellow", "white", "gray", "orange", "green", "pink"},
}
_NAMES = (*COLOURS, "beige")
"""Colours, and what is dull between yellow, brown and gray, to which nobody gives a name surely."""
_CLEAR, _TRACE, _MUCH = 0.6, 0.06, 0.2
_STANDING = 1.6
"""Height ÷ width from which on a person's box shows more than head and shoulders."""


class Colours(NamedTuple):
    """What can be said of a thing's colour."""

    clear: str | None
    """The colour that nearly all of it has."""
    possible: frozenset[str]
    """All that someone might call it."""


ANY_COLOUR = Colours(None, frozenset(COLOURS))


def name_colours(pixels: UInt8[ndarray, "pixel 3"], skin: bool = False, shift: int = 0) -> Colours:
    """Name the colours of RGB pixels, made lighter by so many levels.

    With ``skin``, what may be skin is left out. Clear is a colour of at least 60% of all pixels;
    possible are all with a trace, and the neighbours of those that there is much of.
    """
    if len(pixels) < 30:
        return ANY_COLOUR
    if shift:
        pixels = np.clip(np.arange(256) + shift, 0, 255).astype(np.uint8)[pixels]
    numbers = _numbers(pixels)
    total = len(numbers)
    if skin:
        numbers = numbers[~_skin_like(pixels)]
    shares = np.bincount(numbers, minlength=len(_NAMES)) / total
    possible = set[str]()
    for name, share in zip(_NAMES, shares, strict=True):
        if share > _TRACE:
            possible.add(name)
        if share > _MUCH:
            possible |= _NEAR[name]
    best = _NAMES[int(shares.argmax())]
    is_clear = shares.max() >= _CLEAR and best in COLOURS
    return Colours(best if is_clear else None, frozenset(possible) & frozenset(COLOURS))


def common(named: Iterable[Colours]) -> Colours:
    """What can be said in several lights: clear is what is so in each, possible what is in any."""
    clear, possible = zip(*named, strict=True)
    return Colours(clear[0] if len(set(clear)) == 1 else None, frozenset().union(*possible))


def clothes(mask: Bool[ndarray, "height width"]) -> Bool[ndarray, "height width"]:
    """The part of a standing person's mask where a shirt, coat or dress is: below the head.

    Nothing of what is hardly higher than wide: a portrait, or someone lying.
    """
    height, width = mask.shape
    part = np.zeros_like(mask)
    if height < _STANDING * width:
        return part
    rows = slice(round(0.2 * height), round(0.5 * height))
    part[rows] = mask[rows]
    return part


def body(mask: Bool[ndarray, "height width"]) -> Bool[ndarray, "height width"]:
    """All of a standing person's mask below the head; nothing where :func:`clothes` is nothing."""
    part = np.zeros_like(mask)
    if clothes(mask).any():
        part[round(0.15 * len(mask)) :] = mask[round(0.15 * len(mask)) :]
    return part


def _skin_like(pixels: UInt8[ndarray, "pixel 3"]) -> Bool[ndarray, " pixel"]:
    hue, saturation, value = _hsv(pixels).T
    return (hue < 20) & (saturation > 50) & (saturation < 170) & (value > 90)


def _hsv(pixels: UInt8[ndarray, "pixel 3"]) -> UInt8[ndarray, "pixel 3"]:
    return cv2.cvtColor(np.ascontiguousarray(pixels)[None], cv2.COLOR_RGB2HSV)[0]


_HUES = (
    (6, "red"), (17, "orange"), (33, "yellow"), (86, "green"), (129, "blue"), (155, "purple"),
    (171, "pink"), (180, "red"),
)  # fmt: skip


def _hue_table() -> Int64[ndarray, "180"]:
    table = np.zeros(180, np.int64)
    start = 0
    for stop, name in _HUES:
        table[start:stop] = COLOURS.index(name)
        start = stop
    return table


_HUE_NUMBERS = _hue_table()


def _numbers(pixels: UInt8[ndarray, "pixel 3"]) -> Int64[ndarray, " pixel"]:
    """Number of each pixel's name in :data:`_NAMES`, by OpenCV's hue (0-179) and chroma."""
    hue, saturation, value = _hsv(pixels).T.astype(np.int64)
    names = _HUE_NUMBERS[hue].copy()

    def name(colour: str, where: Bool[ndarray, " pixel"]) -> None:
        names[where] = _NAMES.index(colour)

    warm = (hue >= 6) & (hue < 33)
    name("beige", warm & ((saturation < 130) | ((hue >= 24) & (value < 120))))
    # Brown is dark orange, and dark yellow where that is not green already.
    name("brown", (hue < 17) & (value < 165))
    name("brown", (hue >= 17) & (hue < 24) & (value < 165) & (saturation >= 100))
    name("red", (hue < 6) & (value >= 100) & (saturation > 140))
    reddish = (hue < 12) | (hue >= 171)
    name("pink", reddish & (value > 190) & (saturation > 40) & (saturation < 120))
    chroma = saturation * value // 255
    grayish = (chroma < 26) | (saturation < 36)
    name("gray", grayish & (value >= 75))
    name("white", grayish & (value >= 190))
    name("black", (value < 52) | (grayish & (value < 75)))
    return names
