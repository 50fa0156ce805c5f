"""Sentences about composed clips: true, of one actor only, or of no one; in words that we know."""

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest

from cstm.data.composed import ComposedClips
from cstm.data.composed.cast import describe_cast
from cstm.data.composed.clues import fits, relates
from cstm.data.composed.colours import COLOURS, clothes, common, name_colours
from cstm.data.composed.cutouts import read_cutouts
from cstm.data.composed.figures import measure
from cstm.data.composed.motion import MAY_BE, MOTIONS, draw_partner
from cstm.data.composed.phrases import phrase
from cstm.data.composed.scene import Box
from cstm.data.composed.sentences import Lack, options
from cstm.data.language.class_names import class_of
from cstm.data.language.meanings import meant_by
from cstm.data.language.nouns import CATEGORIES, noun_of
from cstm.data.language.words import MAX_WORDS, tokenize

SHARED = Path(__file__).parents[4] / "shared"
SPRITES = SHARED / "data" / "sprites"
VECTORS = SHARED / "data" / "weights" / "word_vectors_300d.txt.gz"

PLACE = re.compile(
    r"(on|at|in) the (left|right|top|bottom|middle|center)( side)?|((to )?the |on the )?"
    r"\b(left|right) of the [a-z ]+?(?= (is|that|moving|going|heading|not|stay)|$)"
)
SAID = {
    "left": r"\bleft\b", "right": r"\bright\b", "up": r"\b(up|upwards|rising)\b(?! and)",
    "down": r"(?<!and )\b(down|sinking)\b", "still": r"\b(not moving|still|in place)\b",
    "spinning": r"spinning|rotating|turning", "closer": r"closer|approaching|bigger$",
    "away": r"away|smaller$", "jumping": r"jumping|bouncing|hopping",
    "rolling": r"rolling",
}  # fmt: skip
"""What a sentence says of motion, read from its words."""


@pytest.fixture(scope="module")
def clips(photographs) -> ComposedClips:
    return ComposedClips(photographs, "train", clips=250, seed=5)


def said_motions(text: str) -> set[str]:
    rest = PLACE.sub("", text)
    return {motion for motion, words in SAID.items() if re.search(words, rest)}


def called(category: str, text: str) -> bool:
    return any(re.search(rf"\b{word}\b", text) for word in noun_of(category).words)


def plain(clips):
    """Sentences with their casts, without those that speak of another actor too."""
    for plan in clips.plans:
        for sentence in plan.sentences:
            if " of the " not in sentence.text and "behind" not in sentence.text:
                yield plan, sentence


def test_what_is_said_of_an_actor_is_true(clips):
    checked = 0
    for plan, sentence in plain(clips):
        if sentence.actor is None:
            continue
        one = plan.cast[sentence.actor]
        assert called(one.category, sentence.text)
        for motion in said_motions(sentence.text):
            assert motion in one.motion.split() or one.motion == motion, sentence.text
            checked += 1
        for colour in COLOURS:
            if re.search(rf"\b{colour}\b", sentence.text):
                assert one.colour == colour
        if re.search(r"(on|at) the left", sentence.text):
            assert one.box.middle[0] < 0.45
        if re.search(r"(on|at) the right", sentence.text):
            assert one.box.middle[0] > 0.55
    assert checked > 150


def test_nobody_else_is_meant(clips):
    """Of all others of its class something that is said is false."""
    checked = 0
    for plan, sentence in plain(clips):
        placed = re.search(r"(on|at|in) the (left|right|top|bottom|middle|center)", sentence.text)
        sized = re.search(r"\b(small|little|smaller|big|large|bigger) ", sentence.text)
        if sentence.actor is None or placed or sized:
            continue
        said = said_motions(sentence.text)
        colours = {c for c in COLOURS if re.search(rf"\b{c}\b", sentence.text)}
        for number, other in enumerate(plan.cast):
            if number != sentence.actor and called(other.category, sentence.text):
                moves = re.search(r"\bmoving\b", sentence.text) and other.motion == "still"
                otherwise = any(motion not in other.motion.split() for motion in said)
                assert otherwise or moves or not colours <= other.colours, sentence.text
                checked += 1
    assert checked > 50


def test_look_alikes_are_one_cut_out_that_sentences_tell_apart_by_motion_alone(clips):
    plans = [plan for plan in clips.plans if plan.kind == "look-alikes"]
    assert len(plans) > 50
    for plan in plans:
        told = {
            (sentence.actor, sentence.look_alike)
            for sentence in plan.sentences
            if "action" in sentence.tags and sentence.look_alike is not None
        }
        twins = [
            (one, other)
            for one, other in told
            if (other, one) in told
            and plan.scene.actors[one].figure is plan.scene.actors[other].figure
        ]
        assert twins
        for one, other in twins:
            first, second = (plan.cast[number].motion for number in (one, other))
            assert first not in MAY_BE[second]
            assert second not in MAY_BE[first]
            ratio = max(plan.scene.actors[one].size) / max(plan.scene.actors[other].size)
            assert 0.8 < ratio < 1.25


