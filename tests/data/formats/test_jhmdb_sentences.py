import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat
from traps import CLAP, JHMDB_TRIPLES, KICK, NOTHING, WAVE, JHMDBWorld, frames_of, growing

from cstm.config import ClipConfig
from cstm.data.datasets import open_dataset
from cstm.data.formats.jhmdb_files import read_masks, read_pinned, read_queries, uniform_frames
from cstm.data.formats.jhmdb_sentences import JHMDBSentences
from cstm.data.sample import Samples

CLIP = ClipConfig(frames=4, step=2, size=32)
ANNOTATIONS = Path(__file__).parents[4] / "shared" / "data" / "annotations"
true_texts = pytest.mark.skipif(not ANNOTATIONS.is_dir(), reason="the true text files are not here")


def test_triples_bit_for_bit(jhmdb: JHMDBWorld):
    dataset = JHMDBSentences(jhmdb.root, CLIP)
    assert isinstance(dataset, Samples)
    assert len(dataset) == len(dataset.pairs) == len(JHMDB_TRIPLES)
    for index, (name, sentence, mask) in enumerate(JHMDB_TRIPLES):
        pair, sample = dataset.pairs[index], dataset[index]
        assert (pair.name, pair.sentence) == (name, sentence)
        assert sample.mask.dtype == bool
        assert (sample.mask == mask.astype(bool)).all()
        assert not sample.action.any()
        assert not sample.direction.any()


@pytest.mark.parametrize(
    ("index", "expected"), [(0, [0, 0, 1, 3]), (2, [2, 4, 6, 7]), (5, [1, 3, 5, 7])]
)
def test_frames_bit_for_bit(jhmdb: JHMDBWorld, index: int, expected: list[int]):
    """The target is in the middle; frames without masks still surround it."""
    dataset = JHMDBSentences(jhmdb.root, CLIP)
    video = dataset.pairs[index].video
    assert (dataset[index].frames == frames_of(video, 10)[expected]).all()


def test_files_in_a_folder_of_their_own(jhmdb: JHMDBWorld, tmp_path: Path):
    before = JHMDBSentences(jhmdb.root, CLIP)
    inner = tmp_path / "data" / "jhmdb_sentences"
    inner.parent.mkdir()
    jhmdb.root.rename(inner)
    after = JHMDBSentences(inner.parent, CLIP)
    assert after.pairs == before.pairs
    assert (after[0].mask == growing(1)).all()


@given(st.integers(1, 200))
def test_uniform_frames_are_the_middles_of_thirds(annotated: int):
    frames = uniform_frames(annotated)
    assert all(0 <= frame < annotated for frame in frames)
    assert frames == sorted(set(frames))
    if annotated < 3:
        assert frames == list(range(annotated))
        return
    assert len(frames) == 3
    for third, frame in enumerate(frames):
        # The middle of a third lies within its frame, or on the frame's first edge.
        assert frame <= (third + 0.5) * annotated / 3 < frame + 1


def test_no_frames_are_none():
    assert uniform_frames(0) == []


def test_pinned_frames_in_the_order_of_the_list(jhmdb: JHMDBWorld, tmp_path: Path):
    """The list's paths are of another machine, and its actions are not looked at."""
    pinned = jhmdb.pin(
        tmp_path / "pinned.json",
        ("kick_ball", KICK, 7, 7, "man  kicking "),
        ("elsewhere", CLAP, 1, 8, "An old woman clapping"),
    )
    dataset = open_dataset("jhmdb", jhmdb.root, "test", CLIP, pinned)
    assert [pair.name for pair in dataset.pairs] == [f"{KICK}/00007/1", f"{CLAP}/00001/1"]
    assert (dataset[0].mask == growing(6)).all()
    assert (dataset[1].mask == growing(0)).all()
    assert (dataset[0].frames == frames_of(KICK, 10)[[2, 4, 6, 8]]).all()
    assert dataset.pairs[0].sentence == "man kicking"


def test_a_mask_without_a_third_axis(tmp_path: Path):
    path = tmp_path / "puppet_mask.mat"
    savemat(path, {"part_mask": growing(2)})
    assert (read_masks(path) == growing(2)[None]).all()


def damage(world: JHMDBWorld, what: str) -> str:
    """Break one thing and say what the complaint must hold."""
    root, masks = world.root, world.masks("kick_ball", KICK)
    match what:
        case "root":
            root.rename(root.with_name("elsewhere"))
            return r"jhmdb_annotation\.txt is missing, here and in jhmdb_sentences.*kgavrilyuk"
        case "pictures":
            (root / "Rename_Images").rename(root / "elsewhere")
            return r"Rename_Images is missing.*jhmdb\.is"
        case "masks":
            (root / "puppet_mask").rename(root / "elsewhere")
            return r"puppet_mask is missing.*jhmdb\.is"
        case "pictures of one video":
            world.pictures("wave", WAVE).rename(root / "elsewhere")
            return rf"Rename_Images/\*/{WAVE} is missing; get Rename_Images from"
        case "masks of one video":
            masks.unlink()
            return r"puppet_mask\.mat: masks missing; get puppet_mask from"
        case "column":
            (root / "jhmdb_annotation.txt").write_text("video,query\na,b\n")
            return r"has no column video_id; its first line should name video_id, query"
        case "no sentences":
            (root / "jhmdb_annotation.txt").write_text("video_id,query\n")
            return r"holds no sentence"
        case "mat":
            masks.write_bytes(masks.read_bytes()[:60])
            return r"puppet_mask\.mat: not masks that can be read"
        case "no mat":
            masks.write_text("<html>Not found, but with many words all the same</html>" * 9)
            return r"puppet_mask\.mat: not masks that can be read"
        case "mat without masks":
            savemat(masks, {"category": "kick_ball"})
            return r"puppet_mask\.mat: not masks that can be read"
        case "four axes":
            savemat(masks, {"part_mask": np.zeros((2, 2, 2, 2), np.uint8)})
            return r"part_mask should be height × width × time, is \(2, 2, 2, 2\)"
        case "no pictures":
            for path in world.pictures("wave", WAVE).glob("*.png"):
                path.unlink()
            return r"wave_1: has no frame with a mask"
    raise AssertionError(what)


