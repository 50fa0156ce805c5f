"""Every fault of a folder of own videos is told by the reader, and all of them by the check."""

import shutil

import pytest
from own_videos import annotation, edit

from cstm.cli.data import check_data
from cstm.config import ClipConfig
from cstm.data.check import check
from cstm.data.formats.own_sentences import OwnSentences

CLIP = ClipConfig(frames=4, size=64)


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


def test_untidy_sentences_are_told_of_and_read_tidily(root):
    edit(root, annotation(1, sentences=["  the  dog running "]))
    found = check("own", root, workers=1)
    for trap in ("spaces around a sentence", "double spaces in a sentence"):
        assert found.traps[trap] == ["train.json: annotation 1"]
    assert "the dog running" in {pair.sentence for pair in OwnSentences(root, "train").pairs}


def test_one_split_is_enough(root, capsys):
    (root / "test.json").unlink()
    check_data("own", root, workers=1)
    assert "no test.json: training validates on nothing" in capsys.readouterr().out
    (root / "train.json").rename(root / "test.json")
    check_data("own", root, workers=1)
    assert "no train.json: there is nothing to train on" in capsys.readouterr().out
