"""Instance files: found, checked, split by picture."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from photographs import CATEGORIES
from PIL import Image

from cstm.data.composed import ComposedClips
from cstm.data.composed.instances import read_photographs
from cstm.data.composed.photograph import split_of
from cstm.data.composed.stock import Stock
from cstm.data.language.class_names import class_of, number_of
from cstm.data.language.nouns import noun_of


@pytest.fixture
def root(photographs, tmp_path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(photographs, tmp_path / "copy")


def edit(root: Path, change) -> None:
    document = json.loads((root / "instances.json").read_text())
    change(document)
    (root / "instances.json").write_text(json.dumps(document))


def test_a_picture_is_of_one_split_and_what_is_unmarked_of_none(photographs):
    paths = {split: {p.path.name for p in read_photographs(photographs, split)}
             for split in ("train", "test")}  # fmt: skip
    assert not paths["train"] & paths["test"]
    marked = {f"{n:03d}.png" for n in range(1, 61) if n % 7}
    assert paths["train"] | paths["test"] == marked
    assert paths["test"] == {name for name in marked if split_of(int(name[:3])) == "test"}


def test_no_pixel_of_a_test_photograph_is_used_in_training(photographs):
    used = {}
    for split in ("train", "test"):
        plans = ComposedClips(photographs, split, clips=40).plans
        used[split] = {
            figure.photograph.path
            for plan in plans
            for figure in (*plan.scene.backdrop.figures, *(a.figure for a in plan.scene.actors))
        }
    assert used["train"]
    assert used["test"]
    assert not used["train"] & used["test"]


def test_about_15_percent_are_for_testing():
    share = sum(split_of(number) == "test" for number in range(20_000)) / 20_000
    assert share == pytest.approx(0.15, abs=0.01)


def test_of_many_photographs_as_many_are_taken_as_may_be(photographs, monkeypatch):
    found = read_photographs(photographs, "train")
    monkeypatch.setattr("cstm.data.composed.stock.MOST_PHOTOGRAPHS", len(found) - 1)
    assert len(Stock(found).pictures) == len(found) - 1


def test_the_layout_of_the_whole_of_coco(root):
    before = [p.instances for p in read_photographs(root, "train")]
    (root / "annotations").mkdir()
    text = (root / "instances.json").read_text()
    (root / "annotations" / "instances_val2017.json").write_text(text)
    # COCO's archive brings files for pictures that one may not have.
    (root / "annotations" / "instances_train2017.json").write_text(
        text.replace('.png"', '_train.png"')
    )
    (root / "instances.json").unlink()
    (root / "images").rename(root / "val2017")
    after = read_photographs(root, "train")
    assert [p.instances for p in after] == before
    assert all(p.path.parent == root / "val2017" for p in after)


def test_no_instance_file(tmp_path):
    with pytest.raises(ValueError, match=r"no instances\*\.json.*cocodataset"):
        ComposedClips(tmp_path, "train")


def test_missing_pictures_are_counted_and_one_is_named(root):
    for number in (5, 9, 10):
        (root / "images" / f"{number:03d}.png").unlink()
    with pytest.raises(ValueError, match=r"3 of its 60 pictures are missing.*005\.png"):
        ComposedClips(root, "train")


def test_all_pictures_missing(root):
    shutil.rmtree(root / "images")
    with pytest.raises(ValueError, match=r"no picture.*are the pictures in .*images"):
        ComposedClips(root, "train")


def test_a_broken_polygon_is_named(root):
    edit(root, lambda d: [a.update(segmentation=[[1, 2, 3]]) for a in d["annotations"]])
    with pytest.raises(ValueError, match=r"\d+\.png: annotation \d+: its polygons") as caught:
        ComposedClips(root, "train")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("images"), "images should be a list"),
        (
            lambda d: d["annotations"][0].pop("bbox"),
            r"annotations\[0\]: has no 'bbox', which should",
        ),
        (lambda d: d["annotations"][0].update(category_id=99), "annotation 1 should have a cat"),
        (
            lambda d: d["annotations"][0].update(image_id=[1]),
            r"annotations\[0\]: its image_id",
        ),
        (lambda d: d["annotations"][2].update(bbox=[None, 1, 2, 3]), "bbox .* four numbers"),
        (lambda d: d["annotations"][2].update(bbox="1 2 3 4"), "bbox '1 2 3 4' should be four num"),
        (
            lambda d: d["images"][1].update(width=None),
            r"images\[1\]: its width None should",
        ),
        (lambda d: d["images"][1].update(file_name=5), "file_name 5 should be text"),
        (lambda d: d["categories"][0].update(name=""), r"categories\[0\]: its name '' should be"),
        (lambda d: d["annotations"][0].update(image_id="1"), "annotation 1 is about image '1', wh"),
        (lambda d: d["images"][1].update(id=1), "two images have the id 1"),
        (lambda d: d["categories"][1].update(id=1), "two categories have the id 1"),
        (lambda d: d["annotations"][0].update(iscrowd="0"), "iscrowd '0' should be 0 or 1"),
        (lambda d: d["images"][1].update(file_name="001.png"), r"001\.png is listed twice"),
    ],
)
def test_an_incomplete_file(root, change, message):
    edit(root, change)
    with pytest.raises(ValueError, match=message):
        ComposedClips(root, "train")


def test_a_picture_of_two_files_would_be_in_both_parts(root):
    (root / "annotations").mkdir()
    shutil.copy(root / "instances.json", root / "annotations" / "instances_default.json")
    with pytest.raises(ValueError, match=r"listed twice, in instances\w*\.json and in instances"):
        ComposedClips(root, "train")


def test_the_folder_that_has_all_pictures_is_taken(root):
    shutil.copy(root / "images" / "005.png", root / "005.png")
    (root / "images").rename(root / "default")
    (root / "instances.json").rename(root / "instances_default.json")
    assert {p.path.parent for p in read_photographs(root, "train")} == {root / "default"}


@pytest.mark.parametrize("name", ["Man", "pedestrian", "baby", "people"])
def test_people_are_persons_whatever_a_file_calls_them(root, photographs, name):
    edit(root, lambda d: d["categories"][0].update(name=name))
    read, before = (read_photographs(place, "train") for place in (root, photographs))
    assert [p.instances for p in read] == [p.instances for p in before]
    assert number_of(name) == number_of("person") == 1


def test_nothing_is_cut_into_a_photograph_that_may_hold_one_unmarked(photographs):
    plans = ComposedClips(photographs, "train", clips=300).plans
    lonely = [p for p in plans if {f.category for f in p.scene.backdrop.figures} == {"person"}]
    cut = {actor.figure.category for plan in lonely for actor in plan.scene.actors}
    assert cut == {"person", "cat", "dog"}
    others = {a.figure.category for p in plans if p not in lonely for a in p.scene.actors}
    assert "car" in others


def test_classes_have_the_names_that_other_tools_give_them(root, photographs):
    edit(root, lambda d: [c.update(name=f" {c['name'].title()}") for c in d["categories"]])
    read, before = (read_photographs(place, "train") for place in (root, photographs))
    assert [p.instances for p in read] == [p.instances for p in before]


def test_of_many_the_class_is_that_of_one(root, photographs):
    edit(root, lambda d: [c.update(name=f"{c['name']}s") for c in d["categories"]])
    read, before = (read_photographs(place, "train") for place in (root, photographs))
    assert [p.instances for p in read] == [p.instances for p in before]
    assert [class_of(name) for name in ("buses", "adults", "skis", "glasses")] == [
        "bus", "person", "skis", "glasses",
    ]  # fmt: skip


def test_a_name_for_all_classes_together_is_said_of_nobody(root):
    """Roboflow's files begin with one, which no annotation has."""
    edit(root, lambda d: d["categories"].insert(0, {"id": 0, "name": "animals of mine"}))
    clips = ComposedClips(root, "train", clips=60)
    assert not any("animals" in pair.sentence for pair in clips.pairs)
    assert any(pair.kind == "lacks the class" for pair in clips.pairs)