@pytest.mark.parametrize(
    "what",
    [
        "root", "pictures", "masks", "pictures of one video", "masks of one video", "column",
        "no sentences", "mat", "no mat", "mat without masks", "four axes", "no pictures",
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(jhmdb: JHMDBWorld, what: str):
    complaint = damage(jhmdb, what)
    with pytest.raises(ValueError, match=complaint) as caught:
        JHMDBSentences(jhmdb.root)
    assert "\n" not in str(caught.value)


def test_masks_that_break_off(jhmdb: JHMDBWorld):
    """The header is whole, and building reads no more; the item is refused."""
    path = jhmdb.masks("kick_ball", KICK)
    savemat(path, {"part_mask": np.stack([growing(number) for number in range(7)], axis=2)})
    path.write_bytes(path.read_bytes()[:-500])
    dataset = JHMDBSentences(jhmdb.root, CLIP)
    with pytest.raises(ValueError, match=r"not masks that can be read.*get puppet_mask anew"):
        dataset[4]


def test_masks_of_another_size_than_the_pictures(jhmdb: JHMDBWorld):
    savemat(jhmdb.masks("wave", WAVE), {"part_mask": NOTHING[:-1]})
    with pytest.raises(ValueError, match=r"frames are 32×24 pixels, its masks 32×23; get both"):
        JHMDBSentences(jhmdb.root, CLIP)[6]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no such file"),
        ("no json", "no JSON .Expecting value"),
        ("[" * 100_000, "no JSON"),
        ("{}", "no array"),
        ("\ufeff{}", "no array"),
        ('[["a", 3]]', "row 1 is no"),
        ('[["a", "b/00001.png", "m.mat", 4, "cat"], ["a", "b.png", "m.mat", 4, "c"]]', "row 2 is"),
        ('[["a", "b/00005.png", "m.mat", 4, "cat"]]', "row 1 is no"),
    ],
)
def test_no_list_of_frames(jhmdb: JHMDBWorld, tmp_path: Path, text: str | None, complaint: str):
    path = tmp_path / "list.json"
    if text is not None:
        path.write_text(text)
    message = rf"list\.json: not a list of J-HMDB's evaluated frames \({complaint}.*or use uniform"
    with pytest.raises(ValueError, match=message) as caught:
        JHMDBSentences(jhmdb.root, CLIP, path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (("wave", "other", 1, 1, "man waving"), "row 2 is about other.*does not have"),
        (("wave", WAVE, 1, 1, "woman waving"), f"row 2 is about {WAVE}, 'woman waving', which"),
        (("kick_ball", KICK, 8, 10, "man kicking"), f"frame 8 of {KICK}, which has only 7 frames"),
    ],
)
def test_a_list_for_other_files(jhmdb: JHMDBWorld, tmp_path: Path, row, complaint: str):
    pinned = jhmdb.pin(tmp_path / "list.json", ("wave", WAVE, 1, 1, "man waving"), row)
    with pytest.raises(ValueError, match=complaint):
        JHMDBSentences(jhmdb.root, CLIP, pinned)


def test_open_dataset(jhmdb: JHMDBWorld, tmp_path: Path):
    assert len(open_dataset("jhmdb", jhmdb.root, "test", CLIP)) == len(JHMDB_TRIPLES)
    with pytest.raises(ValueError, match="jhmdb is for testing only; train on a2d"):
        open_dataset("jhmdb", jhmdb.root, "train", CLIP)
    with pytest.raises(ValueError, match="a list of frames is for jhmdb, not for a2d"):
        open_dataset("a2d", tmp_path, "test", CLIP, tmp_path / "list.json")
    for data, place in (("a2d", "https://web.eecs.umich.edu"), ("synthetic", "cstm synthesize")):
        with pytest.raises(ValueError, match=rf"videoset\.csv.*{place}"):
            open_dataset(data, tmp_path, "test", CLIP)


@true_texts
def test_the_true_list():
    """2784 rows: three frames of each of 928 videos, within it, about its own sentence."""
    path = ANNOTATIONS / "jhmdb_sentences_samples_metadata.json"
    pinned = read_pinned(path)
    queries = read_queries(ANNOTATIONS / "jhmdb_annotation.txt")
    assert len(pinned) == len({(video, frame) for video, frame, _ in pinned}) == 2784
    assert Counter(video for video, _, _ in pinned) == dict.fromkeys(queries, 3)
    assert len(queries) == sum(map(len, queries.values())) == 928
    for (video, frame, sentence), row in zip(pinned, json.loads(path.read_text()), strict=True):
        assert sentence in queries[video]
        assert row[1].endswith(f"/{video}/{frame + 1:05d}.png")
        assert 0 <= frame < row[3]


@true_texts
def test_the_true_sentences():
    with (ANNOTATIONS / "jhmdb_annotation.txt").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    queries = read_queries(ANNOTATIONS / "jhmdb_annotation.txt")
    assert len(rows) == 928
    assert all(queries[video] == [" ".join(query.split())] for video, query in rows)
