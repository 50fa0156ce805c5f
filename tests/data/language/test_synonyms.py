"""What is read as something else: only words that training on generated sentences never says."""

import numpy as np
import pytest

from cstm.data.composed import ComposedClips, phrases
from cstm.data.language.clues import COLOURS
from cstm.data.language.synonyms import SYNONYMS, places_last, plainly
from cstm.data.language.wording import WORDS, reword
from cstm.data.language.words import tokenize
from cstm.data.synthetic.clip import plan_clip


def test_generated_sentences_say_what_a_synonym_is_read_as_and_never_itself():
    drawn = [s.text for number in range(120) for s in plan_clip([3, 0, number], (64, 64), 8)[1]]
    composed = (phrases._SIZES, phrases._RELATIONS, phrases._MOTIONS, phrases._WALKS)
    said = [*WORDS, *COLOURS, *drawn]
    said += [text for table in composed for texts in table.values() for text in texts]
    words = {word for text in said for word in tokenize(text)}
    assert len(words) > 250
    assert not words & SYNONYMS.keys()
    assert set(SYNONYMS.values()) <= {"", *words}


def test_generated_sentences_are_read_word_for_word(photographs):
    drawn = [s.text for number in range(120) for s in plan_clip([3, 0, number], (64, 64), 8)[1]]
    rng = np.random.default_rng(0)
    pairs = ComposedClips(photographs, "train", clips=100, seed=5).pairs
    composed = [pair.sentence for pair in pairs]
    reworded = [reword(rng, pair.sentence, pair.actor, ["dog", "car"]) for pair in pairs]
    for text in (*drawn, *composed, *reworded):
        assert places_last(plainly(tokenize(text), SYNONYMS)) == tokenize(text)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("the left person", "the person on the left"),
        ("left white dog running", "white dog on the left running"),
        ("right black and white cat", "black and white cat on the right"),
        ("the bottom bird is flying", "the bird at the bottom is flying"),
        ("a left most dog in the middle", "a dog on the left in the middle"),
        ("bottom right man", "man on the right at the bottom"),
        ("the left traffic light", "the traffic light on the left"),
        ("the left orange ball", "the orange ball on the left"),
        ("the left light brown dog", "the light brown dog on the left"),
        ("the right children", "the children on the right"),
        ("the left dogs", "the dogs on the left"),
        ("the dog to the left", "the dog on the left"),
        ("a person at the right is still", "a person on the right is still"),
    ],
)
def test_places_come_after_their_nouns(said, read):
    assert " ".join(places_last(said.split())) == read
    assert places_last(read.split()) == read.split()


@pytest.mark.parametrize(
    "said",
    [
        "the dog moving to the left", "the dog to the left of the car", "turn left", "the left",
        "on the left person is walking", "the right arm of the man", "",
        "the man in the left corner of the street", "the person walking to the left is still",
        "a man riding a bike to the right", "a man wearing a top hat", "a top naked man",
        "a middle aged woman", "the man with the left hand holding a phone",
        "the dog is left behind the car",
    ],
)  # fmt: skip
def test_other_lefts_and_rights_stay_where_they_are(said):
    assert places_last(said.split()) == said.split()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("the far left blonde woman", "the woman on the left"),
        ("a blonde in a dark suit", "a woman in a black suit"),
        ("the woman with blonde hair", "the woman with hair"),
        ("the dark blue car", "the blue car"),
        ("a guard dog that runs", "a dog that running"),
        ("the right bus driver", "the bus person on the right"),
        ("a fighter jet", "a airplane"),
        ("the woman with jet black hair", "the woman with black hair"),
        ("a person riding a jet ski", "a person riding a ski"),
        ("the canary yellow car", "the yellow car"),
        ("the man in a camel coat", "the man in a coat"),
        ("the left man walking to the camera", "the man on the left coming closer"),
        ("a dog that runs towards us", "a dog that coming closer"),
        ("the man talking to the camera", "the man talking to the camera"),
        ("a bird flying upward", "a bird flying up"),
        ("the man riding a motorbike", "the man riding a motorcycle"),
    ],
)
def test_sentences_are_read_as_generated_ones_would_say_them(said, read):
    assert " ".join(places_last(plainly(said.split(), SYNONYMS))) == read
