import weakref

import numpy as np
import pytest

from cstm.config import ClipConfig
from cstm.data.frames.frame_range import FrameRange
from cstm.inference.segmenter import Segmenter
from cstm.inference.targets import numbered as as_frames
from cstm.inference.targets import targets

SMALL = ClipConfig(size=16)


def numbered(length):
    """Grey frames; frame k has the value k."""
    return [np.full((16, 16, 3), index, np.uint8) for index in range(length)]


@pytest.mark.parametrize("looks", [1, 2])
def test_memory_is_bounded(brightness, vocabulary, looks):
    """Native frames wait for the six frames after them, and for their batch; for a second look
    the eight frames before them do, too."""
    alive = 0

    def gone():
        nonlocal alive
        alive -= 1

    def stream():
        nonlocal alive
        for index in range(200):
            image = np.full((20, 30, 3), index, np.uint8)
            weakref.finalize(image, gone)
            alive += 1
            yield image
            del image

    brightness.clips = weakref.WeakSet()  # keeps nothing alive
    brightness.clips.extend = lambda clips: None
    segmenter = Segmenter(brightness, vocabulary, SMALL, batch=4, looks=looks)
    most = 0
    for result in segmenter.segment(stream(), ["cat", "dog"]):
        del result
        most = max(most, alive)
    assert 0 < most <= 6 + 1 + 4 // 2 + 1 + 8 * (looks - 1)


@pytest.mark.parametrize("every", [1, 5, 40])
def test_small_frames_are_held_for_one_clips_span_only(monkeypatch, every):
    alive = most = 0

    def gone():
        nonlocal alive
        alive -= 1

    class Resize:
        def apply(self, image):
            return self

        def numpy(self):
            nonlocal alive, most
            small = np.zeros((3, 16, 16), np.uint8)
            weakref.finalize(small, gone)
            alive += 1
            most = max(most, alive)
            return small

    monkeypatch.setattr("cstm.inference.targets.resize_pad", lambda *frame: Resize())
    frames = as_frames(numbered(200), FrameRange(every=every), 8, 6)
    assert sum(1 for _ in targets(frames, SMALL)) == 200 / every
    assert 8 < most <= 8 + 1 + 6


def test_frames_come_before_the_video_has_ended(brightness, vocabulary):
    taken = 0

    def stream():
        nonlocal taken
        for image in numbered(200):
            taken += 1
            yield image

    results = Segmenter(brightness, vocabulary, SMALL, batch=2).segment(stream(), ["cat"])
    assert next(results).index == 0
    assert taken == 8
