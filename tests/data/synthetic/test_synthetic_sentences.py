"""Every sentence singles out its actor, by a reading of words that shares nothing with the writer.

The reading is generous to the other actors: whatever one could call true of them counts.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from cstm.data.synthetic.clip import plan_clip
from cstm.data.synthetic.render import Renderer
from cstm.data.synthetic.scene import Scene
from cstm.data.synthetic.sentences import Sentence

NOUNS = {
    "man": "man", "guy": "man", "woman": "woman", "lady": "woman", "person": "adult",
    "baby": "baby", "child": "baby", "bird": "bird", "ball": "ball", "car": "car", "cat": "cat",
    "kitty": "cat", "dog": "dog", "puppy": "dog",
}  # fmt: skip
COLOURS = {
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray",
}  # fmt: skip
SIZES = {"small": "small", "little": "small", "big": "big", "large": "big"}
VERBS = {
    "climbing": "climbing", "crawling": "crawling", "eating": "eating", "pecking": "eating",
    "flying": "flying", "jumping": "jumping", "bouncing": "jumping", "rolling": "rolling",
    "running": "running", "driving": "running", "walking": "walking", "standing": "none",
    "sitting": "none", "staying": "none", "parked": "none", "moving": "moving",
}  # fmt: skip
GLUE = {
    "the", "a", "an", "is", "that", "which", "in", "on", "at", "to", "towards", "side", "clothes",
    "shirt", "dress", "and", "not", "still", "left", "right", "top", "bottom", "middle", "center",
    "up", "upwards", "down", "downwards", "place", "spot",
}  # fmt: skip
PLACE = re.compile(r"\b(?:on|at|in) the (left|right|top|bottom|middle|center)\b")
WAY = re.compile(
    r"\b(?:(?:to|towards) the (left|right)|ing (left|right)|(up|down)(?:wards)?"
    r"|in (place)|on the (spot))\b"
)


@dataclass(frozen=True)
class Reading:
    noun: str | None
    size: str | None
    colours: set[str]
    verb: str | None
    way: str | None
    place: str | None


def read(text: str) -> Reading:
    words = text.split()
    places = PLACE.findall(text)
    rest = (
        PLACE.sub("", text)
        .replace("ing left", "ing ing left")
        .replace("ing right", "ing ing right")
    )
    ways = [next(filter(None, groups)) for groups in WAY.findall(rest)]
    verbs = [VERBS[w] for w in words if w in VERBS]
    if "not moving" in text:
        verbs = ["none"]
    nouns = [NOUNS[w] for w in words if w in NOUNS]
    assert len(nouns) == 1
    assert len(verbs) <= 1
    assert len(ways) <= 1
    assert len(places) <= 1
    known = {*NOUNS, *COLOURS, *SIZES, *VERBS, *GLUE}
    assert set(words) <= known, text
    place = places[0].replace("center", "middle") if places else None
    way = ways[0].replace("spot", "place") if ways else None
    sizes = [SIZES[w] for w in words if w in SIZES]
    return Reading(
        nouns[0], sizes[0] if sizes else None, COLOURS & set(words),
        verbs[0] if verbs else None, way, place,
    )  # fmt: skip


def centres(scene: Scene, number: int, masks: list[np.ndarray]) -> list[tuple[float, float]]:
    found = []
    for mask in masks:
        ys, xs = np.nonzero(mask == number + 1)
        if len(xs) >= 60:
            found.append((xs.mean() / scene.width, ys.mean() / scene.height))
    return found


def could_mean(reading: Reading, scene: Scene, number: int, masks: list[np.ndarray]) -> bool:
    look, motion = scene.actors[number].look, scene.actors[number].motion
    # A baby is a person, too.
    wider = "adult" if look.actor == "baby" else None
    if reading.noun not in (None, look.kind, look.actor, wider):
        return False
    if not reading.colours <= set(look.colours):
        return False
    if reading.size and {reading.size, look.size} == {"small", "big"}:
        return False
    if reading.verb == "moving" and motion.action == "none":
        return False
    if reading.verb not in (None, "moving", motion.action):
        return False
    if reading.way and reading.way != motion.direction.split()[-1]:
        return False
    where = centres(scene, number, masks)
    return {
        None: True,
        "left": any(x < 0.5 for x, _ in where),
        "right": any(x > 0.5 for x, _ in where),
        "top": any(y < 0.5 for _, y in where),
        "bottom": any(y > 0.5 for _, y in where),
        "middle": any(1 / 3 < x < 2 / 3 for x, _ in where),
    }[reading.place]


def surely_there(place: str, where: list[tuple[float, float]]) -> bool:
    return {
        "left": all(x < 0.45 for x, _ in where),
        "right": all(x > 0.55 for x, _ in where),
        "top": all(y < 0.45 for _, y in where),
        "bottom": all(y > 0.55 for _, y in where),
        "middle": all(0.35 < x < 0.65 for x, _ in where),
    }[place]


Plan = tuple[Scene, tuple[Sentence, ...], list[np.ndarray]]


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    made = []
    for seed in range(80):
        scene, sentences = plan_clip([41, seed], (160, 120), 32, unseen=seed % 10 == 0)
        masks = [Renderer(scene).masks(t) for t in scene.annotated]
        made.append((scene, sentences, masks))
    return made


def test_every_sentence_singles_out_its_actor(plans: list[Plan]) -> None:
    for scene, sentences, masks in plans:
        for sentence in sentences:
            reading = read(sentence.text)
            meant = [
                n for n in range(len(scene.actors)) if could_mean(reading, scene, n, masks)
            ]  # fmt: skip
            assert meant == [sentence.actor], sentence.text
            if reading.place:
                assert surely_there(reading.place, centres(scene, sentence.actor, masks))


def test_sentences_are_short_and_plain(plans: list[Plan]) -> None:
    for _, sentences, _ in plans:
        for sentence in sentences:
            assert 1 <= len(sentence.text.split()) <= 20
            assert re.fullmatch(r"[a-z]+( [a-z]+)*", sentence.text)
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", sentence.text)


def test_every_actor_has_one_or_two_sentences(plans: list[Plan]) -> None:
    for scene, sentences, _ in plans:
        counts = [sum(s.actor == n for s in sentences) for n in range(len(scene.actors))]
        assert set(counts) <= {1, 2}
        assert len({s.text for s in sentences}) == len(sentences)


def test_look_alikes_are_told_apart_by_motion_words_alone(plans: list[Plan]) -> None:
    told = 0
    for scene, sentences, masks in plans:
        for sentence in sentences:
            if sentence.look_alike is None:
                continue
            told += 1
            assert scene.pair is not None
            assert {sentence.actor, sentence.look_alike} == set(scene.pair)
            assert "action" in sentence.tags
            assert "place" not in sentence.tags
            reading = read(sentence.text)
            still = Reading(reading.noun, reading.size, reading.colours, None, None, None)
            assert reading.place is None
            assert could_mean(still, scene, sentence.look_alike, masks)
    assert told > 70


def test_each_of_a_pair_is_told_apart_by_motion_once_at_least(plans: list[Plan]) -> None:
    for scene, sentences, _ in plans:
        for number in scene.pair or ():
            assert any(s.actor == number and s.look_alike is not None for s in sentences)


def test_tags_name_what_is_needed(plans: list[Plan]) -> None:
    seen = set()
    for scene, sentences, masks in plans:
        others = range(len(scene.actors))
        for sentence in sentences:
            reading = read(sentence.text)
            seen.add(sentence.tags)
            assert sentence.tags
            if "place" in sentence.tags:
                assert reading.place
            if "action" in sentence.tags:
                assert reading.verb or reading.way
            if len(sentence.tags) > 1:
                continue
            alone = {
                "appearance": replace(reading, verb=None, way=None, place=None),
                "action": Reading(None, None, set(), reading.verb, reading.way, None),
                "place": Reading(None, None, set(), None, None, reading.place),
            }[sentence.tags[0]]
            meant = [n for n in others if could_mean(alone, scene, n, masks)]
            assert meant == [sentence.actor], sentence.text
    assert {("appearance",), ("action",), ("place",)} <= seen
    assert ("appearance", "action", "place") in seen


def test_vocabulary_is_small(plans: list[Plan]) -> None:
    words = {w for _, sentences, _ in plans for s in sentences for w in s.text.split()}
    assert 60 < len(words) < 130
