from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstm.data.frames.frame_range import ALL, FrameRange, parse_range


@dataclass(frozen=True)
class Moment:
    index: int
    time: float


def moments(times):
    return [Moment(index, time) for index, time in enumerate(times)]


ENDS = st.none() | st.integers(1, 40)


@given(
    length=st.integers(1, 40),
    start=st.integers(0, 39),
    size=ENDS,
    every=st.integers(1, 12),
    behind=st.integers(0, 9),
    ahead=st.integers(0, 9),
)
def test_a_range_is_a_slice_with_its_neighbours(length, start, size, every, behind, ahead):
    stop = None if size is None else start + size
    wanted = FrameRange(start, stop, every)
    taken = []
    frames = moments(range(length))
    around = wanted.around((taken.append(f.index) or f for f in frames), behind, ahead)
    inside = list(range(length))[start:stop:every]
    if not inside:
        with pytest.raises(ValueError, match="nothing lies in frames"):
            list(around)
        return
    near = [i for i in range(length) if any(t - behind <= i <= t + ahead for t in inside)]
    assert [(f.index, target) for f, target in around] == [(i, i in inside) for i in near]
    if stop is not None:
        # One more shows that all are there.
        assert len(taken) <= range(start, stop, every)[-1] + ahead + 2
    assert wanted.count(length, Fraction(25)) == len(inside)


@pytest.mark.parametrize(("start", "unit"), [(10**400, "frames"), (1e308, "seconds")])
def test_ends_that_no_video_has(start, unit):
    with pytest.raises(ValueError, match="from 0 on"):
        FrameRange(start, unit=unit)


@given(
    gaps=st.lists(st.floats(0.01, 0.3), min_size=1, max_size=30),
    start=st.floats(0, 3),
    size=st.none() | st.floats(0.05, 3),
    every=st.integers(1, 4),
)
def test_seconds_are_the_frames_own_times(gaps, start, size, every):
    times = [sum(gaps[:n]) for n in range(len(gaps) + 1)]
    stop = None if size is None else start + size
    inside = [
        index
        for index, time in enumerate(times)
        if time + 1e-6 >= start and (stop is None or time + 1e-6 < stop)
    ][::every]
    around = FrameRange(start, stop, every, "seconds").around(moments(times), 0, 0)
    if inside:
        assert [frame.index for frame, _ in around] == inside
    else:
        with pytest.raises(ValueError, match="nothing lies in seconds"):
            list(around)


@pytest.mark.parametrize("fps", [Fraction(10), Fraction(30000, 1001), Fraction(24)])
@pytest.mark.parametrize(("start", "stop"), [(0, None), (1, 3), (0.2, 0.75), (2.5, 100.0)])
def test_the_count_expected_is_right_where_frames_are_even(fps, start, stop):
    wanted = FrameRange(start, stop, 3, "seconds")
    # As a container tells them: a mark that doesn't begin at 0, then subtracted.
    frames = moments(float(Fraction(2, 25) + n / fps) - 0.08 for n in range(100))
    assert wanted.count(100, fps) == sum(1 for _ in wanted.around(frames, 0, 0))


def test_no_count_is_expected_where_nobody_knows_the_end():
    assert FrameRange(3).count(None, Fraction(25)) is None
    assert FrameRange(3, 8).count(None, Fraction(25)) == 5


def test_no_frames_are_no_mistake_of_the_range():
    assert list(FrameRange(3).around([], 1, 1)) == []


def test_an_empty_range_says_where_the_video_ends():
    with pytest.raises(ValueError, match=r"100 to 200: the video ends with frame 49, at 1.96 sec"):
        list(FrameRange(100, 200).around(moments(n / 25 for n in range(50)), 8, 6))
    between = FrameRange(0.01, 0.02, unit="seconds")
    with pytest.raises(ValueError, match=r"0.01 to 0.02: the first one after is frame 1, at 0.04"):
        list(between.around(moments(n / 25 for n in range(50)), 8, 6))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"start": -5}, "from 0 on"),
        ({"stop": -5}, "from 0 on"),
        ({"start": float("nan"), "unit": "seconds"}, "from 0 on"),
        ({"stop": float("inf"), "unit": "seconds"}, "from 0 on"),
        ({"start": 1.5}, "whole numbers"),
        ({"start": 5, "stop": 5}, "nothing lies between"),
        ({"every": 0}, "every should be at least 1"),
        ({"every": -2}, "every should be at least 1"),
    ],
)
def test_ranges_that_make_no_sense(settings, reason):
    with pytest.raises(ValueError, match=reason):
        FrameRange(**settings)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((None, 1, None, None), ALL),
        ((None, 5, None, None), FrameRange(every=5)),
        (("100:200", 1, None, None), FrameRange(100, 200)),
        (("100:", 5, None, None), FrameRange(100, None, 5)),
        ((":200", 1, None, None), FrameRange(0, 200)),
        ((":", 1, None, None), ALL),
        (("7", 1, None, None), FrameRange(7, 8)),
        ((None, 1, "1:23.5", None), FrameRange(83.5, None, 1, "seconds")),
        ((None, 2, "5", "1:00:01"), FrameRange(5.0, 3601.0, 2, "seconds")),
        ((None, 1, None, "0.5"), FrameRange(0, 0.5, 1, "seconds")),
    ],
)
def test_ranges_as_people_write_them(written, expected):
    assert parse_range(*written) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (("1:2", 1, "5", None), "one or the other"),
        (("1:2", 1, None, "5"), "one or the other"),
        (("a:b", 1, None, None), "--frames a:b: expected numbers"),
        (("1:2:3", 1, None, None), "--frames 1:2:3: expected numbers"),
        (("", 1, None, None), "expected numbers"),
        (("-5:", 1, None, None), "from 0 on"),
        ((None, 1, "soon", None), "soon: expected a time"),
        ((None, 1, "1:-5", None), "1:-5: expected a time"),
        ((None, 1, "-5", None), "-5: expected a time"),
        ((None, 1, "-0:30", None), "-0:30: expected a time"),
        ((None, 1, "00:01:23:12", None), "00:01:23:12: expected a time"),
        ((None, 1, "", None), "expected a time"),
    ],
)
def test_what_cannot_be_read_is_told(written, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        parse_range(*written)
    assert "\n" not in str(caught.value)
