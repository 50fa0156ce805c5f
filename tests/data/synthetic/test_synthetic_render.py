"""What is painted: figures, masks, camera."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cstm.data.synthetic import render_clip
from cstm.data.synthetic.actions import (
    POSES,
    VALID,
    Motion,
)
from cstm.data.synthetic.cast import Actor
from cstm.data.synthetic.clip import plan_clip
from cstm.data.synthetic.figures import figure
from cstm.data.synthetic.look import PALETTE, Look
from cstm.data.synthetic.render import Renderer
from cstm.data.synthetic.scene import Camera, Scene


@settings(max_examples=60)
@given(
    actor=st.sampled_from(sorted(VALID)),
    pose=st.sampled_from(POSES),
    phase=st.floats(-3, 3),
)
def test_figures_stay_within_reach_and_repeat(actor: str, pose: str, phase: float) -> None:
    kind = "woman" if actor == "adult" else actor
    look = Look(actor, kind, ("red",), "big", 100.0)
    shapes, again = figure(look, pose, phase), figure(look, pose, phase + 1)
    points = np.concatenate([s.points for s in shapes])
    assert np.isfinite(points).all()
    assert np.abs(points[:, 0]).max() < 1
    assert points[:, 1].min() > -2.2
    assert points[:, 1].max() < 0.35
    for one, other in zip(shapes, again, strict=True):
        assert one.colour == other.colour
        np.testing.assert_allclose(one.points, other.points, atol=1e-6)


def lone_bird(facing: int = 1) -> Scene:
    """One flying bird, which casts no shadow, in front of a camera at rest."""
    look = Look("bird", "bird", ("red", "yellow"), "big", 90.0)
    motion = Motion("flying", "right", "fly", facing, 0.3, 1 / 8, (4.0, 0.5))
    actor = Actor(look, motion, (-20.0, 5.0))
    return Scene(320, 240, 32, (actor,), None, Camera(), (16,), False, (), 7)


def test_masks_cover_what_is_painted() -> None:
    scene = lone_bird()
    with_bird, without = Renderer(scene), Renderer(replace(scene, actors=()))
    with_bird._blur = without._blur = 0.0
    for index in (0, 9, 16, 31):
        picture, instances = with_bird.frame(index)
        background, _ = without.frame(index)
        changed = np.abs(picture.astype(int) - background).max(2) > 0
        mask = instances == 1
        grown = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert mask.sum() > 1500
        assert not (changed & ~grown).any(), "painted outside the mask"
        assert (changed & mask).sum() > 0.995 * mask.sum()
        assert np.array_equal(with_bird.masks(index), instances)


def test_figures_are_mirrored_by_their_facing() -> None:
    masks = []
    for facing in (1, -1):
        actor = replace(lone_bird(facing).actors[0], position=(0.0, 0.0))
        masks.append(Renderer(replace(lone_bird(), actors=(actor,))).masks(16))
    right, left = masks
    assert (right[:, ::-1] != left).sum() < 0.01 * right.sum()
    assert (right != left).sum() > 0.2 * right.sum()


def test_the_mask_moves_as_the_motion_says() -> None:
    renderer = Renderer(lone_bird())
    # A whole wing beat apart, so that the shape is the same.
    first, later = (np.argwhere(renderer.masks(i) == 1).mean(0) for i in (8, 24))
    np.testing.assert_allclose(later - first, (16 * 0.5, 16 * 4.0), atol=0.3)


def test_a_camera_moves_scene_and_actors_together() -> None:
    scene = lone_bird()
    still = replace(scene.actors[0], motion=replace(scene.actors[0].motion, velocity=(0.0, 0.0)))
    renderer = Renderer(replace(scene, actors=(still,), camera=Camera(pan=(1.5, -0.5))))
    first, later = (np.argwhere(renderer.masks(i) == 1).mean(0) for i in (8, 24))
    np.testing.assert_allclose(later - first, (16 * 0.5, -16 * 1.5), atol=0.3)
    renderer._blur = 0.0
    one, other = renderer.frame(16)[0].astype(int), renderer.frame(18)[0].astype(int)
    # Two frames pan by 3 right and 1 up; the backdrop must follow, away from the bird.
    shifted = np.abs(one[0:60, 3:] - other[1:61, :-3]).mean()
    assert shifted < np.abs(one[0:60, 3:] - other[0:60, 3:]).mean()


def test_a_camera_magnifies_scene_and_actors_alike() -> None:
    scene = lone_bird()
    still = replace(scene.actors[0], motion=replace(scene.actors[0].motion, velocity=(0.0, 0.0)))
    renderer = Renderer(replace(scene, actors=(still,), camera=Camera(zoom=0.02)))
    before, after = ((renderer.masks(index) == 1).sum() for index in (8, 24))
    assert after / before == pytest.approx(np.exp(2 * 16 * 0.02), rel=0.06)
    renderer._blur = 0.0
    one, other = (renderer.frame(index)[0] for index in (16, 20))
    zoom, middle = np.exp(4 * 0.02), np.array([scene.width, scene.height]) / 2 - 0.5
    matrix = np.column_stack([np.eye(2) * zoom, (1 - zoom) * middle])
    nearer = cv2.warpAffine(one, matrix, (scene.width, scene.height))
    # All but the bird, which beats its wings.
    ground = (renderer.masks(16) == 0) & (renderer.masks(20) == 0)
    gaps = [np.abs(other.astype(int) - picture)[ground].mean() for picture in (nearer, one)]
    assert gaps[0] < 0.7 * gaps[1]


def test_rendering_repeats_and_depends_on_its_seed() -> None:
    one, again, other = (render_clip(seed, (160, 120), 16) for seed in (3, 3, 4))
    assert np.array_equal(one.frames, again.frames)
    assert one.sentences == again.sentences
    assert not np.array_equal(one.frames, other.frames)
    assert (one.scene, one.sentences) == plan_clip(3, (160, 120), 16)


def test_colours_can_be_told_apart() -> None:
    lab = {
        name: cv2.cvtColor(np.array([[rgb]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
        for name, rgb in PALETTE.items()
    }
    names = sorted(lab)
    gaps = [np.linalg.norm(lab[a] - lab[b]) for a in names for b in names if a < b]
    assert min(gaps) > 25