def test_neither_place_nor_pose_gives_a_motion_away(photographs):
    lefts, angles = [], {"turning": [], "other": []}
    for plan in ComposedClips(photographs, "train", clips=900, seed=9).plans:
        if plan.kind != "look-alikes":
            continue
        turning = any("rolling" in a.motion.name or a.motion.name == "spinning"
                      for a in plan.scene.actors[:2])  # fmt: skip
        for actor in plan.scene.actors:
            if actor.motion.name == "left":
                lefts.append(actor.middle[0] / plan.scene.width)
            if turning and actor.figure is plan.scene.actors[0].figure:
                own = "rolling" in actor.motion.name or actor.motion.name == "spinning"
                angles["turning" if own else "other"].append(abs(actor.motion.angle))
    assert np.mean(lefts) == pytest.approx(0.5, abs=0.1)
    assert np.mean(angles["other"]) == pytest.approx(np.mean(angles["turning"]), abs=25)


def test_place_tells_some_pairs_apart(clips):
    by_place = [s for p in clips.plans for s in p.sentences if s.tags == ("place",)]
    assert sum(s.look_alike is not None for s in by_place) > 20


def test_absent_actors_are_absent(clips):
    absent = [(plan, sentence) for plan, sentence in plain(clips) if sentence.actor is None]
    assert len(absent) > 30
    kinds = set()
    for plan, sentence in absent:
        said = said_motions(sentence.text)
        colours = {c for c in COLOURS if re.search(rf"\b{c}\b", sentence.text)}
        same = [one for one in plan.cast if called(one.category, sentence.text)]
        kinds.add(sentence.lacks)
        assert bool(same) == (sentence.lacks not in ("class", "class alone"))
        if sentence.lacks and sentence.lacks.endswith("alone"):
            # All else is true of one.
            alone = sentence.lacks.removesuffix(" alone")
            assert any(
                (alone == "class" or one in same)
                and (alone == "colour" or colours <= one.colours)
                and (alone == "motion" or all(m in one.motion.split() for m in said))
                for one in plan.cast
            ), sentence.text
            if PLACE.search(sentence.text):
                # Another of the class may do so, elsewhere.
                continue
        for one in same:
            wrong_motion = any(m not in one.motion.split() for m in said)
            wrong_motion |= one.motion == "still" and not said and "moving" in sentence.text
            wrong_colour = not colours <= one.colours
            if sentence.lacks == "colour":
                assert wrong_colour, sentence.text
            elif sentence.lacks in ("colour alone", "motion alone"):
                assert wrong_colour or wrong_motion, sentence.text
            else:
                assert wrong_motion, sentence.text
            assert one.depth is not None or sentence.lacks != "action"
    assert kinds == set(get_args(Lack))


def test_a_class_that_is_falsely_said_to_be_there_is_elsewhere_there(clips):
    """A word that is only ever said of nobody would give the answer away."""
    shown = {pair.actor for pair in clips.pairs if pair.actor}
    words = {word for category in shown for word in noun_of(category).words}
    false = [pair.sentence for pair in clips.pairs if pair.kind == "lacks the class alone"]
    assert len(false) > 30
    for sentence in false:
        assert any(re.search(rf"\b{word}\b", sentence) for word in words), sentence


@pytest.mark.skipif(not SPRITES.exists(), reason="photographs not at hand")
def test_what_files_do_not_mark_all_of_is_not_said_of_nobody():
    clips = ComposedClips(SPRITES, "train", clips=300)
    absent = " ".join(pair.sentence for pair in clips.pairs if "lacks the class" in pair.kind)
    assert "potted plant" in absent
    assert not re.search(r"(?<!potted )\bplant\b|(?<!stop )\bsign\b", absent)


def test_a_motion_is_the_actor_s_and_not_the_landmark_s(clips):
    """After a landmark's noun nothing follows that could be said of it."""
    rng = np.random.default_rng(0)
    cast = list(next(plan.cast for plan in clips.plans if len(plan.cast) > 1))
    for motion in MOTIONS:
        for _ in range(20):
            clues = {"noun": "dog", "motion": motion, "relation": "left of/1", "place": "top"}
            said = phrase(rng, clues, cast)
            assert said.endswith(f" on the left of the {cast[1].words[0]}"), "to it would be a way"
    said = {phrase(rng, {"noun": "dog", "relation": "left of/1"}, cast) for _ in range(60)}
    assert any(" to the left of the " in text for text in said)


