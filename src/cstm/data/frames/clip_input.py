"""A clip as a network sees it."""

from typing import NamedTuple

from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.frames.camera_motion import Matrix, compensated, moves_of, native_move
from cstm.data.frames.transforms import ResizePad, resize_pad


class ClipInput(NamedTuple):
    """What goes into a network, and where it comes from."""

    pixels: UInt8[ndarray, "time 3 rows columns"]
    fit: ResizePad
    """Where a frame lies in it."""
    moves: list[Matrix] | None
    """Of each native frame, what brings it to where the camera was in the target frame; None where
    the camera's motion is kept."""


def clip_input(frames: UInt8[ndarray, "time height width 3"], clip: ClipConfig) -> ClipInput:
    """Resize a clip's frames, and take the camera's motion out if that is wanted."""
    fit = resize_pad(frames[0], clip)
    pixels = fit.apply(frames).numpy()
    if clip.camera_motion == "kept":
        return ClipInput(pixels, fit, None)
    return steadied(pixels, fit, moves_of(fit.inside(pixels)))


def steadied(
    pixels: UInt8[ndarray, "time 3 rows columns"], fit: ResizePad, moves: list[Matrix]
) -> ClipInput:
    """Take the camera's motion out of what is seen; the padding stays where it is."""
    steady = pixels.copy()
    fit.inside(steady)[:] = compensated(fit.inside(pixels), moves)
    return ClipInput(steady, fit, [native_move(move, fit) for move in moves])
