"""Chooses a photograph for a clip, and how much of it the camera sees."""

from numpy.random import Generator

from cstm.data.composed.camera import Camera
from cstm.data.composed.figures import Figure
from cstm.data.composed.scene import Backdrop, Box
from cstm.data.composed.stock import Stock, may_hide, may_hold
from cstm.data.draws import pick

_FREE_BACKDROP = 0.75
"""Share of clips on a photograph that holds none of the classes cut out for it."""
_CLOSE_UP_SHARE = 0.35
"""Share of the photographs shown whole that are zoomed into."""
_TRIES = 16


def draw_picture(rng: Generator, stock: Stock, categories: frozenset[str]) -> list[Figure] | None:
    """Draw a photograph: for cut-outs mostly one with room, and without others of their classes.

    None where others may be in all that were drawn without being marked: no sentence could be sure.
    """
    is_free = bool(categories) and rng.random() < _FREE_BACKDROP
    picture = None
    for _ in range(_TRIES):
        drawn = stock.draw_picture(rng)
        if may_hide(drawn, categories):
            continue
        picture = drawn
        if not (is_free and (may_hold(picture, categories) or _is_close_up(picture))):
            break
    return picture


def _is_close_up(picture: list[Figure]) -> bool:
    photograph = picture[0].photograph
    area = photograph.width * photograph.height
    return any(figure.size[0] * figure.size[1] > 0.4 * area for figure in picture)


def draw_backdrop(
    rng: Generator, picture: list[Figure], camera: Camera, size: tuple[int, int], whole: bool
) -> Backdrop:
    """Scale and shift a photograph so that all that the camera sees lies on it."""
    photograph = picture[0].photograph
    seen = Box(*camera.reach(*size))
    left, top, right, bottom = seen
    fit = max((right - left) / photograph.width, (bottom - top) / photograph.height)
    if whole and rng.random() < _CLOSE_UP_SHARE:
        return _close_up(rng, picture, size, seen, fit)
    scale = fit * float(rng.uniform(1.0, 1.08 if whole else 1.35))
    room_x = photograph.width * scale - (right - left)
    room_y = photograph.height * scale - (bottom - top)
    origin = (room_x * float(rng.random()) - left, room_y * float(rng.random()) - top)
    return Backdrop(tuple(picture), scale, origin)


def _close_up(
    rng: Generator, picture: list[Figure], size: tuple[int, int], seen: Box, fit: float
) -> Backdrop:
    """Zoom a photograph to one of its figures, as far as its pixels allow."""
    photograph = picture[0].photograph
    figure = pick(rng, picture)
    x, y, wide, high = figure.instance.box
    wanted = float(rng.uniform(0.6, 1.5)) * min(size) / max(1.0, max(wide, high))
    scale = min(max(fit, wanted), max(fit, 1.8), 3 * fit)
    # The upper part of what is too large for the picture, where a person's face is.
    middle = (x + wide * float(rng.uniform(0.35, 0.65)), y + high * float(rng.uniform(0.2, 0.6)))
    starts = []
    for place, low, high_end, whole_side, side in (
        (middle[0], seen.left, seen.right, photograph.width, size[0]),
        (middle[1], seen.top, seen.bottom, photograph.height, size[1]),
    ):
        # Between these the camera never sees past the photograph's border.
        start = scale * place - side / 2
        starts.append(min(max(start, -low), scale * whole_side - high_end))
    return Backdrop(tuple(picture), scale, (starts[0], starts[1]))
