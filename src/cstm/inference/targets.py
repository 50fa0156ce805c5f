"""Target frames, each with the clip in which a network sees it."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.frames.camera_motion import CameraTracker, Matrix
from cstm.data.frames.clip import clip_indices, reach
from cstm.data.frames.clip_input import steadied
from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.transforms import resize_pad
from cstm.data.frames.video import Frame

ARRAY_RATE = 25.0
"""Frames per second assumed of frames that come as arrays, which tell no time."""


class Target(NamedTuple):
    """A frame together with the clip in which the network sees it."""

    frame: Frame
    clip: UInt8[ndarray, "time 3 rows columns"]
    native: tuple[UInt8[ndarray, "height width 3"], ...]
    """The clip's frames as they were; none unless asked for."""
    moves: list[Matrix] | None
    """As :class:`~cstm.data.frames.clip_input.ClipInput` has them."""


def targets(
    frames: Iterable[Frame], clip: ClipConfig, keep_native: bool = False
) -> Iterator[Target]:
    """Every target frame with its clip, as soon as the last frame of that clip is there.

    Frame numbers are clamped to the video (:func:`~cstm.data.frames.clip.clip_indices`); its length
    is known only at the end, and until then no clip reaches it.

    Args:
        frames: in order; only such may be missing as no target's clip reaches.
        clip: the network's input.
        keep_native: whether the clips are wanted at their native size, too.
    """
    behind, ahead = reach(clip)
    small: dict[int, UInt8[ndarray, "3 _rows _columns"]] = {}
    native: dict[int, UInt8[ndarray, "height width 3"]] = {}
    waiting: deque[Frame] = deque()
    camera = CameraTracker() if clip.camera_motion == "compensated" else None

    def first(length: int) -> Target:
        target = waiting.popleft()
        indices = clip_indices(target.index, clip, length).tolist()
        whole = tuple(native[index] for index in indices) if keep_native else ()
        like = small[target.index]
        seen = np.stack([_as_large(small[index], like) for index in indices])
        if camera is None:
            return Target(target, seen, whole, None)
        steady = steadied(seen, resize_pad(target.image, clip), camera.to_target(indices))
        return Target(target, steady.pixels, whole, steady.moves)

    length = 0
    for frame in frames:
        assert frame.index >= length, "frames come in order"
        length = frame.index + 1
        fit = resize_pad(frame.image, clip)
        small[frame.index] = fit.apply(frame.image).numpy()
        if camera is not None:
            camera.see(frame.index, fit.inside(small[frame.index]))
        if keep_native:
            native[frame.index] = frame.image
        if frame.is_target:
            waiting.append(frame)
        if waiting and length > waiting[0].index + ahead:
            yield first(length)
        needed = (waiting[0].index if waiting else length) - behind
        while small and (oldest := next(iter(small))) < needed:
            del small[oldest]
            native.pop(oldest, None)
            if camera is not None:
                camera.forget(oldest)
    while waiting:
        yield first(length)


def _as_large(
    small: UInt8[ndarray, "3 _rows _columns"], like: UInt8[ndarray, "3 rows columns"]
) -> UInt8[ndarray, "3 rows columns"]:
    """A frame of a clip whose target has another shape, squashed to that; rare."""
    if small.shape == like.shape:
        return small
    rows, columns = like.shape[1:]
    squashed = cv2.resize(small.transpose(1, 2, 0), (columns, rows), interpolation=cv2.INTER_AREA)
    return squashed.transpose(2, 0, 1)


def numbered(
    images: Iterable[UInt8[ndarray, "height width 3"]],
    wanted: FrameRange,
    behind: int,
    ahead: int,
) -> Iterator[Frame]:
    """Arrays as the frames that :meth:`Video.frames` would give.

    Raises:
        ValueError: an array is no RGB picture, or none of the frames wanted is among them.
    """
    for frame, is_target in wanted.around(_frames(images), behind, ahead):
        yield replace(frame, is_target=is_target)


def _frames(images: Iterable[UInt8[ndarray, "height width 3"]]) -> Iterator[Frame]:
    for index, image in enumerate(images):
        # A copy, which whoever gives the frames can't change, and in the order of memory.
        image = np.array(image, order="C")
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"frame {index} is {image.dtype} of shape {image.shape}; "
                "expected RGB as uint8 of shape (height, width, 3)"
            )
        yield Frame(index, index / ARRAY_RATE, image)


def grouped(targets: Iterable[Target], most: int) -> Iterator[list[Target]]:
    """So many targets at once, as soon as they are there; fewer where frames change their shape."""
    group: list[Target] = []
    for target in targets:
        if group and target.clip.shape != group[0].clip.shape:
            yield group
            group = []
        group.append(target)
        if len(group) == most:
            yield group
            group = []
    if group:
        yield group
