"""Rewording: who was meant is still meant."""

import re

import numpy as np

from cstm.data.composed.colours import COLOURS
from cstm.data.composed.motion import MOTIONS
from cstm.data.composed.phrases import _MOTIONS, _WALKS
from cstm.data.language.wording import (
    COMPANIES,
    DOINGS,
    OUTFITS,
    SURROUNDINGS,
    WORDS,
    noun_in,
    reword,
)
from cstm.data.language.words import Vocabulary, tokenize
from cstm.data.sample import ACTIONS


def reworded(sentence, actor, present, count=600, is_renamed=True) -> list[str]:
    rngs = map(np.random.default_rng, range(count))
    return [reword(rng, sentence, actor, present, is_renamed) for rng in rngs]


def test_what_was_said_is_still_said_and_mostly_nothing_else():
    said = reworded("the dog in front of the car", "dog", ["dog", "car"])
    assert all(text.startswith("the dog in front of the car") for text in said)
    assert 0.6 < np.mean([text == "the dog in front of the car" for text in said]) < 0.85


def test_people_are_called_many_things_and_others_are_not():
    said = reworded("a person left of the other person", "person", ["person"])
    changed = [text for text in said if not text.startswith("a person")]
    assert 0.2 < len(changed) / len(said) < 0.4
    assert all("left of the other person" in text for text in said)
    assert all(text.startswith("a dog") for text in reworded("a dog", "dog", ["dog"]))


def test_the_noun_of_a_sentence_is_its_first_class_and_orange_may_be_a_colour():
    for sentence, noun in (
        ("the person left of the car", "person"),
        ("a teddy bear spinning", "teddy bear"),
        ("the orange bus is still", "bus"),
        ("the orange is left of the bus", "orange"),
        ("the orange", "orange"),
        ("something", None),
    ):
        assert noun_in(sentence) == noun, sentence


def test_an_adult_is_not_called_what_a_baby_is():
    said = " ".join(reworded("the person jumping", "person", []))
    assert not re.search(r"\b(child|kid|baby|toddler|infant)\b", said)


def test_who_is_not_to_be_renamed_is_not_called_a_woman_without_looking():
    drawn = reworded("the person jumping", "person", [], is_renamed=False)
    assert all(text.startswith("the person jumping") for text in drawn)


def test_company_is_often_present_and_never_of_the_actors_class():
    added = [text[6:] for text in reworded("a dog ", "dog", ["dog", "umbrella"], 3000)]
    assert not any(re.search(r"(?<!hot )\b(dog|puppy)\b", text) for text in added)
    company = [text for text in added if re.search(r" (a|an|the) ", text)]
    assert 0.2 < np.mean(["an umbrella" in t or "the umbrella" in t for t in company]) < 0.8


def test_only_persons_wear_what_persons_wear():
    worn = {text for text in OUTFITS if any(text in s for s in reworded("x", "person", [], 2000))}
    assert len(worn) > 10
    assert not any(text in s for s in reworded("x", "car", []) for text in OUTFITS)
    assert not any(text in s for s in reworded("x", None, []) for text in OUTFITS)


def test_what_is_added_tells_nothing_about_who_is_there():
    marked = ["person", "dog", "car"]
    for sentence, actor in (("the person jumping", "person"), ("a puppy on the left", "dog")):
        there = reworded(sentence, actor, marked)
        assert reworded(sentence, None, marked) == there
        assert len(set(there)) > 50


def test_nothing_that_is_added_is_a_clue_of_a_generated_sentence():
    added = " ".join((*SURROUNDINGS, *DOINGS, *COMPANIES, *OUTFITS))
    composed = {words.split()[0] for motion in MOTIONS for words in _MOTIONS[motion]}
    walks = {word for words in _WALKS.values() for word in words}
    drawn = {*ACTIONS, "sitting", "standing", "parked", "driving", "pecking", "bouncing"}
    for word in composed | walks | drawn | set(COLOURS):
        assert not re.search(rf"\b{re.escape(word)}\b", added), word


def test_a_vocabulary_can_know_all_that_is_added():
    known = Vocabulary.of_sentences((*WORDS, "the person"))
    for seed in range(2000):
        said = reword(np.random.default_rng(seed), "the person", "person", ["dog", "car"])
        assert all(word in known for word in tokenize(said)), said