def test_what_spans_the_picture_is_on_no_side_of_it(clips):
    spans = {"left": "width", "right": "width", "top": "height", "bottom": "height"}
    tall = 0
    for one in (one for plan in clips.plans for one in plan.cast):
        left, top, right, bottom = one.box
        size = {"width": right - left, "height": bottom - top}
        assert all(size[spans[side]] <= 0.6 for side in one.at & spans.keys())
        tall += size["height"] > 0.6
    assert tall > 5


def test_every_set_of_clues_is_true_of_its_actor_and_of_no_other(clips):
    rng = np.random.default_rng(0)
    for plan in clips.plans:
        cast = list(plan.cast)
        for number, one in enumerate(cast):
            if one.is_clear:
                for clues in options(rng, cast, number):
                    assert [i for i in range(len(cast)) if fits(clues, cast, i)] == [number]


def test_partners_are_never_mistaken():
    rng = np.random.default_rng(0)
    for motion in MOTIONS:
        partners = {draw_partner(rng, motion) for _ in range(60)}
        assert motion not in partners
        assert len(partners) >= 3


def test_sentences_are_short_enough(clips):
    assert max(len(tokenize(pair.sentence)) for pair in clips.pairs) <= MAX_WORDS


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((210, 30, 35), "red"), ((240, 130, 20), "orange"), ((245, 215, 40), "yellow"),
        ((40, 140, 60), "green"), ((30, 70, 190), "blue"), ((110, 40, 160), "purple"),
        ((245, 150, 190), "pink"), ((110, 66, 36), "brown"), ((20, 20, 22), "black"),
        ((240, 240, 238), "white"), ((128, 128, 130), "gray"), ((190, 160, 30), "yellow"),
        ((150, 115, 70), "brown"), ((255, 182, 193), "pink"), ((209, 151, 151), "pink"),
    ],
)  # fmt: skip
def test_colour_names(rgb, name):
    pixels = np.full((100, 3), rgb, np.uint8)
    assert name_colours(pixels).clear == name
    mixed = np.concatenate([pixels, np.full((100, 3), (255, 255, 255) if name != "white" else 0)])
    assert name_colours(mixed.astype(np.uint8)).clear is None
    assert name in name_colours(mixed.astype(np.uint8)).possible


@pytest.mark.parametrize(
    ("rgb", "may_be"),
    [
        ((210, 180, 140), {"brown", "yellow"}),  # tan
        ((139, 119, 89), {"brown", "gray"}),  # an old couch
        ((102, 93, 16), {"green", "yellow"}),  # olive
    ],
)
def test_what_is_dull_has_no_sure_colour(rgb, may_be):
    named = name_colours(np.full((100, 3), rgb, np.uint8))
    assert named.clear is None
    assert may_be < named.possible <= set(COLOURS)


def test_beside_is_not_in_front():
    bus, dog = Box(0, 0.2, 0.9, 0.8), Box(0.15, 0.4, 0.25, 0.7)
    assert not relates("left of", dog, bus, sure=True)
    assert relates("left of", dog, bus, sure=False), "someone might say so"
    assert relates("left of", dog, Box(0.4, 0.4, 0.9, 0.8), sure=True)


def test_sizes_are_of_one_class(clips):
    """A cup is no big glass for being bigger than a wine glass: a word may mean either."""
    one = clips.plans[0].cast[0]
    cup, glass = (
        replace(one, category=c, sizes=(float(s), float(s)))
        for c, s in (("cup", 90), ("wine glass", 40))
    )
    for number in (0, 1):
        for size in ("big", "small"):
            assert fits({"noun": "glass", "size": size}, [cup, glass], number)


def test_a_colour_is_clear_only_if_it_is_in_any_light():
    def patch(level):
        return np.full((100, 3), level, np.uint8)

    def in_any_light(level):
        return common(name_colours(patch(level), shift=shift) for shift in (-32, 0, 32))

    assert in_any_light(130).clear == "gray"
    dark = in_any_light(60)
    assert name_colours(patch(60)).clear == "black"
    assert dark.clear is None
    assert {"black", "gray"} <= dark.possible


def test_a_portrait_shows_no_clothes():
    standing = np.ones((90, 30), bool)
    assert clothes(standing).sum() == 27 * 30
    assert not clothes(np.ones((90, 70), bool)).any()


