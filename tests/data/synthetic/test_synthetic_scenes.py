"""What is drawn by lot: valid pairs, visible motion, look-alikes alike in one frame."""

from itertools import combinations, islice

import numpy as np
import pytest

from cstm.data.synthetic.actions import (
    UNSEEN_ACTIONS,
    UNSEEN_COLOURS,
    VALID,
    draw_motion,
    phase_at,
)
from cstm.data.synthetic.cast import Actor
from cstm.data.synthetic.clip import plan_clip
from cstm.data.synthetic.scene import Scene, draw_scene

SIGHT = (320, 240, 32)


def pairs(count: int, seed: int) -> list[Scene]:
    rng = np.random.default_rng(seed)
    scenes = (draw_scene(rng, *SIGHT, unseen=False, with_pair=True) for _ in range(2 * count))
    return list(islice((scene for scene in scenes if scene is not None), count))


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return pairs(2200, 5)


def couple(scene: Scene) -> tuple[Actor, Actor]:
    assert scene.pair
    return scene.actors[scene.pair[0]], scene.actors[scene.pair[1]]


def at(scene: Scene, actor: Actor, frame: int) -> np.ndarray:
    """Where an actor's middle is seen, in pixels."""
    time = frame - scene.middle
    centre, zoom = scene.camera.at(time)
    travelled = np.array(actor.motion.velocity) * time
    return (actor.position + travelled - centre) * zoom + (scene.width / 2, scene.height / 2)


def assert_alike(cases: list[tuple[Scene, Actor, Actor]]) -> None:
    """That no frame tells the first actor from the second, to four standard deviations.

    Frames of one clip hang together, so the deviation is that of as many clips.
    """
    assert len(cases) > 100
    wins: dict[str, list[float]] = {}
    for scene, one, other in cases:
        for frame in scene.annotated:
            here, there = at(scene, one, frame), at(scene, other, frame)
            time = frame - scene.middle
            phases = [phase_at(actor.motion, time) % 1 for actor in (one, other)]
            from_middle = [np.abs(p - (scene.width / 2, scene.height / 2)) for p in (here, there)]
            for name, first, second in (
                ("further left", here[0], there[0]),
                ("higher", here[1], there[1]),
                ("nearer the middle across", from_middle[0][0], from_middle[1][0]),
                ("nearer the middle upright", from_middle[0][1], from_middle[1][1]),
                ("earlier in its cycle", *phases),
                ("faces left", one.motion.facing, other.motion.facing),
            ):
                share = 0.5 if first == second else float(first < second)
                wins.setdefault(name, []).append(share)
    for name, shares in wins.items():
        assert abs(np.mean(shares) - 0.5) < 2 / np.sqrt(len(cases)), name


def test_the_43_pairs_of_a2d() -> None:
    assert sum(map(len, VALID.values())) == 43
    assert {a: len(actions) for a, actions in VALID.items()} == {
        "adult": 8, "baby": 5, "ball": 4, "bird": 7, "car": 5, "cat": 7, "dog": 7,
    }  # fmt: skip


def test_only_valid_pairs_are_drawn_and_training_lacks_the_held_out(scenes: list[Scene]) -> None:
    drawn = {(a.look.actor, a.motion.action) for s in scenes for a in s.actors}
    wanted = {(actor, action) for actor, actions in VALID.items() for action in actions}
    assert drawn == wanted - set(UNSEEN_ACTIONS)
    coloured = {(a.look.actor, c) for s in scenes for a in s.actors for c in a.look.colours}
    assert not coloured & set(UNSEEN_COLOURS)
    assert all(2 <= len(s.actors) <= 4 for s in scenes)


def test_a_scene_asked_for_something_unseen_has_it() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_scene(rng, *SIGHT, unseen=True, with_pair=bool(k % 2)) for k in range(200)]
    kinds = {name for scene in drawn if scene for name in scene.unseen}
    assert all(scene.unseen for scene in drawn if scene)
    assert len(kinds) == len(UNSEEN_ACTIONS) + len(UNSEEN_COLOURS)


