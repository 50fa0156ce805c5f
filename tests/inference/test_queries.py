import pytest

from cstm.data.language.words import Vocabulary
from cstm.inference import SegmentationWarning
from cstm.inference.queries import encode_queries

WORDS = Vocabulary(("a", "cat", "dog", "jumping", "left", "running", "the", "white"))


def test_known_words_become_their_numbers():
    (numbers,) = encode_queries(["The white  CAT, jumping!"], WORDS)
    assert numbers == [8, 9, 3, 5] + [0] * 16


@pytest.mark.parametrize("query", ["", "   ", "\n", "?!"])
def test_blank_queries_are_refused(query):
    with pytest.raises(ValueError, match="has no words") as error:
        encode_queries(["a cat", query], WORDS)
    assert "a dog running" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_query_of_unknown_words_is_refused_with_the_closest_known():
    with pytest.raises(ValueError, match="none of the words") as error:
        encode_queries(["whyte\ncats"], WORDS)
    assert str(error.value) == (
        'none of the words of the query "whyte cats" is among the 8 that this network knows; '
        "did you mean white, cat?"
    )


def test_where_nothing_is_close_some_known_words_are_named():
    with pytest.raises(ValueError, match="it knows, for instance, a, cat, dog"):
        encode_queries(["zzz"], WORDS)


def test_some_unknown_words_are_named_once():
    with pytest.warns(SegmentationWarning) as caught:
        (numbers,) = encode_queries(["a purple cat, a purple dgo"], WORDS)
    (warning,) = caught
    assert "does not know: purple, dgo; did you mean dog?" in str(warning.message)
    assert numbers[:6] == [2, 1, 3, 2, 1, 1]


def test_a_sentence_that_is_read_otherwise_is_told_as_it_is_read():
    words = Vocabulary((*WORDS.words, "on"), synonyms={"kitten": "cat", "bald": ""})
    with pytest.warns(SegmentationWarning) as caught:
        (numbers,) = encode_queries(["the LEFT bald kitten, a zebra"], words)
    assert numbers[:8] == [8, 3, 10, 8, 6, 2, 1, 0]
    unknown, read = (str(warning.message) for warning in caught)
    assert "does not know: zebra; it knows, for instance" in unknown
    assert read == (
        'the query "the left bald kitten a zebra" is read as "the cat on the left a zebra"'
    )
    with pytest.raises(ValueError, match=r"none of the words .* did you mean kitten"):
        encode_queries(["bald kittens"], words)


def test_words_after_the_twentieth_are_named():
    query = " ".join(["cat"] * 20 + ["running", "LEFT"])
    with pytest.warns(SegmentationWarning) as caught:
        (numbers,) = encode_queries([query], WORDS)
    (warning,) = caught
    assert "has 22 words" in str(warning.message)
    assert str(warning.message).endswith('cut off: "running left"')
    assert numbers == [3] * 20


def test_what_is_cut_off_counts_for_nothing():
    with pytest.raises(ValueError, match="none of the words"):
        encode_queries([" ".join(["zzz"] * 20 + ["cat"])], WORDS)


def test_messages_are_one_line():
    with pytest.warns(SegmentationWarning) as caught:
        encode_queries(["the\ncat\n" + "strange " * 30], WORDS)
    assert len(caught) == 2
    assert all("\n" not in str(warning.message) for warning in caught)


def test_no_query_and_a_bare_string_are_refused():
    with pytest.raises(ValueError, match="no query"):
        encode_queries([], WORDS)
    with pytest.raises(ValueError, match="give a list of sentences"):
        encode_queries("a cat", WORDS)
