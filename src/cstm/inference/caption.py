"""Setting a sentence in type: wrapped to a width, on a dark bar, with no font but Pillow's own."""

from functools import lru_cache

import numpy as np
from anyascii import anyascii
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

BAR: Colour = (22, 24, 29)
INK: Colour = (244, 245, 247)

_FINE = 4
"""Letters are drawn this many times larger and reduced: small type gets even spacing."""

_MAX_LINES = 6


@lru_cache
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(pixels)


def type_size(width: int, height: int) -> float:
    """Pixels of type for a picture: legible on 176 × 144, discreet on 1920 × 1080."""
    return max(11.0, 8.0 + 0.022 * (width * height) ** 0.5)


def text_width(text: str, size: float) -> float:
    """Width in pixels of one line of text in type of ``size`` pixels."""
    return _font(round(size * _FINE)).getlength(text) / _FINE


def wrap(text: str, width: int, size: float) -> list[str]:
    """Break a sentence into the lines that fit ``width`` pixels, at most six.

    A word wider than a line is broken between its letters; what six lines can't hold is replaced
    by an ellipsis. Whatever is not ASCII is written in its letters: the built-in font has others
    for few.
    """
    lines, line = [], ""
    for word in anyascii(text).split():
        if len(lines) > _MAX_LINES:
            break
        longer = f"{line} {word}".strip()
        if text_width(longer, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while len(line) > 1 and len(lines) <= _MAX_LINES and text_width(line, size) > width:
            many = 1
            while text_width(line[: many + 1], size) <= width:
                many += 1
            lines.append(line[:many])
            line = line[many:]
    lines.append(line)
    if len(lines) > _MAX_LINES:
        last = lines[_MAX_LINES - 1]
        while last and text_width(f"{last}…", size) > width:
            last = last[:-1]
        lines = [*lines[: _MAX_LINES - 1], f"{last.rstrip()}…"]
    return lines


def set_lines(
    lines: list[str], width: int, size: float, *, ink: Colour = INK, paper: Colour = BAR
) -> UInt8[ndarray, "height width 3"]:
    """Lines of text one under the other, from the left edge, in a picture ``width`` pixels wide."""
    leading = line_height(size)
    sheet = Image.new("RGB", (width * _FINE, leading * len(lines) * _FINE), paper)
    draw, font = ImageDraw.Draw(sheet), _font(round(size * _FINE))
    for number, line in enumerate(lines):
        middle = (number + 0.5) * leading * _FINE
        draw.text((0, middle), line, font=font, fill=ink, anchor="lm")
    return np.asarray(sheet.resize((width, leading * len(lines)), Image.Resampling.BOX))


def line_height(size: float) -> int:
    """Distance in pixels from one line of type to the next."""
    return round(1.32 * size)


def dot(diameter: int, colour: Colour, paper: Colour) -> UInt8[ndarray, "diameter diameter 3"]:
    """A filled circle, as the key to a colour."""
    sheet = Image.new("RGB", (diameter * _FINE, diameter * _FINE), paper)
    ImageDraw.Draw(sheet).ellipse((0, 0, *(diameter * _FINE - 1,) * 2), fill=colour)
    return np.asarray(sheet.resize((diameter, diameter), Image.Resampling.BOX))


def caption(
    text: str,
    width: int,
    size: float,
    key: Colour,
    *,
    margin: int = 0,
    ink: Colour = INK,
    paper: Colour = BAR,
) -> UInt8[ndarray, "height width 3"]:
    """The sentence in a picture ``width`` pixels wide, after a dot in the colour of its mask.

    ``margin`` is the room on the left of the dot and on the right of the text.
    """
    disc = dot(round(0.62 * size), key, paper)
    indent = min(margin + round(1.05 * size), width // 2)
    column = max(1, width - indent - margin)
    lines = set_lines(wrap(text, column, size), column, size, ink=ink, paper=paper)
    above = round(0.45 * size)
    bar = np.full((len(lines) + 2 * above, width, 3), paper, np.uint8)
    bar[above : above + len(lines), indent : indent + column] = lines[:, : width - indent]
    top = above + round((line_height(size) - len(disc)) / 2 + 0.05 * size)
    room = bar[top : top + len(disc), min(margin, width // 4) :][:, : len(disc)]
    room[:] = disc[: room.shape[0], : room.shape[1]]
    return bar