@pytest.mark.parametrize(
    ("trousers", "skin", "also"),
    [((20, 20, 22), None, "black"), ((60, 80, 190), None, "blue"), (None, (150, 110, 80), "brown")],
)
def test_a_person_may_be_called_by_whatever_they_wear(tmp_path, trousers, skin, also):
    """Trousers are worn too, and a tan coat is no skin for sure: nobody says such colours lack."""
    picture = np.full((200, 120, 4), (240, 240, 240, 0), np.uint8)
    picture[20:180, 40:80, 3] = 255
    if trousers:
        picture[100:180, 40:80, :3] = trousers[::-1]
    if skin:
        picture[52:100, 40:80, :3] = skin[::-1]
    (tmp_path / "cutouts" / "person").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "cutouts" / "person" / "1.png"), picture)
    cutouts = [c for split in ("train", "test") for c in read_cutouts(tmp_path, split)]
    (figure,) = measure(cutouts[0])
    assert figure.is_whole
    assert {"white", also} <= figure.colours.possible
    assert figure.colours.clear == ("white" if trousers else None)
    assert "pink" not in figure.colours.possible


@pytest.mark.parametrize(("pace", "says"), [(0.03, "walking"), (0.08, "running")])
def test_who_runs_is_fast_for_its_size(clips, pace, says):
    rng = np.random.default_rng(0)
    one = replace(clips.plans[0].cast[0], pace=pace)
    said = {phrase(rng, {"noun": "dog", "motion": "left"}, [one], one) for _ in range(200)}
    gaits = {gait for gait in ("walking", "running") if any(gait in text for text in said)}
    assert gaits == {says}


def test_of_a_crowd_everything_may_be_said(photographs):
    """Someone in it may be anywhere, of any size: no such clue tells another person from it."""
    scene = next(
        plan.scene
        for plan in ComposedClips(photographs, "train", clips=60).plans
        if plan.scene.backdrop.figures[0].category == "person"
    )
    figure = scene.backdrop.figures[0]
    crowd = figure._replace(instance=figure.instance._replace(crowd=True))
    backdrop = replace(scene.backdrop, figures=(crowd,))
    cast = describe_cast(replace(scene, backdrop=backdrop))
    number = len(cast) - 1
    for clues in (
        {"place": "left"}, {"place": "top"}, {"size": "small"}, {"size": "big"},
        {"relation": "left of/0"}, {"relation": "behind/0"},
    ):  # fmt: skip
        assert fits({"noun": "person", **clues}, cast, number), clues


@pytest.mark.skipif(not VECTORS.exists(), reason="word vectors not at hand")
def test_all_words_have_vectors(clips):
    with gzip.open(VECTORS, "rt", encoding="utf-8") as file:
        known = {line.split(" ", 1)[0] for line in file}
    rng = np.random.default_rng(0)
    words = {word for category in CATEGORIES for noun in noun_of(category).words
             for word in tokenize(noun)} | set(COLOURS)  # fmt: skip
    cast = list(clips.plans[0].cast)
    for motion in (*MOTIONS, "moving"):
        for noun in ("person", "dog", "car", "bird", "ball"):
            for place in ("left", "right", "top", "bottom", "middle"):
                for size in ("small", "big"):
                    clues = {"noun": noun, "motion": motion, "place": place, "size": size,
                             "colour": "red"}  # fmt: skip
                    words |= set(tokenize(phrase(rng, clues, cast)))
    for relation in ("left of", "right of", "in front of", "behind"):
        text = phrase(rng, {"noun": "person", "relation": f"{relation}/0"}, cast)
        words |= set(tokenize(text))
    assert words - known == set()


@pytest.mark.skipif(not SPRITES.exists(), reason="photographs not at hand")
def test_real_photographs():
    clips = ComposedClips(SPRITES, "test", clips=60)
    assert {plan.kind for plan in clips.plans} == {"look-alikes", "composed", "whole"}
    for index in range(0, len(clips), 3):
        sample, pair = clips[index], clips.pairs[index]
        assert sample.mask.any() == (pair.instance > 0), pair


def test_other_names_mean_the_class_that_they_are_of():
    names = {"sofa": "couch", "traffic_light": "traffic light", "Men": "person",
             "aeroplane": "airplane", "polar_bear": "polar bear"}  # fmt: skip
    for name, category in names.items():
        assert class_of(name) == category
        assert category in meant_by(noun_of(category).words[0])
    assert {"mouse", "rat"} <= meant_by("mouse")
    assert "glass" in meant_by("glass"), "a data set may call a class so"


@pytest.mark.parametrize(("category", "ways"), [("dolphin", {"swimming"}), ("fox", {"walking"})])
def test_an_animal_goes_as_its_own_class_does(clips, category, ways):
    member = next(m for plan in clips.plans for m in plan.cast if m.category == "cat")
    member = replace(member, category=category, pace=0.01)
    clues = {"noun": "animal", "motion": "left"}
    rngs = map(np.random.default_rng, range(300))
    said = " ".join(phrase(rng, clues, [member], member) for rng in rngs)
    assert set(re.findall(r"walking|running|swimming|flying", said)) == ways


def test_words_mean_their_own_class():
    for category in CATEGORIES:
        for word in noun_of(category).words:
            assert category in meant_by(word)
