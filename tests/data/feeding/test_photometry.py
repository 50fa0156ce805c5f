"""Photometric augmentation: another light for the whole clip, and nothing else."""

import colorsys

import numpy as np
import pytest

from cstm.data.feeding.photometry import Photometry, names_colour


@pytest.fixture
def clip() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 3, 40, 48), dtype=np.uint8)


def test_no_change_of_light_leaves_every_pixel(clip):
    assert np.array_equal(Photometry().apply(clip), clip)


def test_every_pixel_is_what_the_formula_says(clip):
    light = Photometry(gamma=1.3, contrast=0.8, gains=(1.1, 1.0, 0.9))
    seen = light.apply(clip[..., ::-1])
    level = (clip[..., ::-1] / 255.0) ** 1.3
    expected = 255 * ((level - 0.5) * 0.8 + 0.5) * np.reshape([1.1, 1.0, 0.9], (3, 1, 1))
    assert np.abs(seen - expected.clip(0, 255)).max() <= 0.5 + 1e-9


def test_what_stands_still_stands_still_and_padding_stays_black(clip):
    still = np.repeat(clip[:1], 4, axis=0)
    still[..., :10, :] = 0
    # In a frame of a camera that looked elsewhere nothing is to be seen on one side.
    moved = still.copy()
    moved[0, ..., :7] = 0
    for seed in range(20):
        light = Photometry.draw(np.random.default_rng(seed))
        seen = light.apply(still)
        assert (seen == seen[:1]).all()
        assert not seen[..., :10, :].any()
        assert seen[..., 10:, :].any()
        beside = light.apply(moved)
        assert not beside[0, ..., :7].any()
        assert np.array_equal(beside[1:], seen[1:])
    assert np.array_equal(still[:, :, 10:], np.repeat(clip[:1, :, 10:], 4, axis=0))


def test_dark_corners_brighten_with_what_is_around_them(clip):
    dark = np.full_like(clip, 2)
    dark[..., 5:9, 5:9] = 0
    seen = Photometry(gamma=0.8, contrast=0.8).apply(dark)
    assert (seen[..., 5:9, 5:9] > 20).all()
    assert np.ptp(seen) < 10


def test_blur_softens_and_keeps_the_mean(clip):
    soft = Photometry(blur=1.2).apply(clip)
    assert soft.std() < 0.5 * clip.std()
    assert soft.mean() == pytest.approx(clip.mean(), rel=0.01)


def test_stronger_compression_leaves_less():
    wave = 127 + 120 * np.sin(np.arange(64) / 5)
    smooth = np.broadcast_to(wave, (2, 3, 64, 64)).astype(np.uint8)
    lost = []
    for quality in (90, 50, 15):
        seen = Photometry(quality=quality).apply(smooth)
        assert seen.shape == smooth.shape
        lost.append(np.abs(seen.astype(float) - smooth).mean())
    assert 0 < lost[0] < lost[1] < lost[2] < 15


def test_compression_keeps_colours_apart():
    red = np.zeros((1, 3, 16, 16), np.uint8)
    red[:, 0] = 200
    seen = Photometry(quality=30).apply(red)[0].mean((1, 2))
    assert seen == pytest.approx([200, 0, 0], abs=12)


def test_drawn_lights_differ_by_seed_alone_and_leave_colours_their_names():
    lights = [Photometry.draw(np.random.default_rng(seed)) for seed in range(200)]
    assert lights[7] == Photometry.draw(np.random.default_rng(7))
    assert len(set(lights)) == 200
    assert 0.2 < np.mean([light.blur > 0 for light in lights]) < 0.4
    assert 0.2 < np.mean([light.quality < 100 for light in lights]) < 0.4
    named = {"red": (200, 40, 40), "green": (50, 160, 60), "blue": (50, 70, 190)}
    for colour in named.values():
        patch = np.broadcast_to(np.reshape(colour, (1, 3, 1, 1)), (1, 3, 9, 9)).astype(np.uint8)
        hue = colorsys.rgb_to_hsv(*(np.array(colour) / 255))[0]
        for light in lights:
            seen = light.apply(patch)[0, :, 4, 4] / 255
            apart = abs(colorsys.rgb_to_hsv(*seen)[0] - hue)
            assert min(apart, 1 - apart) < 20 / 360


def test_where_no_colour_is_told_they_may_be_any_and_brightness_stays():
    told = [Photometry.draw(np.random.default_rng(seed)) for seed in range(300)]
    free = [Photometry.draw(np.random.default_rng(n), is_colour_told=False) for n in range(300)]
    assert all(light.hue == 0 and light.saturation == 1 for light in told)
    tinted = [light for light in free if light.hue]
    assert 0.25 < len(tinted) / 300 < 0.45
    assert min(light.saturation for light in tinted) < 0.3
    assert np.ptp([light.hue for light in tinted]) > 5
    weights = np.array([0.299, 0.587, 0.114])
    patch = np.full((1, 3, 8, 8), 120, np.uint8)
    patch[0, 0], patch[0, 2] = 150, 90
    for light in tinted:
        turned = Photometry(hue=light.hue, saturation=light.saturation).apply(patch)[0, :, 4, 4]
        assert weights @ turned == pytest.approx(weights @ patch[0, :, 4, 4], abs=1)
    grey = Photometry(saturation=0.0).apply(patch)[0, :, 4, 4]
    assert np.ptp(grey.astype(int)) <= 1
    red = np.zeros((1, 3, 4, 4), np.uint8)
    red[:, 0] = 120
    turned = Photometry(hue=-2.0).apply(red)[0, :, 0, 0] / 255
    assert 0.2 < colorsys.rgb_to_hsv(*turned)[0] < 0.8


@pytest.mark.parametrize(
    ("sentence", "is_told"),
    [
        ("The Grey van", True),
        ("a man in a dark suit", True),
        ("a colourful kite", True),
        ("a reddish fox", True),
        ("the violet one", True),
        ("a crimson car", True),
        ("a burgundy car", True),
        ("a greyish cat", True),
        ("the tired person in the lighthouse", False),
        ("the blackbird", False),
    ],
)
def test_words_for_colours(sentence, is_told):
    assert names_colour([sentence]) == is_told
    assert names_colour(["the dog", sentence]) == is_told
