import csv
import json
from pathlib import Path

import av
import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from traps import CLAP, JHMDB_TRIPLES, KICK, MAN, NOTHING, WAVE, A2DWorld, JHMDBWorld, growing

from cstm.cli.data import check_data
from cstm.config import DataFormat
from cstm.data.check import PUBLISHED, check
from cstm.data.check.findings import Findings
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.frames.video import open_video
from cstm.data.synthetic import synthesize

ANNOTATIONS = Path(__file__).parents[3] / "shared" / "data" / "annotations"


def traps_of(found: Findings) -> dict[str, list[str]]:
    return {name: sorted(places) for name, places in found.traps.items()}


def test_every_trap_of_a2d_is_named(world: A2DWorld):
    found = check("a2d", world.root)
    assert found.usable
    assert traps_of(found) == {
        "frame with a single mask": ["-train1/00012", "test333/00010"],
        "instance numbers that are no positions": [
            "-train1/00004", "-train1/00012", "-train1/00016", "train22/00001",
        ],
        "instance number twice": ["train22/00001"],
        "more masks than instance numbers": ["-train1/00020"],
        "empty mask": ["-train1/00016/5", "-train1/00016/5"],
        "instance that is no number": ["-train1/1 (copy)"],
        "spaces around a sentence": ["-train1/0"],
        "double spaces in a sentence": ["-train1/0"],
        "capitals in a sentence": ["-train1/0"],
        "sentence without a mask": ["-train1/9"],
        "missed video": ["missedvideo"],
    }  # fmt: skip


def test_counts_are_those_of_the_reader(world: A2DWorld):
    found = check("a2d", world.root)
    pairs = {split: len(A2DSentences(world.root, split)) for split in ("train", "test")}
    assert found.counts == {
        "videos": {"train": 2, "test": 1},
        "sentences": {"train": 5, "test": 1},
        "frames": {"train": 5, "test": 1},
        "pairs": pairs,
    }
    assert pairs == {"train": 8, "test": 1}
    (note,) = found.notes
    assert note.startswith("the counts are not the published ones: videos, sentences, fra")