def add_drivers(document) -> None:
    """Mark a person in the middle of every car."""
    for car in [a for a in document["annotations"] if a["category_id"] == 3]:
        left, top, width, height = car["bbox"]
        x, y = left + width / 2, top + height / 2
        square = [x - 8, y - 8, x + 8, y - 8, x + 8, y + 8, x - 8, y + 8]
        document["annotations"].append(
            {**car, "id": -car["id"], "category_id": 1, "segmentation": [square],
             "bbox": [x - 8, y - 8, 16, 16]}
        )  # fmt: skip


def test_who_comes_along_in_a_cut_out_is_neither_absent_nor_another_one_meant(root):
    edit(root, add_drivers)
    clips = ComposedClips(root, "train", clips=200)
    cut = {a.figure.category: a.figure.holds for p in clips.plans for a in p.scene.actors}
    assert cut == {"person": set(), "car": {"person"}, "cat": set(), "dog": set()}
    for plan in clips.plans:
        if any(actor.figure.category == "car" for actor in plan.scene.actors):
            assert not any(one.category == "person" for one in plan.cast)
            assert not any("person" in sentence.text for sentence in plan.sentences)


def test_a_picture_that_is_cut_short_is_told(root):
    (path, *_) = (p.path for p in read_photographs(root, "train"))
    path.write_bytes(cv2.imencode(".jpg", cv2.imread(str(path)))[1].tobytes()[:1500])
    with pytest.raises(ValueError, match=rf"{path.name}: not a picture that can be .*truncated"):
        ComposedClips(root, "train")


