"""Which frames of a video a clip holds."""

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from cstm.config import ClipConfig


def clip_indices(target: int, clip: ClipConfig, length: int) -> Int[ndarray, " time"]:
    """Frame indices, counted from 0, of the clip around a target frame.

    The target sits at position ``clip.frames // 2``, its neighbours ``clip.step`` frames apart.
    Each index is clamped to the video by itself: shifting the window instead would put another
    frame in the target's position.
    """
    assert 0 <= target < length, f"target {target} lies outside a video of {length} frames"
    offsets = (np.arange(clip.frames) - clip.frames // 2) * clip.step
    return np.clip(target + offsets, 0, length - 1)


def reach(clip: ClipConfig) -> tuple[int, int]:
    """How many frames before its target a clip begins, and how many after it it ends."""
    middle = clip.frames // 2
    return middle * clip.step, (clip.frames - 1 - middle) * clip.step