def test_whole_datasets_are_said_to_be(world: A2DWorld, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(PUBLISHED, "a2d", {"videos": {"train": 2, "test": 1}})
    assert check("a2d", world.root).notes == ["the counts are the published ones"]


def test_every_trap_of_jhmdb_is_named(jhmdb: JHMDBWorld):
    found = check("jhmdb", jhmdb.root)
    assert found.usable
    assert traps_of(found) == {
        "fewer masks than frames": [
            f"{KICK}: 7 masks, 10 frames", f"{WAVE}: 1 masks, 3 frames",
        ],
        "empty mask": [f"{CLAP}/00005"],
        "spaces around a sentence": [CLAP],
        "double spaces in a sentence": [CLAP],
        "capitals in a sentence": [CLAP],
    }  # fmt: skip
    assert found.counts["videos"] == found.counts["sentences"] == {"test": 3}
    assert found.counts["pairs"] == found.counts["frames"] == {"test": len(JHMDB_TRIPLES)}


def test_all_that_is_wrong_is_collected(world: A2DWorld):
    release, annotations = world.root / "Release", world.root / "a2d_annotation_with_instances"
    world.video("fifth", subset=0, annotated=1, sentences=[("0", "man")])
    world.video("shorter", subset=0, annotated=1, sentences=[("0", "man")])
    world.video("nineteen", subset=0, annotated=2, sentences=[("0", "man")])
    world.video("unlisted", subset=0, annotated=1, sentences=[("0", "man")])
    world.videoset.pop()
    world.videoset.append("forgotten,11,0,1,2,3,4,5,0")
    world.write()
    world.frame("shorter", 21, [0], [18], [MAN])
    world.frame("nineteen", 2, [0], [18], [MAN[:-1]])
    world.frame("unlisted", 2, [0], [18], [MAN])
    (release / "clips320H" / "test333.mp4").unlink()
    (release / "clips320H" / "train22.mp4").write_bytes(b"not a video")
    (annotations / "-train1" / "00012.h5").write_bytes(b"not an annotation")
    with h5py.File(annotations / "-train1" / "00016.h5", "a") as file:
        del file["reMask"]
    (world.root / "sentence_tags.csv").write_text("video_id\n")
    found = check("a2d", world.root)
    assert [(file, do.split()[0]) for file, do in found.missing] == [
        ("Release/clips320H/test333.mp4", "get"),
        ("a2d_annotation_with_instances/fifth", "get"),
    ]
    broken = dict(found.broken)
    assert len(broken) == len(found.broken) == 7
    for file, problem in {
        "sentence_tags.csv": "has no column instance_id",
        "Release/videoset.csv": "has no line for unlisted, which has sentences",
        "a2d_annotation_with_instances/-train1/00012.h5": "not an annotation that can be read",
        "a2d_annotation_with_instances/-train1/00016.h5": "reMask",
        "Release/clips320H/train22.mp4": "not a video that can be read",
        "Release/clips320H/shorter.mp4": "frame 21 is annotated, but only 20 frames can be",
        "Release/clips320H/nineteen.mp4": "its frames are 32×24 pixels, its masks 32×23",
    }.items():
        assert problem in broken[file]
        assert "\n" not in broken[file]
    assert found.traps["fewer annotated frames than listed"] == ["nineteen: 1 of 2"]
    assert found.traps["video without sentences"] == ["forgotten"]
    assert "sentence without a mask" not in found.traps, "nobody knows: -train1 has broken files"


@pytest.mark.parametrize("subset", ["subset", "all of them"])
def test_missing_text_files_do_not_stop_it(world: A2DWorld, subset: str):
    (world.root / "a2d_annotation.txt").unlink()
    (world.root / "Release" / "clips320H" / "test333.mp4").unlink()
    files = ["a2d_annotation.txt", "Release/clips320H/test333.mp4"]
    if subset == "all of them":
        (world.root / "Release").rename(world.root / "elsewhere")
        (world.root / "a2d_annotation_with_instances").rename(world.root / "masks")
        files = [
            "Release/videoset.csv", "a2d_annotation.txt", "a2d_annotation_with_instances",
            "Release/clips320H",
        ]  # fmt: skip
    else:
        files += ["Release/clips320H/missedvideo.mp4"]
    found = check("a2d", world.root)
    assert [entry.file for entry in found.missing] == files
    assert not found.broken


def test_a_video_cut_short(tmp_path: Path):
    """Its first frame decodes, and its header tells of frames that are not there."""
    root = tmp_path / "world"
    synthesize(root, 1, 0, size=(64, 64), frames=12, workers=1)
    (video,) = (root / "Release" / "clips320H").iterdir()
    whole = check("synthetic", root)
    assert whole.usable
    assert not whole.notes
    assert check("a2d", root).notes, "the counts are not A2D's"
    with av.open(str(video)) as source:
        options = {"movflags": "faststart"}  # the header in front
        with av.open(str(tmp_path / "front.mp4"), "w", options=options) as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    data = (tmp_path / "front.mp4").read_bytes()
    start = data.index(b"mdat")
    video.write_bytes(data[: start + (len(data) - start) // 4])
    assert open_video(video).announced == 12
    (broken,) = check("synthetic", root).broken
    assert broken.file == f"Release/clips320H/{video.name}"
    assert "is annotated, but only" in broken.problem


@pytest.mark.parametrize("data", ["a2d", "jhmdb"])
def test_no_sentence(world: A2DWorld, jhmdb: JHMDBWorld, data: DataFormat):
    root, name = {
        "a2d": (world.root, "a2d_annotation.txt"),
        "jhmdb": (jhmdb.root, "jhmdb_annotation.txt"),
    }[data]
    (root / name).write_text((root / name).read_text().splitlines()[0])
    assert (name, "holds no sentence") in [
        (file, problem.split(";")[0]) for file, problem in check(data, root).broken
    ]
    (root / name).write_text("video_id\n")
    assert "has no column" in check(data, root).broken[0].problem


def extract(world: A2DWorld) -> Path:
    clips = world.root / "Release" / "clips320H"
    for path in list(clips.glob("*.mp4")):
        folder = world.root / "Rename_Images" / path.stem
        folder.mkdir(parents=True)
        for number in range(1, 21):
            Image.new("RGB", (32, 24)).save(folder / f"{number:05d}.png")
        path.unlink()
    clips.rmdir()
    return world.root / "Rename_Images"


def test_extracted_frames(world: A2DWorld):
    frames = extract(world)
    assert check("a2d", world.root).usable
    (frames / "-train1" / "00003.png").unlink()
    (frames / "-train1" / "00020.png").unlink()
    whole = (frames / "train22" / "00009.png").read_bytes()
    (frames / "train22" / "00009.png").write_bytes(whole[:-30])
    Image.new("RGB", (9, 9)).save(frames / "test333" / "00001.png")
    found = check("a2d", world.root)
    assert [file for file, _ in found.missing] == ["Rename_Images/-train1/00003"]
    assert [(file, problem.split("(")[0].strip()) for file, problem in found.broken] == [
        ("Rename_Images/-train1", "frame 20 is annotated, but there are only 19 frames"),
        ("Rename_Images/train22/00009.png", "not a picture that can be read"),
        ("Rename_Images/test333", "its frames are 9×9, 32×24 pixels, its masks 32×24"),
    ]


def test_frames_numbered_from_0_are_told(world: A2DWorld, jhmdb: JHMDBWorld):
    frames = extract(world)
    (frames / "-train1" / "00001.png").rename(frames / "-train1" / "00000.png")
    folder = world.root / "a2d_annotation_with_instances" / "train22"
    (folder / "00001.h5").rename(folder / "00000.h5")
    found = check("a2d", world.root)
    assert [(file, "count from 1" in problem) for file, problem in found.broken] == [
        ("Rename_Images/-train1", True),
        ("a2d_annotation_with_instances/train22", True),
    ]
    pictures = jhmdb.pictures("wave", WAVE)
    (pictures / "00001.png").rename(pictures / "00000.png")
    ((file, problem),) = check("jhmdb", jhmdb.root).broken
    assert file == f"Rename_Images/wave/{WAVE}"
    assert "count from 1" in problem


def test_what_is_wrong_with_jhmdb(jhmdb: JHMDBWorld):
    jhmdb.video("clap", "no_masks", 3, [growing(0)] * 3, "a")
    jhmdb.video("clap", "no_pictures", 3, [growing(0)] * 3, "b")
    jhmdb.video("clap", "odd_size", 3, [NOTHING[:-1]] * 4, "c")
    jhmdb.video("clap", "no_mat", 3, [growing(0)] * 3, "d")
    jhmdb.sentences.append("nowhere,e")
    jhmdb.write()
    jhmdb.masks("clap", "no_masks").write_bytes(b"none")
    jhmdb.masks("clap", "no_mat").unlink()
    for path in jhmdb.pictures("clap", "no_pictures").glob("*.png"):
        path.unlink()
    jhmdb.pin(
        jhmdb.root / "jhmdb_sentences_samples_metadata.json",
        ("wave", WAVE, 1, 1, "man waving"),
        ("wave", WAVE, 2, 3, "man waving"),
        ("wave", "stranger", 2, 3, "man waving"),
    )
    found = check("jhmdb", jhmdb.root)
    assert [file for file, _ in found.missing] == [
        "Rename_Images/*/nowhere",
        "puppet_mask/*/nowhere",
        "puppet_mask/clap/no_mat/puppet_mask.mat",
    ]
    broken = dict(found.broken)
    assert len(broken) == len(found.broken) == 5
    for file, problem in {
        "jhmdb_sentences_samples_metadata.json": "is about stranger",
        f"puppet_mask/wave/{WAVE}/puppet_mask.mat": "frame 2 is in jhmdb_sentences_samples",
        "puppet_mask/clap/no_masks/puppet_mask.mat": "not masks that can be read",
        "puppet_mask/clap/no_pictures/puppet_mask.mat": "no frame has a mask",
        "Rename_Images/clap/odd_size": "its frames are 32×24 pixels, its masks 32×23",
    }.items():
        assert problem in broken[file]
    assert "odd_size: 4 masks, 3 frames" in found.traps["more masks than frames"]
    assert any("lists 3 samples (published: 2784)" in note for note in found.notes)


def test_many_processes_find_the_same(jhmdb: JHMDBWorld):
    alone = check("jhmdb", jhmdb.root, workers=1)
    assert check("jhmdb", jhmdb.root, workers=2) == alone


def run(capsys: pytest.CaptureFixture[str], data: DataFormat, root: Path, json: bool):
    """Exit code and what was printed."""
    code = 0
    try:
        check_data(data, root, workers=1, json=json)
    except SystemExit as exit_:
        code = exit_.code
    return code, capsys.readouterr().out


def test_json(world: A2DWorld, capsys: pytest.CaptureFixture[str]):
    code, printed = run(capsys, "a2d", world.root, json=True)
    assert code == 0
    document = json.loads(printed)
    assert document["videos"] == {"train": 2, "test": 1}
    assert document["pairs"] == {"train": 8, "test": 1}
    assert document["missing"] == document["broken"] == []
    assert document["published"]["pairs"] == {"train": 15691, "test": 3794}
    assert {
        "trap": "instance that is no number",
        "reader": "the line is dropped",
        "count": 1,
        "where": ["-train1/1 (copy)"],
    } in document["traps"]
    (world.root / "Release" / "clips320H" / "train22.mp4").unlink()
    code, printed = run(capsys, "a2d", world.root, json=True)
    assert code == 1
    (missing,) = json.loads(printed)["missing"]
    assert missing["file"] == "Release/clips320H/train22.mp4"
    assert missing["do"].startswith("get the video from https://")


def test_tables(world: A2DWorld, jhmdb: JHMDBWorld, capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, printed = run(capsys, "a2d", world.root, json=False)
    assert code == 0
    for words in ("15,691", "-train1/1 (copy)", "All is there and opens."):
        assert words in printed
    jhmdb.masks("wave", WAVE).unlink()
    code, printed = run(capsys, "jhmdb", jhmdb.root, json=False)
    assert code == 1
    for words in ("missing: 1", "puppet_mask.mat", "1 missing, 0 broken."):
        assert words in printed


def test_no_such_folder(tmp_path: Path):
    with pytest.raises(ValueError, match="nowhere: no such folder; give the one that holds"):
        check_data("a2d", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="workers should be at least 1, got 0"):
        check_data("a2d", tmp_path, workers=0)


@pytest.mark.skipif(not ANNOTATIONS.is_dir(), reason="the true text files are not here")
def test_the_true_texts(tmp_path: Path):
    """Only the text files are there: their counts and traps are the published ones."""
    with (ANNOTATIONS / "a2d_frame_labels.csv").open() as file:
        subsets = {row["img_id"].split("/")[1]: row["usage"] for row in csv.DictReader(file)}
    (tmp_path / "videoset.csv").write_text(
        "".join(f"{video},0,0,1,2,3,4,5,{subset}\n" for video, subset in subsets.items())
    )
    for name in ("a2d_annotation.txt", "a2d_missed_videos.txt"):
        (tmp_path / name).write_bytes((ANNOTATIONS / name).read_bytes())
    found = check("a2d", tmp_path, workers=1)
    assert [file for file, _ in found.missing] == [
        "a2d_annotation_with_instances", "Release/clips320H",
    ]  # fmt: skip
    for what in ("videos", "sentences"):
        assert found.counts[what] == PUBLISHED["a2d"][what]
    assert {name: len(places) for name, places in found.traps.items()} == {
        "instance that is no number": 1,
        "spaces around a sentence": 222,
        "double spaces in a sentence": 10,
        "capitals in a sentence": 1320,
        "missed video": 28,
    }


def test_masks_are_read_to_their_end(jhmdb: JHMDBWorld):
    """Building the reader looks at the header; the check decompresses all."""
    path = jhmdb.masks("kick_ball", KICK)
    savemat(path, {"part_mask": np.stack([growing(n) for n in range(7)], 2)})
    path.write_bytes(path.read_bytes()[:-500])
    (broken,) = check("jhmdb", jhmdb.root).broken
    assert broken.file == f"puppet_mask/kick_ball/{KICK}/puppet_mask.mat"
