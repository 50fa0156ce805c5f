"""Tokens, vocabulary, and word vectors in GloVe's text format."""

import gzip
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstm.data.language.words import (
    MAX_WORDS,
    Vocabulary,
    read_word_vectors,
    tokenize,
    tokenize_as_released,
)

LINES = "the 1 2 3\ndog 0.5 -1 2\n. . . 7 8 9\nunused 0 0 0\n"
"""The third word holds spaces, as some of glove.840B.300d.txt do."""


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("A white, brown cat is jumping.", ["a", "white", "brown", "cat", "is", "jumping"]),
        ("  two   spaces ", ["two", "spaces"]),
        ("man's t-shirt", ["man's", "t", "shirt"]),
        ("the man’s dog", ["the", "man's", "dog"]),
        ("the 'white' cat", ["the", "white", "cat"]),
        ("?!", []),
    ],
)
def test_sentences_are_lowered_and_split_at_what_is_no_word(sentence, words):
    assert tokenize(sentence) == words


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("A white, brown cat is jumping.", ["a", "white", ", ", "brown", "cat", "is", "jumping"]),
        ("  the man's  t-shirt ", ["the", "man", "'", "s", "  ", "t", "-", "shirt"]),
        ("Stop. Run!", ["stop", ". ", "run", "!"]),
        (".", []),
        (" ", []),
    ],
)
def test_the_release_reads_what_stands_between_words(sentence, tokens):
    assert tokenize_as_released(sentence) == tokens
    assert Vocabulary((), "released").tokenize(sentence) == tokens


@given(st.lists(st.sampled_from(["cat", "dog", "runs", "zebra"]), max_size=30))
def test_encoding_has_20_numbers_unknown_words_are_1_and_padding_0(words):
    vocabulary = Vocabulary(("cat", "dog", "runs"))
    numbers = vocabulary.encode(" ".join(words))
    known = {"cat": 2, "dog": 3, "runs": 4, "zebra": 1}
    assert len(numbers) == MAX_WORDS == 20
    assert numbers[: len(words)] == [known[word] for word in words[:20]]
    assert not any(numbers[len(words) :])


def test_synonyms_are_read_as_another_word_and_empty_ones_passed_over():
    synonyms = {"hound": "dog", "wolf": "dog", "white": ""}
    vocabulary = Vocabulary(("cat", "dog", "white", "wolf"), synonyms=synonyms)
    assert vocabulary.read("white hound or wolf or zebra") == ["dog", "or", "dog", "or", "zebra"]
    assert vocabulary.encode("white hound or wolf")[:4] == [3, 1, 3, 0]
    assert [word in vocabulary for word in ("hound", "wolf", "white", "zebra")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert vocabulary.known == ("cat", "dog", "wolf", "hound")
    learned = vocabulary.learning(["wolf", "white", "hound"])
    assert learned.synonyms == {"hound": "dog"}, "it has no number of its own to learn with"
    assert learned.encode("white wolf hound")[:3] == [4, 5, 3]
    with pytest.raises(ValueError, match=r"read as words that are not known: \['yak'\]"):
        Vocabulary(("cat",), synonyms={"cow": "yak"})


def test_places_are_read_after_nouns_where_nothing_is_lost_by_it():
    vocabulary = Vocabulary(("dog", "left", "on", "the"), synonyms={"leftmost": "left"})
    assert vocabulary.encode("The leftmost dog")[:6] == [5, 2, 4, 5, 3, 0]
    full = f"the leftmost dog {'and ' * 16}dog"
    assert vocabulary.read(full) == ["the", "left", *full.split()[2:]], "nothing is cut off"
    poor = Vocabulary(("dog", "left", "the"), synonyms={"leftmost": "left"})
    assert poor.read("the leftmost dog") == ["the", "left", "dog"], "it doesn't know on"
    camera = "a dog walking towards the camera"
    assert poor.read(camera) == camera.split(), "nor coming closer"
    assert Vocabulary(("left",), synonyms={"leftmost": "left", "bald": ""}).encode("bald")[0] == 1
    plain = Vocabulary(vocabulary.words)
    assert plain.read("the left dog") == ["the", "left", "dog"]
    assert vocabulary.read("") == []


def test_a_vocabulary_of_sentences_holds_each_word_once():
    vocabulary = Vocabulary.of_sentences(["The dog runs", "the DOG."])
    assert vocabulary.words == ("dog", "runs", "the")
    assert len(vocabulary) == 5
    assert "dog" in vocabulary
    assert "cat" not in vocabulary


def write(path, kind):
    if kind == "txt":
        path = path / "glove.txt"
        path.write_text(LINES)
    elif kind == "gz":
        path = path / "glove.txt.gz"
        path.write_bytes(gzip.compress(LINES.encode()))
    else:
        path = path / "glove.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("glove.txt", LINES)
    return path


@pytest.mark.parametrize("kind", ["txt", "gz", "zip"])
def test_only_the_wanted_vectors_are_read(tmp_path, kind):
    vectors = read_word_vectors(write(tmp_path, kind), ["dog", ". . .", "zebra"])
    assert set(vectors) == {"dog", ". . ."}
    assert vectors["dog"].dtype == np.float32
    assert vectors["dog"].tolist() == [0.5, -1, 2]
    assert vectors[". . ."].tolist() == [7, 8, 9]


def test_files_that_hold_no_vectors_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no word vectors at"):
        read_word_vectors(tmp_path / "none.txt", ["a"])
    prose = tmp_path / "prose.txt"
    prose.write_text("it was a dark\nand stormy\nnight\n")
    with pytest.raises(ValueError, match="line 2 is not a word and 3 numbers"):
        read_word_vectors(prose, ["a"])
    prose.write_text("2 3\nthe 1 2 3\ncat 4 5 6\n")
    with pytest.raises(ValueError, match="line 1 is the header of another format"):
        read_word_vectors(prose, ["2", "cat"])
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(gzip.compress(LINES.encode() * 100)[:50])
    with pytest.raises(ValueError, match="cannot read word vectors"):
        read_word_vectors(cut, ["a"])
    # Its first bytes and its end are those of a good one.
    packed = bytearray(gzip.compress(LINES.encode() * 100))
    packed[12] ^= 255
    cut.write_bytes(packed)
    with pytest.raises(ValueError, match="cannot read word vectors"):
        read_word_vectors(cut, ["a"])
    several = tmp_path / "several.zip"
    with zipfile.ZipFile(several, "w") as archive:
        archive.writestr("a.txt", LINES)
        archive.writestr("b.txt", LINES)
    with pytest.raises(ValueError, match=r"expected one \.txt file"):
        read_word_vectors(several, ["a"])
