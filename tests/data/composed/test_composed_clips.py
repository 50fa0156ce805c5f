"""Composed clips: what is drawn is what the labels say, the same in every process."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from cstm.config import ClipConfig
from cstm.data.composed import ComposedClips
from cstm.data.composed.camera import Camera, draw_camera
from cstm.data.composed.clips import CLIPS
from cstm.data.composed.plan import KINDS
from cstm.data.composed.render import render
from cstm.data.composed.sentences import Lack
from cstm.data.datasets import open_dataset
from cstm.data.feeding.preparation import prepare
from cstm.data.feeding.prepared import PreparedSamples
from cstm.data.frames.masks import encode_mask
from cstm.data.sample import ACTIONS, DIRECTIONS, Samples
from cstm.evaluation.metrics import RatioProtocol


@pytest.fixture(scope="module")
def clips(photographs) -> ComposedClips:
    return ComposedClips(photographs, "train", clips=80)


def test_it_is_a_dataset_like_the_others(clips, photographs, monkeypatch):
    assert isinstance(clips, Samples)
    monkeypatch.setitem(CLIPS, "test", 7)
    opened = open_dataset("composed", photographs, "test", ClipConfig(frames=2))
    assert len({pair.video for pair in opened.pairs}) == 7
    assert opened[0].frames.shape[0] == 2
    assert len(clips.pairs) == len(clips)
    assert len({pair.video for pair in clips.pairs}) == 80
    sample = clips[3]
    assert sample.frames.shape == (8, *sample.mask.shape, 3)


@pytest.mark.parametrize("clip", [ClipConfig(step=3), ClipConfig(frames=16)])
def test_a_clip_that_would_see_beyond_the_scene_is_refused(photographs, clip):
    with pytest.raises(ValueError, match="8 frames before the target and 6 after"):
        ComposedClips(photographs, "test", clip, clips=1)
    assert len(ComposedClips(photographs, "test", ClipConfig(frames=4, step=4), clips=1))


def test_kinds_cameras_and_absent_actors_come_in_their_shares(photographs):
    plans = ComposedClips(photographs, "train", clips=250, seed=3).plans
    kinds = [plan.kind for plan in plans]
    assert kinds.count("look-alikes") / 250 == pytest.approx(1 / 3, abs=0.09)
    assert kinds.count("whole") / 250 == pytest.approx(0.26, abs=0.09)
    absent = sum(any(s.actor is None for s in plan.sentences) for plan in plans)
    assert absent / 250 == pytest.approx(0.93, abs=0.07)
    static = [plan.scene.camera.is_static for plan in plans if plan.kind == "look-alikes"]
    assert np.mean(static) == pytest.approx(0.5, abs=0.15)


def test_motions_come_more_often_where_that_is_wanted(photographs):
    def share(wanted: dict[str, float]) -> float:
        pairs = ComposedClips(photographs, "train", clips=150, motions=wanted).pairs
        moved = [p.direction in ("closer", "away") for p in pairs if p.kind == "look-alikes"]
        return float(np.mean(moved))

    usual = share({})
    assert share({"closer": 1.0}) == usual
    assert share({"closer": 9.0, "away": 9.0}) > usual + 0.15
    with pytest.raises(ValueError, match="'hovering' is no motion of composed clips"):
        share({"hovering": 2.0})
    with pytest.raises(ValueError, match="share of closer can't be multiplied by 0"):
        share({"closer": 0.0})


def test_masks_are_there_exactly_where_the_actor_is(clips):
    for pair, sample in zip(clips.pairs, (clips[i] for i in range(len(clips))), strict=True):
        if pair.instance == 0:
            assert not sample.mask.any()
            assert (pair.actor, pair.look_alike, pair.tags) == (None, None, ())
            assert pair.kind in {f"lacks the {what}" for what in get_args(Lack)}
            continue
        assert pair.kind in KINDS
        assert sample.mask.sum() > 150, pair
        assert pair.direction is not None
        assert (sample.direction[sample.mask] == DIRECTIONS.index(pair.direction) + 1).all()
        action = ACTIONS.index(pair.action) + 1 if pair.action else 0
        assert (sample.action[sample.mask] == action).all()
        assert (sample.look_alike is None) == (pair.look_alike is None)
        if sample.look_alike is not None:
            assert sample.look_alike.sum() > 150
            assert not (sample.look_alike & sample.mask).any()


def traces(scene, actor, times) -> list[np.ndarray]:
    """Where an actor is at several times, alone before a camera that stands: by difference."""
    empty = replace(scene, actors=(), camera=Camera())
    alone = replace(empty, actors=(actor,))
    with_actor, without = (render(s, times, ()).frames.astype(int) for s in (alone, empty))
    return [np.abs(a - b).max(-1) > 8 for a, b in zip(with_actor, without, strict=True)]


def test_every_actor_moves_as_its_label_says(clips):
    seen = set()
    for plan in clips.plans:
        for number, actor in enumerate(plan.scene.actors):
            motion = actor.motion.name
            times = list(range(-4, 5))
            masks = traces(plan.scene, actor, times)
            borders = [np.concatenate([m[0], m[-1], m[:, 0], m[:, -1]]).any() for m in masks]
            if any(borders) or min(mask.sum() for mask in masks) < 300:
                continue
            seen.add(motion)
            middles = np.array([np.argwhere(mask).mean(0)[::-1] for mask in masks])
            dx, dy = middles[-1] - middles[0]
            growth = masks[-1].sum() / masks[0].sum()
            path = np.ptp(middles, axis=0)
            match motion:
                case "left" | "rolling left":
                    assert dx < -8
                    assert abs(dx) > 2 * abs(dy)
                case "right" | "rolling right":
                    assert dx > 8
                    assert abs(dx) > 2 * abs(dy)
                case "up":
                    assert dy < -6
                case "down":
                    assert dy > 6
                case "closer":
                    assert growth > 1.25
                case "away":
                    assert growth < 0.8
                case "jumping":
                    assert path[1] > 6
                    assert path[0] < 5
                case "still":
                    assert path.max() < 1
                    assert 0.97 < growth < 1.03
                case "spinning":
                    assert path.max() < 6
            # The label's mask is what the picture shows, where the ground is of another colour.
            mask = render(replace(plan.scene, actors=(actor,)), [0], [0]).masks[0]
            shown = masks[4]
            assert (mask & shown).sum() > 0.6 * mask.sum(), (plan.cast[number].category, motion)
            assert (shown & ~mask).sum() < 0.35 * mask.sum()
    assert len(seen) >= 8


def test_no_motion_moves_less_than_a_network_sees(clips):
    for plan in clips.plans:
        for actor in plan.scene.actors:
            vx, vy = actor.motion.velocity
            if actor.motion.direction in ("left", "right", "up", "down"):
                assert max(abs(vx), abs(vy)) >= 1.4


def test_any_camera_shows_the_scene_itself_in_the_target_frame():
    rng = np.random.default_rng(0)
    for _ in range(50):
        camera = draw_camera(rng, (3.0, 0.0))
        assert not camera.is_static
        np.testing.assert_allclose(camera.to_picture(0, 320, 240), np.eye(2, 3), atol=1e-9)
        # What stands in the scene moves against the camera's way.
        moved = camera.to_picture(1, 320, 240) @ (160, 120, 1) - (160, 120)
        expected = -np.array(camera.velocity)
        assert np.abs(moved - expected).max() < 1.5 * camera.shake + 0.5


def test_a_photograph_fills_the_picture_wherever_the_camera_goes(clips):
    for plan in clips.plans:
        scene, photograph = plan.scene, plan.scene.backdrop.photograph
        left, top, right, bottom = scene.camera.reach(scene.width, scene.height)
        x, y = scene.backdrop.origin
        assert x + left >= -0.01
        assert y + top >= -0.01
        assert x + right <= photograph.width * scene.backdrop.scale + 0.01
        assert y + bottom <= photograph.height * scene.backdrop.scale + 0.01


def test_a_clip_depends_on_seed_split_and_number_alone(clips, photographs):
    few = ComposedClips(photographs, "train", clips=10)
    assert few.pairs == clips.pairs[: len(few)]
    backwards = [few[i] for i in reversed(range(len(few)))][::-1]
    for index, sample in enumerate(backwards):
        np.testing.assert_array_equal(sample.frames, clips[index].frames)
        np.testing.assert_array_equal(sample.mask, clips[index].mask)
    later = ComposedClips(photographs, "train", clips=range(4, 10))
    assert [pair for pair in few.pairs if pair.video >= "train00004"] == later.pairs
    first = next(i for i, pair in enumerate(few.pairs) if pair.video == "train00004")
    np.testing.assert_array_equal(few[first].frames, later[0].frames)
    other = ComposedClips(photographs, "train", clips=10, seed=1)
    assert [p.sentence for p in other.pairs] != [p.sentence for p in few.pairs]


_PRINT = """
import sys, zlib
from cstm.data.composed import ComposedClips
clips = ComposedClips(sys.argv[1], "train", clips=12)
total = zlib.crc32(repr(clips.pairs).encode())
for index in range(len(clips)):
    total = zlib.crc32(clips[index].frames.tobytes(), total)
print(total)
"""


def test_every_process_draws_the_same(photographs):
    sums = [
        subprocess.run(
            [sys.executable, "-c", _PRINT, str(photographs)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert sums[0] == sums[1]


def test_empty_masks_pass_through_preparation_and_metrics(photographs, tmp_path):
    clips = ComposedClips(photographs, "train", clips=12, seed=2)
    config = ClipConfig(size=64)
    list(prepare(clips, config, tmp_path / "prepared", workers=0))
    prepared = PreparedSamples(tmp_path / "prepared", clips)
    absent = [i for i, pair in enumerate(clips.pairs) if pair.instance == 0]
    assert absent
    order = [index for run in prepared.epoch_runs(0, 0, 2) for index in run]
    assert sorted(order) == list(range(len(clips)))
    masks = np.load(tmp_path / "prepared" / "masks.npy")
    assert [i for i, mask in enumerate(masks) if not mask.any()] == absent
    metric = RatioProtocol()
    for index in absent:
        metric.add(index, index, encode_mask(clips[index].mask), [])
    assert metric.compute()["mean_iou"] == 1.0
