import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstm.config import ClipConfig
from cstm.data.frames.clip import clip_indices


def test_window_of_the_paper():
    indices = clip_indices(20, ClipConfig(frames=8, step=2), length=100)
    assert indices.tolist() == [12, 14, 16, 18, 20, 22, 24, 26]


@pytest.mark.parametrize(
    ("target", "length", "expected"),
    [
        (0, 100, [0, 0, 0, 0, 0, 2, 4, 6]),
        (99, 100, [91, 93, 95, 97, 99, 99, 99, 99]),
        (3, 6, [0, 0, 0, 1, 3, 5, 5, 5]),
        (0, 1, [0] * 8),
    ],
)
def test_each_index_is_clamped_by_itself(target: int, length: int, expected: list[int]):
    assert clip_indices(target, ClipConfig(), length).tolist() == expected


@given(st.integers(1, 60), st.integers(1, 17), st.integers(1, 5), st.data())
def test_target_keeps_its_position(length: int, frames: int, step: int, data: st.DataObject):
    target = data.draw(st.integers(0, length - 1))
    indices = clip_indices(target, ClipConfig(frames=frames, step=step), length)
    assert len(indices) == frames
    assert indices[frames // 2] == target
    assert (indices >= 0).all()
    assert (indices < length).all()
    assert (indices[1:] - indices[:-1] <= step).all()
    assert (indices[1:] >= indices[:-1]).all()


def test_target_outside_the_video_is_a_bug_of_the_caller():
    with pytest.raises(AssertionError, match="outside"):
        clip_indices(5, ClipConfig(), length=5)
