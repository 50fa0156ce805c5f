"""Own videos: the same samples as the drawn world's, and every fault told by reader and check."""

import json
import shutil
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from traps import rotate

from cstm.cli.data import check_data
from cstm.config import ClipConfig
from cstm.data.a2d_sentences import A2DSentences
from cstm.data.check import check
from cstm.data.datasets import open_dataset
from cstm.data.masks import encode_mask
from cstm.data.own_sentences import OwnSentences
from cstm.data.prepared import PreparedSamples, prepare
from cstm.data.sample import DIRECTIONS
from cstm.data.transforms import ResizePad

CLIP = ClipConfig(frames=4, size=64)


@pytest.fixture
def root(own: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(own, tmp_path / "mine")


def edit(root: Path, change, file: str = "train.json") -> None:
    document = json.loads((root / file).read_text())
    change(document)
    (root / file).write_text(json.dumps(document))


def annotation(number: int, **values):
    """Change the annotation with an id."""
    return lambda document: document["annotations"][number - 1].update(values)


@pytest.mark.parametrize("split", ["train", "test"])
def test_samples_are_those_of_the_same_clips_in_a2d_s_format(own, split):
    mine = open_dataset("own", own, split, CLIP)
    a2d = A2DSentences(own.parent / "world", split, CLIP)
    samples = {(sample.name, sample.sentence): sample for sample in a2d}
    present = [pair for pair in mine.pairs if pair.instance]
    assert len(present) == len(a2d)
    moved = False
    for pair, sample in zip(mine.pairs, mine, strict=True):
        assert (pair.name, pair.sentence) == (sample.name, sample.sentence)
        if not pair.instance:
            assert not sample.mask.any()
            assert (pair.actor, pair.action, pair.direction) == (None, None, None)
            continue
        twin = next(
            twin
            for (name, sentence), twin in samples.items()
            if name.startswith(f"{pair.video.removesuffix('.mp4')}/{pair.frame + 1:05d}/")
            and sentence == pair.sentence
        )
        assert np.array_equal(sample.frames, twin.frames)
        assert np.array_equal(sample.mask, twin.mask)
        assert np.array_equal(sample.action, twin.action)
        assert np.array_equal(sample.direction, twin.direction)
        moved |= bool(sample.direction.any())
    assert moved
    assert any(pair.instance == 0 for pair in mine.pairs)


def test_what_is_known_before_decoding_is_that_of_a2d_s_format(own):
    def known(samples):
        return sorted(
            (pair.video.removesuffix(".mp4"), pair.frame, pair.sentence, pair.actor, pair.action,
             pair.direction)
            for pair in samples.pairs if pair.sentence != "a zebra on the left"
        )  # fmt: skip

    mine, a2d = OwnSentences(own, "train"), A2DSentences(own.parent / "world", "train")
    assert known(mine) == known(a2d)


def test_sentences_of_a_frame_follow_each_other(own):
    frames = [(pair.video, pair.frame) for pair in OwnSentences(own, "train").pairs]
    assert len(list(groupby(frames))) == len(set(frames))


def test_an_actor_without_sentences_lends_its_action_still(root):
    before = OwnSentences(root, "train", CLIP)
    frames = [(pair.video, pair.frame) for pair in before.pairs]
    first, second = next(
        (one, two)
        for one, two in zip(before.pairs, before.pairs[1:], strict=False)
        if (one.video, one.frame) == (two.video, two.frame) and 0 < one.instance < two.instance
    )
    edit(root, lambda document: document["annotations"][second.instance - 1].pop("sentences"))
    after = OwnSentences(root, "train", CLIP)
    assert {pair.instance for pair in after.pairs} == {p.instance for p in before.pairs} - {
        second.instance
    }
    index = frames.index((first.video, first.frame))
    seen = next(sample for sample in after if sample.name == first.name)
    assert seen.action.any()
    assert np.array_equal(seen.action, before[index].action)
    assert np.array_equal(seen.direction, before[index].direction)


def square(root: Path, segmentation: object) -> np.ndarray:
    edit(root, annotation(1, segmentation=segmentation, sentences=["a square"]))
    samples = OwnSentences(root, "train", CLIP)
    index = next(i for i, pair in enumerate(samples.pairs) if pair.sentence == "a square")
    return samples[index].mask


def test_all_encodings_of_a_mask_are_the_same(root):
    expected = np.zeros((80, 96), bool)
    expected[10:30, 20:25] = True
    plain = [20 * 80 + 10]
    for _ in range(5):
        plain += [20, 60]
    plain[-1] += 80 * 96 - sum(plain)
    for segmentation in (
        encode_mask(expected),
        {"size": [80, 96], "counts": plain},
        [[20, 10, 25, 10, 25, 30, 20, 30]],
        [[20, 10, 23, 10, 23, 30, 20, 30], [23, 10, 25.0, 10, 25, 30, 23, 30]],
    ):
        assert np.array_equal(square(root, segmentation), expected)


def test_a_turned_video_is_annotated_as_it_is_displayed(root):
    """Stored 96×80, shown 80×96, as a telephone held upright writes it."""
    rotate(root / "videos" / "train00000.mp4", (0, 1, -1, 0))
    with pytest.raises(ValueError, match=r"size \(height, width\) is \[80, 96\].*as it is displ"):
        OwnSentences(root, "train", CLIP)

    def polygons(document):
        for one in document["annotations"]:
            if one["video_id"] == 0 and one["segmentation"]:
                one["segmentation"] = [[0, 0, 80, 0, 80, 96, 0, 96]]

    edit(root, polygons)
    sample = OwnSentences(root, "train", CLIP)[0]
    assert sample.frames.shape[1:3] == sample.mask.shape == (96, 80)


def test_prepared_samples_are_the_dataset_s_and_notice_when_it_is_changed(root, tmp_path):
    samples = OwnSentences(root, "train", CLIP)
    list(prepare(samples, CLIP, tmp_path / "clips", workers=0))
    prepared = PreparedSamples(tmp_path / "clips", samples)
    fit = ResizePad.for_frame(80, 96, 64)
    left, right = 1 + DIRECTIONS.index("left"), 1 + DIRECTIONS.index("right")
    for index, sample in enumerate(samples):
        row, mirrored = prepared.row(index, mirror=False), prepared.row(index, mirror=True)
        assert np.array_equal(row.clip, fit.apply(sample.frames).numpy())
        assert np.array_equal(row.mask, fit.apply_mask(sample.mask).numpy() >= 0.5)
        assert np.array_equal(row.direction, fit.apply_labels(sample.direction).numpy())
        assert row.sentence == sample.sentence
        if sample.sentence == "a zebra on the left":
            assert mirrored.sentence == "a zebra on the right"
        was_left = row.direction[:, ::-1] == left
        assert (mirrored.direction[was_left] == right).all()
    first = next(one for one in samples.pairs if one.instance)
    edit(root, annotation(first.instance, segmentation=[[0, 0, 9, 0, 9, 9]]))
    with pytest.raises(ValueError, match="before it was changed"):
        PreparedSamples(tmp_path / "clips", OwnSentences(root, "train", CLIP))


def remove(key: str, place: str = "annotations"):
    return lambda document: document[place][0].pop(key)


FAULTS = {
    "no list of videos": (lambda d: d.update(videos={}), "videos should be a list of objects"),
    "no videos": (lambda d: d.update(videos=[]), "videos is an empty list"),
    "no annotations": (lambda d: d.update(annotations=[]), "annotations is an empty list"),
    "annotations left out": (lambda d: d.pop("annotations"), "annotations should be a list of"),
    "coco": (
        lambda d: d.update(images=d.pop("videos")),
        "has images and no videos: it is an instance file of COCO",
    ),
    "of segment": (lambda d: d.update(queries=d.pop("videos")), "is what `cstm segment` writes"),
    "video without id": (remove("id", "videos"), "videos[0]: has no 'id', which should be text"),
    "video id": (lambda d: d["videos"][0].update(id=1.5), "videos[0]: its id 1.5 should be"),
    "video twice": (
        lambda d: d["videos"].append(dict(d["videos"][0], file_name="b.mp4")),
        "video 0: its id occurs twice",
    ),
    "file twice": (
        lambda d: d["videos"].append(dict(d["videos"][0], id="b")),
        "video b: its file_name is that of another video, too",
    ),
    "file name": (remove("file_name", "videos"), "video 0: has no 'file_name', which should be"),
    "file names": (
        lambda d: d["videos"][0].update(file_names=[d["videos"][0].pop("file_name")]),
        "video 0: has 'file_names', which should be 'file_name'",
    ),
    "blank file name": (
        lambda d: d["videos"][0].update(file_name=" "),
        "video 0: its file_name ' ' should be the name of a file in videos",
    ),
    "id": (remove("id"), "annotations[0]: has no 'id', which should be a whole number above 0"),
    "id 0": (annotation(1, id=0), "annotations[0]: its id 0 should be"),
    "id twice": (annotation(2, id=1), "annotation 1: its id occurs twice; ids should be unique"),
    "no video id": (remove("video_id"), "annotation 1: has no 'video_id'"),
    "unknown video": (
        annotation(1, video_id="0"),
        "annotation 1: its video_id '0' is the id of none of the videos",
    ),
    "no frame": (remove("frame"), "annotation 1: has no 'frame', which should be a whole number"),
    "frame": (annotation(1, frame=-1), "annotation 1: its frame -1 should be a whole number from"),
    "frame as text": (annotation(1, frame="1"), "annotation 1: its frame '1' should be"),
    "frame too far": (
        annotation(1, frame=12),
        "annotation 1: its frame is 12, but train00000.mp4 has 12 frames, counted from 0",
    ),
    "no segmentation": (remove("segmentation"), "annotation 1: has no 'segmentation'"),
    "segmentation": (annotation(1, segmentation="a"), "annotation 1: its segmentation 'a' should"),
    "half run lengths": (
        annotation(1, segmentation={"size": [80, 96]}),
        'annotation 1: its segmentation should be {"size": …, "counts": …}',
    ),
    "size": (
        annotation(1, segmentation={"size": [96, 80], "counts": [7680]}),
        "annotation 1: its mask's size (height, width) is [96, 80], the image's is [80, 96]",
    ),
    "broken": (
        annotation(1, segmentation={"size": [80, 96], "counts": [7, 7]}),
        "annotation 1: its run lengths are broken",
    ),
    "broken text": (
        annotation(1, segmentation={"size": [80, 96], "counts": "PPP1"}),
        "annotation 1: its run lengths are broken",
    ),
    "empty": (
        annotation(1, segmentation={"size": [80, 96], "counts": [7680]}),
        "annotation 1: its mask is empty; draw it anew, or write null",
    ),
    "outside": (
        annotation(1, segmentation=[[200, 200, 210, 200, 210, 210]]),
        "annotation 1: its mask is empty",
    ),
    "odd polygon": (
        annotation(1, segmentation=[[1, 2, 3, 4, 5, 6, 7]]),
        "annotation 1: its polygons should be lists of x, y",
    ),
    "no polygon": (annotation(1, segmentation=[]), "annotation 1: its segmentation is an empty"),
    "nobody and nothing": (
        annotation(1, segmentation=None, sentences=[]),
        "annotation 1: marks nobody, and has no sentence",
    ),
    "sentence alone": (
        annotation(1, sentences="a dog"),
        "annotation 1: its sentences 'a dog' should be a list of sentences",
    ),
    "sentence misspelt": (
        lambda d: d["annotations"][0].update(sentence=d["annotations"][0].pop("sentences")),
        "annotation 1: has 'sentence', which should be 'sentences'",
    ),
    "blank": (
        annotation(1, sentences=["a dog", " … "]),
        "annotation 1: its sentences ['a dog', ' … '] should be a list of sentences, each with a",
    ),
    "category": (annotation(1, category=5), "annotation 1: its category 5 should be text"),
    "action": (
        annotation(1, action="dancing"),
        "annotation 1: its action 'dancing' should be one of climbing, crawling",
    ),
    "direction": (annotation(1, direction=["up"]), "annotation 1: its direction ['up'] should be"),
    "nothing said": (
        lambda d: d.update(annotations=[dict(d["annotations"][0], sentences=[])]),
        "no annotation has sentences",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_by_reader_and_check(root, fault):
    change, words = FAULTS[fault]
    edit(root, change)
    with pytest.raises(ValueError, match=r"train\.json: ") as caught:
        OwnSentences(root, "train", CLIP)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    found = check("own", root, workers=1)
    assert [problem for file, problem in found.broken if words in problem]
    assert {file for file, _ in found.broken} == {"train.json"}
    assert not found.missing
    assert OwnSentences(root, "test", CLIP).pairs, "the other file is whole"


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"videos": [', "no JSON"), ("[]", "should be an object with videos and annotations")],
)
def test_no_json_and_no_object(root, text, words):
    (root / "train.json").write_text(text)
    with pytest.raises(ValueError, match=rf"train\.json: {words}"):
        OwnSentences(root, "train", CLIP)
    ((file, problem),) = check("own", root).broken
    assert file == "train.json"
    assert problem.startswith(words)


def test_no_file_at_all(tmp_path):
    with pytest.raises(ValueError, match=r"test\.json: no such file; write it, with videos and"):
        OwnSentences(tmp_path, "test", CLIP)
    ((file, do),) = check("own", tmp_path).missing
    assert file == "train.json"
    assert "give the folder that holds it" in do


def test_a_video_that_is_missing_or_none(root):
    (root / "videos" / "train00000.mp4").unlink()
    (root / "videos" / "train00001.mp4").write_bytes(b"no video")
    with pytest.raises(ValueError, match=r"train00000\.mp4: no such video file"):
        OwnSentences(root, "train", CLIP)
    found = check("own", root, workers=1)
    assert found.missing == [
        ("videos/train00000.mp4", "put it there, or correct its file_name in train.json")
    ]
    ((file, problem),) = found.broken
    assert file == "videos/train00001.mp4"
    assert problem.startswith("not a video that can be read")


def test_all_faults_are_told_at_once(root):
    def spoil(document):
        one, two, three, *_ = document["annotations"]
        one.update(frame=12.0, action="dancing", id="one")
        two.update(segmentation=[[1, 2]], sentences=[""])
        three["segmentation"]["counts"] = "1"

    edit(root, spoil)
    edit(root, lambda document: document["videos"][0].pop("file_name"), "test.json")
    found = check("own", root, workers=1)
    assert [(file, problem.split(" should")[0]) for file, problem in found.broken[:5]] == [
        ("train.json", "annotations[0]: its id 'one'"),
        ("train.json", "annotations[0]: its frame 12.0"),
        ("train.json", "annotations[0]: its action 'dancing'"),
        ("train.json", "annotation 2: its sentences ['']"),
        ("test.json", "video 0: has no 'file_name', which"),
    ]
    assert found.broken[5].problem.startswith("annotation 3: its run lengths are broken")
    assert len(found.broken) == 6


def test_the_check_counts_what_the_reader_gives(own):
    found = check("own", own, workers=1)
    assert found.usable
    assert not found.notes
    for split in ("train", "test"):
        pairs = OwnSentences(own, split).pairs
        assert found.counts["pairs"][split] == len(pairs)
        assert found.counts["videos"][split] == len({pair.video for pair in pairs})
        assert found.counts["sentences"][split] == len({(p.video, p.sentence) for p in pairs})
        assert found.counts["frames"][split] >= len({(p.video, p.frame) for p in pairs})


def test_what_is_odd_and_no_fault(root):
    shutil.copy(root / "train.json", root / "test.json")
    long = "the Dog " + "very " * 20 + "far away"
    edit(root, annotation(1, sentences=[long]))

    def repeat(document):
        first, frame = document["annotations"][0], document["annotations"][0]["frame"]
        document["annotations"].append(dict(first, id=99, frame=frame, segmentation=None))

    edit(root, repeat)
    found = check("own", root, workers=1)
    assert found.usable
    assert found.traps["more than 20 words in a sentence"] == [
        "train.json: annotation 1", "train.json: annotation 99",
    ]  # fmt: skip
    assert "train.json: annotation 1" in found.traps["capitals in a sentence"]
    (shared,) = found.traps["sentence about several actors of a frame"]
    assert shared.startswith("train00000.mp4, frame ")
    (note,) = found.notes
    assert note.startswith("in train.json and test.json: train00000.mp4, train00001.mp4")


def test_one_split_is_enough(root, capsys):
    (root / "test.json").unlink()
    check_data("own", root, workers=1)
    assert "no test.json: training validates on nothing" in capsys.readouterr().out
    (root / "train.json").rename(root / "test.json")
    check_data("own", root, workers=1)
    assert "no train.json: there is nothing to train on" in capsys.readouterr().out
