from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.nn import functional

from cstm.config import ClipConfig
from cstm.experiments import TINY
from cstm.inference.explain import draw_heat, explain
from cstm.inference.samples import write_clip
from cstm.inference.segmenter import Segmenter
from cstm.model.network import ActorSegmenter

NARROW = replace(TINY, width=4, decoder_channels=8)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "noise.mp4"
    rng = np.random.default_rng(0)
    write_clip(rng.integers(0, 256, (12, 48, 80, 3), np.uint8), Fraction(10), path)
    return path


def segmenter(vocabulary, **settings):
    torch.manual_seed(0)
    network = ActorSegmenter(replace(NARROW, **settings), len(vocabulary))
    return Segmenter(network, vocabulary, ClipConfig(size=64))


def test_it_explains_the_mask_that_segmenting_gives(vocabulary, film):
    asked = segmenter(vocabulary)
    result = list(asked.segment(film, ["a white cat"], keep="probabilities"))[7]
    found = explain(asked, film, "a white cat", 7)
    np.testing.assert_array_equal(found.image, result.image)
    np.testing.assert_allclose(found.probability, result.probabilities[0], atol=1e-5)
    assert found.words == ("a", "white", "cat")
    assert found.streams == {"spatial": [1, 2, 3, 4, 5], "temporal": [1, 2, 3, 4, 5]}


def test_it_computes_in_the_precision_of_the_masks(vocabulary, film):
    asked = segmenter(vocabulary)
    exact = explain(asked, film, "a white cat", 7).probability
    asked.precision = "bf16-mixed"
    result = list(asked.segment(film, ["a white cat"], keep="probabilities"))[7]
    found = explain(asked, film, "a white cat", 7)
    np.testing.assert_allclose(found.probability, result.probabilities[0], atol=1e-2)
    assert np.abs(found.probability - exact).max() > 1e-5
    assert found.weights("spatial", 1).dtype == found.selection(1).dtype == np.float32


def test_maps_are_as_large_as_the_frame_and_from_0_to_1(vocabulary, film):
    found = explain(segmenter(vocabulary, cmam_stages=(2, 5)), film, "the dog running", 0)
    assert found.streams == {"spatial": [2, 5], "temporal": [2, 5]}
    for stream, stages in found.streams.items():
        for stage in stages:
            assert found.weights(stream, stage).sum() == pytest.approx(1, abs=1e-5)
            for word in range(3):
                heat = found.attention(stream, stage, word)
                assert heat.shape == (48, 80)
                assert (heat.min(), heat.max()) == pytest.approx((0, 1), abs=1e-5)
    assert all(found.selection(stage).shape == (48, 80) for stage in range(1, 6))


def test_the_map_is_that_of_equation_3_where_the_frame_is(vocabulary, film):
    asked = segmenter(vocabulary)
    found = explain(asked, film, "a cat", 3)
    raw = found.explained.attention["spatial"][1].map[0, 1].numpy()
    place = found.place
    # Cells of the finest stage are two pixels of the square wide.
    rows, columns = (
        np.arange(start // 2 + 1, (start + extent) // 2 - 1)
        for start, extent in ((place.top, place.height), (place.left, place.width))
    )
    y = ((2 * rows + 1 - place.top) / place.height * 48).astype(int)
    x = ((2 * columns + 1 - place.left) / place.width * 80).astype(int)
    heat = found.attention("spatial", 1, 1)
    seen, written = heat[np.ix_(y, x)].ravel(), raw[np.ix_(rows, columns)].ravel()
    assert np.corrcoef(seen, written)[0, 1] > 0.95
    assert np.corrcoef(heat[np.ix_(y, x[::-1])].ravel(), written)[0, 1] < 0.5


def test_selection_and_weights_are_those_of_the_stage_and_stream_named(vocabulary, film):
    found = explain(segmenter(vocabulary), film, "a white cat", 3)
    for stage in range(1, 6):
        of_stage = found.explained.selection[stage - 1][None]
        whole = functional.interpolate(of_stage, (64, 64), mode="bicubic", align_corners=False)
        expected = found.place.invert(whole[0])[0].numpy()
        np.testing.assert_allclose(found.selection(stage), expected, atol=0.02)
        for stream in ("spatial", "temporal"):
            weights = found.explained.attention[stream][stage].weights[0, :3].numpy()
            np.testing.assert_array_equal(found.weights(stream, stage), weights)
    assert np.abs(found.selection(1) - found.selection(5)).max() > 0.1
    assert np.abs(found.weights("spatial", 3) - found.weights("temporal", 3)).max() > 1e-4


def test_one_stream_has_nothing_to_select(vocabulary, film):
    found = explain(segmenter(vocabulary, temporal=None), film, "a cat", 3)
    assert found.streams == {"spatial": [1, 2, 3, 4, 5]}
    with pytest.raises(ValueError, match="one encoder"):
        found.selection(1)


@pytest.mark.parametrize(
    ("query", "frame", "message"),
    [
        ("a cat", 12, "the video ends with frame 11"),
        ("a cat", -1, "counted from the video's start"),
        ("zebra", 0, "none of the words"),
    ],
)
def test_what_cannot_be_asked_is_one_line(vocabulary, film, query, frame, message):
    with pytest.raises(ValueError, match=message):
        explain(segmenter(vocabulary), film, query, frame)


def test_other_networks_explain_nothing(learned, vocabulary, film):
    asked = Segmenter(learned, vocabulary, ClipConfig(size=16))
    with pytest.raises(ValueError, match="released network"):
        explain(asked, film, "a cat", 0)


def test_heat_colours_what_is_relevant_only():
    image = np.full((4, 6, 3), (200, 40, 40), np.uint8)
    heat = np.zeros((4, 6))
    heat[:, 3:] = 1
    drawn = draw_heat(image, heat).astype(int)
    assert (np.ptp(drawn[:, :3], axis=-1) == 0).all(), "grey"
    assert (np.ptp(drawn[:, 3:], axis=-1) > 60).all(), "coloured"


def test_what_is_most_relevant_is_yellow():
    heat = np.tile(np.linspace(0, 1, 101), (2, 1))
    red, green, blue = draw_heat(np.full((2, 101, 3), 128, np.uint8), heat)[0, 100].astype(int)
    assert min(red, green) > blue + 60
