"""Cut-outs: pictures with a transparent background, beside photographs."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from cstm.data.composed import ComposedClips
from cstm.data.composed.cutouts import read_cutouts
from cstm.data.composed.figures import measure
from cstm.data.composed.photograph import split_of
from cstm.data.language.class_names import number_of

YELLOW = (250, 220, 20)


def draw_cutout(path: Path, depth: type = np.uint8) -> np.ndarray:
    """Write a yellow ellipse that touches the picture's border; returns its mask."""
    mask = cv2.ellipse(np.zeros((90, 60), np.uint8), (30, 45), (29, 44), 0, 0, 360, 255, -1)
    picture = np.dstack([np.full((90, 60, 3), YELLOW[::-1], np.uint8), mask]).astype(depth)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture * 257 if depth == np.uint16 else picture)
    return mask > 0


@pytest.fixture(scope="module")
def root(photographs, tmp_path_factory) -> Path:
    """Photographs of persons, cars, cats and dogs, and twelve foxes and gadgets to cut out."""
    root = shutil.copytree(photographs, tmp_path_factory.mktemp("cutouts") / "copy")
    for number in range(12):
        draw_cutout(root / "cutouts" / "fox" / f"{number}.png")
        draw_cutout(root / "cutouts" / "Gadget " / f"{number}.png")
    return root


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_alpha_is_the_mask(tmp_path, depth):
    mask = draw_cutout(tmp_path / "cutouts" / "fox" / "1.png", depth)
    split = split_of("fox/1.png")
    (cutout,) = read_cutouts(tmp_path, split)
    (instance,) = cutout.instances
    assert instance.category == "fox"
    assert np.array_equal(cutout.mask(instance), mask)
    assert (cutout.read()[mask] == YELLOW).all()
    (figure,) = measure(cutout)
    assert figure.is_whole, "the border of a cut-out cuts nothing"
    assert figure.colours.clear == "yellow"
    assert not read_cutouts(tmp_path, "test" if split == "train" else "train")


def test_splits_are_by_file(root):
    names = {split: {f"{c.path.parent.name}/{c.path.name}" for c in read_cutouts(root, split)}
             for split in ("train", "test")}  # fmt: skip
    assert len(names["train"] | names["test"]) == 24
    assert names["test"] == {n for n in names["train"] | names["test"] if split_of(n) == "test"}


def test_pictures_of_one_thing_fall_into_one_part(tmp_path):
    for name in ("5.png", "5.1.png", "5.2.png", "6.png"):
        draw_cutout(tmp_path / "cutouts" / "fox" / name)
    for split in ("train", "test"):
        names = [cutout.path.name for cutout in read_cutouts(tmp_path, split)]
        assert ({"5.png", "5.1.png", "5.2.png"} <= set(names)) == (split_of("fox/5.png") == split)
        assert ("6.png" in names) == (split_of("fox/6.png") == split)


def test_clips_show_them_before_photographs_alone(root):
    clips = ComposedClips(root, "train", clips=60)
    shown = {actor.figure.category for plan in clips.plans for actor in plan.scene.actors}
    assert {"fox", "gadget", "person"} <= shown
    assert not any(plan.scene.backdrop.photograph.is_cutout for plan in clips.plans)
    seen = 0
    for index, pair in enumerate(clips.pairs):
        if pair.actor in ("fox", "gadget"):
            sample = clips[index]
            assert (sample.category[sample.mask] == number_of(pair.actor)).all()
            red, green, blue = sample.frames[4][sample.mask].mean(0)
            assert red > 100
            assert green > blue + 40
            seen += 1
    assert seen > 10
    assert (number_of("gadget"), number_of("adult")) == (0, number_of("person"))


def test_their_classes_are_told_to_be_absent_too(root, photographs):
    """A word that is only ever said of someone who is there would give the answer away."""
    absent = {pair.sentence for pair in ComposedClips(root, "train", clips=150).pairs
              if pair.kind == "lacks the class"}  # fmt: skip
    assert any("fox" in sentence for sentence in absent)
    assert any("gadget" in sentence for sentence in absent)
    assert not any("fox" in p.sentence for p in ComposedClips(photographs, "train", clips=40).pairs)


def test_many_classes_of_a_kind_do_not_push_the_others_aside(photographs, tmp_path):
    root = shutil.copytree(photographs, tmp_path / "many")
    document = json.loads((root / "instances.json").read_text())
    document["categories"] += [{"id": 100 + n, "name": f"gadget{n}"} for n in range(400)]
    tested = next(a for a in document["annotations"] if split_of(a["image_id"]) == "test")
    document["annotations"] += [{**tested, "category_id": 100 + n} for n in range(400)]
    (root / "instances.json").write_text(json.dumps(document))
    absent = [pair.sentence for pair in ComposedClips(root, "train", clips=200).pairs
              if pair.kind == "lacks the class"]  # fmt: skip
    share = sum("gadget" in sentence for sentence in absent) / len(absent)
    assert 0.2 < share < 0.8


def test_what_is_no_cutout_is_refused(tmp_path):
    folder = tmp_path / "cutouts"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"no CLASS/\*\.png"):
        read_cutouts(tmp_path, "train")
    path = folder / "fox" / "1.png"
    path.parent.mkdir()
    split = split_of("fox/1.png")
    for channels in (3, 4):
        cv2.imwrite(str(path), np.full((80, 80, channels), 255, np.uint8))
        with pytest.raises(ValueError, match="transparent background"):
            read_cutouts(tmp_path, split)
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="not a picture"):
        read_cutouts(tmp_path, split)
