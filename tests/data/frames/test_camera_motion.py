"""What the camera did is found and taken out of a clip; what actors do is left as it is."""

import weakref

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstm.config import ClipConfig
from cstm.data.frames.camera_motion import (
    CameraTracker,
    compensated,
    motion,
    moves_of,
    native_move,
    view,
)
from cstm.data.frames.clip_input import clip_input
from cstm.data.frames.frame_range import ALL
from cstm.data.frames.transforms import ResizePad
from cstm.inference.targets import numbered, targets

ROWS, COLUMNS = 96, 128
STILL = np.eye(3)


def scene(seed: int = 0, rows: int = 300, columns: int = 400):
    """A place full of things of all sizes, larger than what is seen of it."""
    noise = np.random.default_rng(seed).uniform(0, 255, (3, rows, columns, 3)).astype(np.float32)
    layers = [
        cv2.GaussianBlur(one, None, sigma) for one, sigma in zip(noise, (1, 4, 12), strict=True)
    ]
    mixed = sum((one - one.mean()) / one.std() for one in layers)
    return np.clip(127 + 40 * mixed, 0, 255).astype(np.uint8)


def similarity(x: float, y: float, degrees: float = 0.0, scale: float = 1.0):
    """From the scene to the picture of a camera whose middle looks at the scene's, but for this."""
    turned = np.vstack([cv2.getRotationMatrix2D((200, 150), degrees, scale), [0, 0, 1]])
    turned[:2, 2] += x - 136, y - 102
    return turned


def film(cameras, place=None):
    """(time, 3, rows, columns), as these cameras see a scene."""
    place = scene() if place is None else place
    frames = [cv2.warpAffine(place, camera[:2], (COLUMNS, ROWS)) for camera in cameras]
    return np.stack(frames).transpose(0, 3, 1, 2)


def with_actor(clip, places, texture, side: int = 24):
    """The same clip, over which a square goes from place to place."""
    clip = clip.copy()
    for picture, (x, y) in zip(clip, places, strict=True):
        picture[:, y : y + side, x : x + side] = texture[:side, :side].transpose(2, 0, 1)
    return clip


def farthest(one, other) -> float:
    """Pixels by which two matrices disagree at a picture's corners at most."""
    corners = np.array([[0, 0, 1], [COLUMNS, 0, 1], [0, ROWS, 1], [COLUMNS, ROWS, 1]])
    return float(np.abs(corners @ (one - other).T).max())


MOVES = {
    "pan": [similarity(3.3 * t, -1.7 * t) for t in range(-4, 4)],
    "zoom": [similarity(0, 0, scale=1.02**t) for t in range(-4, 4)],
    "roll": [similarity(0, 0, degrees=0.8 * t) for t in range(-4, 4)],
    "all of it": [similarity(2 * t, t, 0.5 * t, 1.01**t) for t in range(-4, 4)],
}


@pytest.mark.parametrize("cameras", MOVES.values(), ids=MOVES)
def test_a_cameras_way_is_found(cameras):
    moves = moves_of(film(cameras))
    for camera, move in zip(cameras, moves, strict=True):
        assert farthest(move, cameras[4] @ np.linalg.inv(camera)) < 0.75
    assert (moves[4] == STILL).all()


@pytest.mark.parametrize("cameras", MOVES.values(), ids=MOVES)
def test_then_only_actors_move(cameras):
    """An actor goes left while the camera goes its way; the background comes to rest."""
    clip = film(cameras)
    places = [(50 - 4 * t, 30) for t in range(8)]
    seen = compensated(clip, moves_of(with_actor(clip, places, scene(1))))
    background = compensated(clip, [cameras[4] @ np.linalg.inv(camera) for camera in cameras])
    middle = np.s_[:, :, 24:-24, 24:-24]
    change = np.abs(seen[middle].astype(int) - background[middle])
    assert np.quantile(change, 0.99) <= 12
    assert np.abs(background[middle].astype(int) - background[4][middle[1:]]).mean() < 6


@pytest.mark.parametrize(("side", "speed"), [(40, 6), (84, 4)])
def test_of_a_camera_that_stands_no_pixel_is_touched(side, speed):
    """Not even where an actor fills more than half of the picture."""
    clip = film([similarity(0, 0)] * 8)
    places = [(10 + speed * t, 4 + t) for t in range(8)]
    clip = with_actor(clip, places, scene(1), side)
    moves = moves_of(clip)
    assert all((move == STILL).all() for move in moves)
    assert (compensated(clip, moves) == clip).all()


