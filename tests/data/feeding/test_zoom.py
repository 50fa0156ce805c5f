"""A clip from nearer or farther away: pixels, masks and labels stay together."""

import numpy as np
import pytest

from cstm.data.feeding.rows import Row
from cstm.data.feeding.zoom import Zoom

SIZE = 64


def row_of(mask: np.ndarray, sentence: str = "a dog", padding: int = 0) -> Row:
    """Every frame shows the mask in red, and the actor's labels lie where the mask does."""
    clip = np.full((4, 3, SIZE, SIZE), 60, np.uint8)
    clip[:, 0] += 150 * mask
    clip[..., :padding, :] = 0
    clip[..., SIZE - padding :, :] = 0
    return Row(clip, mask, 3 * mask, 2 * mask, 5 * mask, sentence, "v/00001/1")


def box(top: int, left: int, high: int, wide: int) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[top : top + high, left : left + wide] = 1
    return mask


def drawn(rows: list[Row], count: int = 200) -> list[Zoom]:
    windows = (Zoom.draw(np.random.default_rng(seed), rows) for seed in range(count))
    return [window for window in windows if window]


def nearer(rows: list[Row], count: int = 200) -> list[Zoom]:
    return [window for window in drawn(rows, count) if window.side < SIZE]


def farther(rows: list[Row], count: int = 200) -> list[Zoom]:
    return [window for window in drawn(rows, count) if window.side > SIZE]


def test_a_part_is_as_large_as_the_whole_and_all_of_it_stays_together():
    seen = Zoom(left=16, top=8, side=32).apply(row_of(box(16, 24, 8, 16)))
    assert np.array_equal(seen.mask, box(16, 16, 16, 32))
    for name, number in (("action", 3), ("direction", 2), ("category", 5)):
        assert np.array_equal(getattr(seen, name), number * seen.mask), name
    assert seen.clip.shape == (4, 3, SIZE, SIZE)
    red = seen.clip[:, 0] > 135
    assert (red == seen.mask.astype(bool)).mean() > 0.97
    assert (seen.sentence, seen.name) == ("a dog", "v/00001/1")


def test_the_whole_shown_smaller_has_black_around_it():
    seen = Zoom(left=-32, top=-16, side=128).apply(row_of(box(16, 24, 8, 16)))
    assert np.array_equal(seen.mask, box(16, 28, 4, 8))
    for name, number in (("action", 3), ("direction", 2), ("category", 5)):
        assert np.array_equal(getattr(seen, name), number * seen.mask), name
    inside = box(8, 16, 32, 32).astype(bool)
    assert (seen.clip[:, 1, inside] == 60).all()
    assert not seen.clip[..., ~inside].any()


def test_who_is_shown_smaller_is_still_there():
    """A line of half a pixel has a mask, and who would be next to nothing stays as large."""
    line = np.zeros((SIZE, SIZE), np.uint8)
    line[10, 4:60] = 1
    assert Zoom(0, 0, 2 * SIZE).apply(row_of(line)).mask.sum() >= 6
    windows = farther([row_of(box(20, 20, 12, 12))])
    assert 25 < len(windows) < 60
    for window in windows:
        assert 1.1 * SIZE < window.side <= 2 * SIZE
        assert SIZE - window.side <= min(window.left, window.top)
        assert max(window.left, window.top) <= 0
    assert farther([row_of(box(20, 20, 12, 12)), row_of(box(40, 40, 5, 7))]) == []


def test_enough_is_seen_of_every_actor_and_the_border_cuts_some():
    masks = [box(10, 6, 20, 10), box(28, 30, 20, 12)]
    parts = nearer([row_of(mask) for mask in masks])
    assert 40 < len(parts) < 150
    shares = []
    for part in parts:
        assert 0 <= part.left <= SIZE - part.side
        assert 0 <= part.top <= SIZE - part.side
        assert 0.34 * SIZE <= part.side <= 0.91 * SIZE
        window = np.s_[part.top : part.top + part.side, part.left : part.left + part.side]
        shares += [mask[window].sum() / mask.sum() for mask in masks]
    assert min(shares) >= 0.4
    assert 0.05 < np.mean(np.array(shares) < 1) < 0.9


def test_no_part_shows_nothing_but_an_actor():
    mask = box(4, 4, SIZE // 2, SIZE // 2)
    parts = nearer([row_of(mask)])
    shares = [mask[p.top : p.top + p.side, p.left : p.left + p.side].mean() for p in parts]
    assert len(shares) > 20
    assert max(shares) <= 0.85


def test_a_part_holds_padding_only_where_the_picture_is_too_low():
    parts = nearer([row_of(box(26, 20, 12, 12), padding=16)])
    assert {part.side <= 32 for part in parts} == {True, False}
    for part in parts:
        if part.side <= 32:
            assert 16 <= part.top <= 48 - part.side
        else:
            assert 48 - part.side <= part.top <= 16


@pytest.mark.parametrize(
    ("sentence", "stays"),
    [
        ("the dog on the left", True),
        ("a man in the middle is jumping", True),
        ("the cat at the bottom", True),
        ("the dog moving to the left", False),
        ("the dog left of the cat", False),
        ("a man in the middle ages", True),
        ("The left dog", True),
        ("the leftmost dog", True),
        ("a dog in the lower right corner", True),
        ("the dog on left", True),
        ("the dog running towards the right", False),
    ],
)
def test_the_whole_stays_where_a_sentence_speaks_of_a_place_in_it(sentence: str, stays: bool):
    rows = [row_of(box(20, 20, 16, 16)), row_of(box(20, 20, 16, 16), sentence)]
    assert (drawn(rows) == []) == stays


def test_nothing_but_black_is_a_clip_as_well():
    assert drawn([row_of(box(20, 20, 16, 16), padding=32)])


def test_black_beside_a_frame_that_is_not_the_target_is_no_padding():
    row = row_of(box(20, 2, 12, 12))
    moved = row.clip.copy()
    moved[:2, ..., :24] = 0
    assert nearer([row._replace(clip=moved)]) == nearer([row])


def test_a_window_does_not_tell_whether_the_actor_is_there():
    """Else a network would learn that who is described in a clip with black around it is there."""
    there, nobody = row_of(box(20, 24, 14, 14)), row_of(box(0, 0, 0, 0))
    for kind in (nearer, farther):
        shares = [len(kind([row], 1000)) / 1000 for row in (there, nobody)]
        assert shares[0] == pytest.approx(shares[1], rel=0.2), kind
