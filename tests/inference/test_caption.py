from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cstm.inference.caption import BAR, caption, text_width, type_size, wrap

WORDS = st.lists(st.text("abcdefgijw", min_size=1, max_size=12), min_size=1, max_size=24)


@settings(max_examples=60)
@given(words=WORDS, width=st.integers(30, 900), size=st.floats(11, 40))
def test_lines_fit_and_hold_the_whole_sentence(words, width, size):
    lines = wrap("  ".join(words), width, size)
    assert all(text_width(line, size) <= width for line in lines if len(line) > 1)
    assert 1 <= len(lines) <= 6
    text = "".join(words)
    shown = "".join(lines).replace(" ", "")
    if shown.endswith("…"):
        assert len(lines) == 6
        assert text.startswith(shown[:-1])
    else:
        assert shown == text


def test_lines_break_between_words():
    lines = wrap("a white cat is jumping to the left", 120, 14.0)
    assert len(lines) > 1
    assert " ".join(lines) == "a white cat is jumping to the left"


def test_a_page_of_letters_without_a_blank_is_cut_at_once():
    began = process_time()
    assert len(wrap("dog " + "x" * 20_000 + " runs" * 2000, 300, 13.0)) == 6
    assert process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [("café", "cafe"), ("the dog – a “Spaß”", 'the dog - a "Spass"'), ("кот", "kot")],
)
def test_what_the_font_lacks_is_written_in_plain_letters(text, shown):
    assert wrap(text, 300, 14.0) == [shown]


def test_type_grows_with_the_picture_and_stays_legible():
    sizes = [type_size(*shape) for shape in ((16, 16), (176, 144), (640, 360), (1920, 1080))]
    assert sizes[0] == sizes[1] == 11 or sizes[0] < sizes[1]
    assert 11 <= sizes[1] < sizes[2] < sizes[3] < 60


@pytest.mark.parametrize("width", [2, 16, 90, 176, 1920])
def test_caption_has_the_width_asked_for_and_ink_on_it(width):
    bar = caption("a white cat is jumping", width, 14.0, (255, 0, 0), margin=8)
    assert bar.shape[1] == width
    if width >= 90:
        assert (bar.max(axis=2) > 200).any(), "no ink"
        assert ((bar[..., 0] > 200) & (bar[..., 1] < 60)).any(), "no dot in the mask's colour"
        assert (bar[:, -8:] == BAR).all(), "text runs into the margin"


def test_another_sentence_is_another_picture():
    one, two = (caption(text, 300, 14.0, (255, 0, 0)) for text in ("a cat", "a dog"))
    assert one.shape == two.shape
    assert not np.array_equal(one, two)