def test_a_cell_keeps_its_best_corners():
    noise = np.random.default_rng(0).uniform(0, 255, (96, 144)).astype(np.float32)
    grey = cv2.GaussianBlur(noise, None, 1.2).round().astype(np.uint8)
    found = view(np.repeat(grey[None], 3, 0))
    quality = cv2.cornerMinEigenVal(found.grey, 5)
    is_corner = (quality > 2e-5) & (quality == cv2.dilate(quality, np.ones((5, 5))))
    kept = {(int(x), int(y)) for x, y in found.corners}
    places, more = np.argwhere(is_corner), 0
    for cell in np.unique(places // 12, axis=0):
        in_cell = places[(places // 12 == cell).all(1)].tolist()
        best = sorted(in_cell, key=lambda place: -quality[tuple(place)])
        assert kept.issuperset((x, y) for y, x in best[:4])
        assert kept.isdisjoint((x, y) for y, x in best[4:])
        more += len(best) > 4
    assert more > 5


def test_what_a_slow_camera_leaves_between_frames_adds_up():
    """From frame to frame every corner is said to stand; a second look would magnify the sum."""
    cameras = [similarity(0.28 * t, 0) for t in range(-4, 4)]
    for camera, move in zip(cameras, moves_of(film(cameras)), strict=True):
        assert farthest(move, cameras[4] @ np.linalg.inv(camera)) < 0.3


def test_a_camera_that_hardly_moves_is_left_alone():
    moves = moves_of(film([similarity(0.06 * t, 0) for t in range(-4, 4)]))
    assert all((move == STILL).all() for move in moves)


def test_a_patterned_actor_before_a_bare_wall_is_no_camera():
    bare = np.full((8, 3, ROWS, COLUMNS), 200, np.uint8)
    clip = with_actor(bare, [(20 + 5 * t, 30) for t in range(8)], scene(1), side=48)
    assert all((move == STILL).all() for move in moves_of(clip))


def test_nothing_is_told_at_a_cut_of_the_dark_and_of_two_sizes():
    here, there = film([similarity(0, 0)])[0], film([similarity(0, 0)], scene(2))[0]
    dark = np.zeros_like(here)
    for one, other in ((here, there), (here, dark), (dark, here), (dark, dark)):
        assert (motion(view(one), view(other)) == STILL).all()
    assert (motion(view(here), view(here[:, :64])) == STILL).all()


@given(
    st.integers(1, 5), st.integers(1, 40), st.integers(1, 40), st.integers(0, 255), st.integers(0)
)
def test_pictures_of_any_size_and_content_are_taken(count, rows, columns, most, seed):
    random = np.random.default_rng(seed)
    clip = random.integers(0, most + 1, (count, 3, rows, columns), dtype=np.uint8)
    seen = compensated(clip, moves_of(clip))
    assert seen.shape == clip.shape
    assert (seen[count // 2] == clip[count // 2]).all()


def test_between_two_frames_the_camera_is_measured_once(monkeypatch):
    measured = []

    def watched(before, after):
        measured.append((before, after))
        return motion(before, after)

    monkeypatch.setattr("cstm.data.frames.camera_motion.motion", watched)
    frames = [picture.transpose(1, 2, 0) for picture in film(MOVES["pan"] * 2)]
    clip = ClipConfig(frames=4, step=2, size=128, resize="fit", camera_motion="compensated")
    assert len(list(targets(numbered(frames, ALL, 4, 2), clip))) == 16
    # Neighbours two frames apart; at the ends, where numbers are clamped, some are one apart.
    assert 14 <= len(measured) <= 18


@pytest.mark.parametrize("resize", ["fit", "pad", "squash"])
def test_a_film_is_seen_as_a_clip_of_it_is(resize):
    """The segmenter, which sees a film frame by frame, and datasets, which have clips."""
    frames = [picture.transpose(1, 2, 0) for picture in film(MOVES["all of it"])]
    clip = ClipConfig(frames=8, step=1, size=96, resize=resize, camera_motion="compensated")
    target = list(targets(numbered(frames, ALL, 4, 3), clip, keep_native=True))[4]
    seen = clip_input(np.stack(frames), clip)
    assert (target.clip == seen.pixels).all()
    assert np.array_equal(target.moves, seen.moves)
    kept = clip_input(np.stack(frames), ClipConfig(8, 1, 96, resize))
    assert kept.moves is None
    assert (kept.pixels[4] == seen.pixels[4]).all()
    assert (kept.pixels[0] != seen.pixels[0]).any()
    outside = np.ones(seen.pixels.shape, bool)
    seen.fit.inside(outside)[:] = False
    assert not seen.pixels[outside].any()


def test_frames_of_native_size_are_moved_alike():
    fit = ResizePad.for_frame(3 * ROWS, 3 * COLUMNS, COLUMNS, "fit")
    move = similarity(2, 1, 3, 1.05)
    large = cv2.resize(film([STILL])[0].transpose(1, 2, 0), None, fx=3, fy=3)
    native = cv2.warpAffine(large, native_move(move, fit)[:2], large.shape[1::-1])
    small = compensated(fit.apply(large)[None].numpy(), [move])[0]
    assert np.abs(fit.apply(native).numpy().astype(int) - small)[:, 4:-4, 4:-4].mean() < 3
    # Nine native pixels make one: the middle one's centre is that one's centre.
    place = np.array([30.0, 40.0, 1.0])
    x, y, _ = native_move(move, fit) @ np.array([3 * 30 + 1, 3 * 40 + 1, 1])
    assert [(x - 1) / 3, (y - 1) / 3, 1] == pytest.approx(move @ place)


def test_what_was_measured_of_forgotten_frames_is_forgotten():
    camera = CameraTracker()
    for index, picture in enumerate(film(MOVES["pan"])):
        camera.see(index, picture)
        if index >= 2:
            camera.to_target([index - 2, index - 1, index])
            camera.forget(index - 2)
    assert len(camera._views) == 2
    assert len(camera._measured) == 1


def test_frames_that_no_clip_reaches_are_forgotten(monkeypatch):
    alive = weakref.WeakValueDictionary()
    most = 0

    def watched(picture):
        nonlocal most
        seen = view(picture)
        alive[len(alive), id(seen.grey)] = seen.grey
        most = max(most, len(alive))
        return seen

    monkeypatch.setattr("cstm.data.frames.camera_motion.view", watched)
    frames = [picture.transpose(1, 2, 0) for picture in film(MOVES["pan"] * 5)]
    clip = ClipConfig(frames=4, step=2, size=128, resize="fit", camera_motion="compensated")
    for target in targets(numbered(frames, ALL, 4, 2), clip):
        del target
    assert 0 < most <= 4 + 1 + 2 + 1