def test_look_alikes_look_alike_and_move_differently(scenes: list[Scene]) -> None:
    for scene in scenes:
        one, other = couple(scene)
        assert one.look == other.look
        assert one.motion.pose == other.motion.pose
        assert (one.motion.action, one.motion.direction) != (
            other.motion.action, other.motion.direction,
        )  # fmt: skip
        for third in scene.actors:
            if third is not one and third is not other:
                sizes = {third.look.size, one.look.size}
                assert (
                    third.look.kind != one.look.kind
                    or not set(third.look.colours) & set(one.look.colours)
                    or sizes == {"small", "big"}
                )


def test_no_frame_tells_which_look_alike_goes_left(scenes: list[Scene]) -> None:
    cases = []
    for scene in scenes:
        one, other = couple(scene)
        if {one.motion.direction, other.motion.direction} == {"left", "right"}:
            left_first = (one, other) if one.motion.direction == "left" else (other, one)
            cases.append((scene, *left_first))
    assert_alike(cases)


def test_no_frame_tells_which_look_alike_moves(scenes: list[Scene]) -> None:
    cases = []
    for scene in scenes:
        one, other = couple(scene)
        if "none" in (one.motion.action, other.motion.action):
            mover_first = (other, one) if one.motion.action == "none" else (one, other)
            cases.append((scene, *mover_first))
    assert_alike(cases)


def test_no_frame_tells_which_look_alike_runs(scenes: list[Scene]) -> None:
    cases = []
    for scene in scenes:
        one, other = couple(scene)
        if {one.motion.action, other.motion.action} == {"walking", "running"}:
            runner_first = (one, other) if one.motion.action == "running" else (other, one)
            cases.append((scene, *runner_first))
    assert_alike(cases)


def test_look_alikes_move_backward_as_often_as_forward(scenes: list[Scene]) -> None:
    forward = [
        (member.motion.facing > 0) == (member.motion.direction == "right")
        for scene in scenes
        for member in couple(scene)
        if member.motion.direction in ("left", "right")
    ]
    assert abs(np.mean(forward) - 0.5) < 2 / np.sqrt(len(forward))


def test_both_look_alikes_are_in_the_picture_when_annotated(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert 1 <= len(scene.annotated) <= 3
        for frame in scene.annotated:
            assert 0 <= frame < scene.frames
            for member in couple(scene):
                x, y = at(scene, member, frame)
                assert 0 < x < scene.width
                assert 0 < y < scene.height


def test_motion_is_fast_enough_to_see() -> None:
    rng = np.random.default_rng(2)
    for actor, actions in VALID.items():
        for action in actions:
            for _ in range(20):
                motion = draw_motion(rng, actor, action)
                speed = float(np.hypot(*motion.velocity))
                if action == "none":
                    assert speed == 0
                    assert motion.cadence == 0
                elif motion.direction != "in place":
                    assert speed >= (5 if (actor, action) == ("adult", "running") else 2.7)
                    dx, dy = motion.velocity
                    across = {"left": -dx, "right": dx, "up": -dy, "down": dy}
                    assert across[motion.direction] == max(across.values())
                if action == "rolling":
                    assert abs(motion.cadence) * 360 >= 10
                if action in ("jumping", "eating"):
                    assert 8 <= 1 / motion.cadence <= 14


def test_half_of_the_clips_have_a_pair_or_as_asked() -> None:
    chance = [plan_clip([6, k], (96, 64), 16)[0].pair is not None for k in range(30)]
    assert 5 < sum(chance) < 25
    assert plan_clip(1, (96, 64), 16, with_pair=True)[0].pair
    assert plan_clip(1, (96, 64), 16, with_pair=False)[0].pair is None


def test_some_differ_in_size_alone() -> None:
    rng = np.random.default_rng(3)
    drawn = [draw_scene(rng, *SIGHT, unseen=False, with_pair=False) for _ in range(300)]
    couples = [c for scene in drawn if scene for c in combinations(scene.actors, 2)]
    sizes = [
        {one.look.size, other.look.size}
        for one, other in couples
        if (one.look.kind, one.look.colours) == (other.look.kind, other.look.colours)
    ]
    assert len(sizes) > 10
    assert all(pair == {"small", "big"} for pair in sizes)