def test_no_one_is_said_to_be_absent_whom_the_file_does_not_mark(photographs):
    """Where only five classes are marked, a giraffe may be in any picture."""
    plans = ComposedClips(photographs, "train", clips=100).plans
    absent = [s.text for p in plans for s in p.sentences if s.lacks == "class"]
    words = {word for name in CATEGORIES.values() for word in noun_of(name).words}
    assert len(absent) > 20
    assert all(words & set(text.split()) for text in absent)


def test_no_json(root):
    (root / "instances.json").write_text('{"images": [')
    with pytest.raises(ValueError, match="no JSON"):
        ComposedClips(root, "train")


def test_a_picture_that_was_edited_is_read_anew(root):
    photograph = read_photographs(root, "train")[0]
    assert photograph.read().any()
    Image.new("RGB", (photograph.width, photograph.height)).save(photograph.path)
    assert not read_photographs(root, "train")[0].read().any()


def test_a_picture_of_another_size(root):
    edit(root, lambda d: [image.update(width=241) for image in d["images"]])
    with pytest.raises(ValueError, match="240×180 pixels, the instance file says 241×180"):
        ComposedClips(root, "train")


def test_nothing_to_cut_out(root):
    edit(root, lambda d: [a.update(category_id=67) for a in d["annotations"]])
    with pytest.raises(ValueError, match="nothing to cut out"):
        ComposedClips(root, "train")


def test_what_is_cut_by_the_border_hidden_or_a_crowd_is_not_cut_out(root):
    whole = sum(f.is_whole for p in Stock(read_photographs(root, "train")).pictures for f in p)
    assert whole > 20

    def spoil(document):
        for annotation in document["annotations"]:
            left, top, width, height = annotation["bbox"]
            match annotation["image_id"] % 3:
                case 0:
                    annotation["segmentation"] = [[0, top, 70, top, 70, top + 70, 0, top + 70]]
                case 1:
                    annotation["iscrowd"] = 1
                case 2:
                    x, y = left + width / 2, top + height / 2
                    annotation["segmentation"] = [
                        [x - 20, y - 45, x + 20, y - 45, x + 20, y - 10, x - 20, y - 10],
                        [x - 20, y + 10, x + 20, y + 10, x + 20, y + 45, x - 20, y + 45],
                    ]

    edit(root, spoil)
    with pytest.raises(ValueError, match="nothing to cut out"):
        Stock(read_photographs(root, "train"))


def test_colours_and_boxes_are_measured_from_the_pixels(photographs):
    names = {"person": "red", "car": "blue", "cat": "black", "dog": "white"}
    figures = [f for p in Stock(read_photographs(photographs, "train")).pictures for f in p]
    portraits = [f for f in figures if f.category == "person" and f.size[1] < 1.6 * f.size[0]]
    assert 0 < len(portraits) < sum(figure.category == "person" for figure in figures)
    for figure in figures:
        clear = None if figure in portraits else names[figure.category]
        assert figure.colours.clear == clear
        mask = figure.photograph.mask(figure.instance)
        left, top, width, height = (round(side) for side in figure.instance.box)
        assert cv2.boundingRect(mask.astype(np.uint8)) == (left, top, width, height)
