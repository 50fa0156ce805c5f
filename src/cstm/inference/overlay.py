"""Drawing a mask on its picture: translucent colour, a crisp contour, the sentence beneath."""

import colorsys
import math
from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from numpy import ndarray

from cstm.inference.caption import Colour, caption, type_size

PALETTE: tuple[Colour, ...] = (
    (255, 82, 56),  # vermilion
    (30, 144, 255),  # azure
    (46, 204, 113),  # green
    (255, 191, 36),  # amber
    (176, 102, 255),  # violet
    (255, 105, 180),  # pink
    (0, 206, 209),  # turquoise
    (170, 220, 50),  # lime
)

_FILL = 0.42
"""Share of the mask's colour in its inside."""


def query_colour(number: int) -> Colour:
    """Colour of query ``number``, counted from 0; no two queries have the same."""
    if number < len(PALETTE):
        return PALETTE[number]
    # Steps of the golden ratio never come back to a hue they have used.
    hue = (number * 0.618034) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)


def _distance_to_edge(inside: UInt8[ndarray, "height width"]) -> Float32[ndarray, "height width"]:
    """Pixels to the mask's edge, negative outside; softened a little, so that steps don't show."""
    to_outside = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    to_inside = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    # Both count from pixel centres, and the edge runs half-way between two of them.
    distance = np.where(inside, to_outside - 0.5, 0.5 - to_inside).astype(np.float32)
    return cv2.GaussianBlur(distance, (0, 0), 0.8)


def draw_mask(
    image: UInt8[ndarray, "height width 3"], mask: Bool[ndarray, "height width"], colour: Colour
) -> UInt8[ndarray, "height width 3"]:
    """A copy of the picture with the mask's inside tinted and its outline drawn."""
    drawn = np.array(image, order="C")
    inside = np.ascontiguousarray(mask).view(np.uint8)
    left, top, width, height = cv2.boundingRect(inside)
    if width == 0:
        return drawn
    line = max(1.6, min(image.shape[:2]) / 180)
    margin = math.ceil(2 * line) + 1
    room = np.s_[
        max(0, top - margin) : top + height + margin, max(0, left - margin) : left + width + margin
    ]
    # A frame of zeros around the picture: an actor cut off by its border is outlined there too.
    framed = np.pad(inside[room], 1)
    distance = _distance_to_edge(framed)[1:-1, 1:-1, None]

    tint = np.array(colour, np.float32)
    picture = drawn[room].astype(np.float32)
    # A soft shade around the outline keeps it readable on a ground of its own colour.
    shade = 0.45 * np.clip(1 + distance / (1.5 * line), 0, 1) * (distance < 0)
    picture *= 1 - shade
    picture += _FILL * np.clip(distance + 0.5, 0, 1) * (tint - picture)
    picture += np.clip(line / 2 + 0.5 - np.abs(distance), 0, 1) * (tint - picture)
    drawn[room] = np.rint(picture).astype(np.uint8)
    return drawn


def draw_masks(
    image: UInt8[ndarray, "height width 3"],
    masks: Bool[ndarray, "query height width"],
    colours: Sequence[Colour],
) -> UInt8[ndarray, "height width 3"]:
    """A copy of the picture with several masks, later ones over earlier ones."""
    for mask, colour in zip(masks, colours, strict=True):
        image = draw_mask(image, mask, colour)
    return image


class Overlay:
    """Frames of an overlay video: the picture with one mask or more, above their sentences.

    The sentences stand on a bar beneath the picture, so that they hide nothing. Height and width
    of the frames are even, as yuv420p needs them: a picture of odd width gets its last column
    twice, and the bar takes up an odd height.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        queries: the sentences.
        colours: of their masks, red green blue.
        pixel_aspect: width of a pixel ÷ its height as shown; the type is set so that it is not
            stretched.
    """

    def __init__(
        self,
        height: int,
        width: int,
        queries: Sequence[str],
        colours: Sequence[Colour],
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        self.colours = colours
        self._odd_column = width % 2
        full = width + self._odd_column
        shown = max(1, round(full * pixel_aspect))
        size = type_size(shown, height)
        margin = round(0.7 * size)
        bar = np.concatenate(
            [
                caption(query, shown, size, colour, margin=margin)
                for query, colour in zip(queries, colours, strict=True)
            ]
        )
        if shown != full:
            bar = cv2.resize(bar, (full, len(bar)), interpolation=cv2.INTER_AREA)
        odd_row = (height + len(bar)) % 2
        self._bar = np.pad(bar, ((0, odd_row), (0, 0), (0, 0)), mode="edge")
        self.height, self.width = height + len(self._bar), full

    def draw(
        self, image: UInt8[ndarray, "height width 3"], masks: Bool[ndarray, "query height width"]
    ) -> UInt8[ndarray, "taller even_width 3"]:
        """One frame of the overlay."""
        picture = draw_masks(image, masks, self.colours)
        if self._odd_column:
            picture = np.concatenate([picture, picture[:, -1:]], axis=1)
        return np.concatenate([picture, self._bar])
