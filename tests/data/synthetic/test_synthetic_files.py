"""The files of a written world, read back with csv, h5py and PyAV alone."""

import csv
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import av
import h5py
import numpy as np
import pytest

from cstm.data.synthetic import render_clip, synthesize
from cstm.data.synthetic.writer import _write_masks

TRAIN, TEST, FRAMES, SIZE = 6, 8, 32, (160, 120)

# The 43 labels (actor · 10 + action) that occur in A2D's frame labels.
A2D_LABELS = {
    *(11, 12, 13, 15, 16, 17, 18, 19, 21, 22, 26, 28, 29, 34, 35, 36, 39, 41, 43, 44, 45, 46, 48),
    *(49, 54, 55, 56, 57, 59, 61, 63, 65, 66, 67, 68, 69, 72, 73, 75, 76, 77, 78, 79),
}
ACTORS = ["adult", "baby", "ball", "bird", "car", "cat", "dog"]
ACTIONS = [
    "climbing", "crawling", "eating", "flying", "jumping", "rolling", "running", "walking", "none",
]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("synthetic") / "world"
    synthesize(root, TRAIN, TEST, 3, SIZE, FRAMES, workers=1)
    return root


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def videoset(world: Path) -> list[list[str]]:
    with (world / "Release" / "videoset.csv").open() as file:
        return list(csv.reader(file))


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_videoset_has_a2ds_nine_columns(world: Path) -> None:
    table = videoset(world)
    assert len(table) == TRAIN + TEST
    assert all(len(row) == 9 for row in table)
    assert [row[8] for row in table] == ["0"] * TRAIN + ["1"] * TEST
    for video, label, start, end, height, width, frames, annotated, _ in table:
        assert int(label) in A2D_LABELS
        assert re.fullmatch(r"\d:\d\d:\d\d", start)
        assert re.fullmatch(r"\d:\d\d:\d\d", end)
        assert (int(width), int(height), int(frames)) == (*SIZE, FRAMES)
        masks = list((world / "a2d_annotation_with_instances" / video).glob("*.h5"))
        assert 1 <= len(masks) == int(annotated) <= 3


def test_videos_decode_to_the_frames_rendered(world: Path) -> None:
    video, *_, subset = videoset(world)[5]
    with av.open(str(world / "Release" / "clips320H" / f"{video}.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 24
        decoded = np.stack([f.to_ndarray(format="rgb24") for f in container.decode(stream)])
    clip = render_clip([3, int(subset), 5], SIZE, FRAMES)
    assert decoded.shape == clip.frames.shape
    # Chroma is halved, so single pixels differ; on the whole pictures must agree.
    assert np.abs(decoded.astype(int) - clip.frames).mean() < 6
    later = np.abs(decoded[1:].astype(int) - clip.frames[:-1]).mean()
    assert np.abs(decoded.astype(int) - clip.frames).mean() < later


def test_each_mask_is_that_of_its_instance(world: Path) -> None:
    video = videoset(world)[5][0]
    clip = render_clip([3, 0, 5], SIZE, FRAMES)
    several = 0
    for path in (world / "a2d_annotation_with_instances" / video).glob("*.h5"):
        with h5py.File(path) as file:
            numbers, masks = file["instance"][()], file["reMask"][()].reshape(-1, *SIZE)
        several += len(numbers) > 1
        for number, mask in zip(numbers, masks, strict=True):
            expected = clip.instances[int(path.stem) - 1] == number + 1
            assert np.array_equal(mask.T.astype(bool), expected)
    assert several


def test_masks_lie_as_a2d_has_them(world: Path) -> None:
    ids = {(r["video_id"], int(r["instance_id"])): r for r in rows(world / "instances.csv")}
    counts = set()
    for path in sorted(world.glob("a2d_annotation_with_instances/*/*.h5")):
        assert re.fullmatch(r"\d{5}", path.stem)
        assert 1 <= int(path.stem) <= FRAMES
        with h5py.File(path) as file:
            numbers, masks = file["instance"][()], file["reMask"][()]
            boxes, labels = file["reBBox"][()], file["id"][()]
        count = len(numbers)
        counts.add(count)
        assert masks.dtype == np.uint8
        assert masks.shape == (SIZE if count == 1 else (count, *SIZE))
        assert boxes.shape == (4, count)
        assert labels.shape == (count,)
        assert set(labels.tolist()) <= A2D_LABELS
        for k, mask in enumerate(masks.reshape(count, *SIZE)):
            xs, ys = np.nonzero(mask)
            assert len(xs) >= 60
            assert boxes[:, k].tolist() == [xs.min(), ys.min(), xs.max(), ys.max()]
            row = ids[path.parent.name, int(numbers[k])]
            label = 10 * (ACTORS.index(row["actor"]) + 1) + ACTIONS.index(row["action"]) + 1
            assert labels[k] == label
        assert masks.reshape(count, -1).sum(0).max() == 1, "masks overlap"
    assert counts & {2, 3, 4}


def test_a_lone_mask_has_two_axes(tmp_path: Path) -> None:
    clip = render_clip(0, (96, 64), 16)
    alone = replace(clip, instances=np.where(clip.instances == 2, 2, 0).astype(np.uint8))
    _write_masks(tmp_path / "video", alone)
    paths = list((tmp_path / "video").glob("*.h5"))
    assert paths
    for path in paths:
        with h5py.File(path) as file:
            assert file["instance"][()].tolist() == [1]
            assert np.array_equal(file["reMask"][()].T, alone.instances[int(path.stem) - 1] == 2)
            assert file["reBBox"].shape == (4, 1)


def test_texts_agree(world: Path) -> None:
    text = (world / "a2d_annotation.txt").read_bytes()
    text.decode("ascii")
    assert text.splitlines()[0] == b"video_id,instance_id,query"
    assert all(line.count(b",") == 2 for line in text.splitlines())
    queries, tags = rows(world / "a2d_annotation.txt"), rows(world / "sentence_tags.csv")
    assert [list(q.values()) for q in queries] == [list(t.values())[:3] for t in tags]
    assert (world / "a2d_missed_videos.txt").read_text() == ""
    said = {(q["video_id"], q["instance_id"]) for q in queries}
    assert said == {(r["video_id"], r["instance_id"]) for r in rows(world / "instances.csv")}
    assert len(queries) <= 2 * len(said)


def test_every_actor_is_annotated_somewhere(world: Path) -> None:
    seen = set()
    for path in world.glob("a2d_annotation_with_instances/*/*.h5"):
        with h5py.File(path) as file:
            seen |= {(path.parent.name, int(n)) for n in file["instance"][()]}
    assert seen == {(r["video_id"], int(r["instance_id"])) for r in rows(world / "instances.csv")}


def test_unseen_combinations_are_in_the_test_split_alone(world: Path) -> None:
    noted = {(r["video_id"], r["combination"]) for r in rows(world / "unseen_combinations.csv")}
    assert noted
    assert all(video.startswith("test") for video, _ in noted)
    actions = {("bird", "jumping"), ("cat", "running"), ("dog", "rolling")}
    colours = {("adult", "orange"), ("ball", "purple"), ("bird", "blue"), ("car", "green")}
    found = set()
    for r in rows(world / "instances.csv"):
        if (r["actor"], r["action"]) in actions:
            found.add((r["video_id"], f"{r['actor']} {r['action']}"))
        for colour in r["colours"].split("+"):
            if (r["actor"], colour) in colours:
                found.add((r["video_id"], f"{colour} {r['actor']}"))
    assert found == noted


def test_the_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        synthesize(tmp_path / str(workers), 4, 2, 8, (96, 64), 16, workers)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    synthesize(tmp_path / "longer", 5, 1, 8, (96, 64), 16, 1)
    first, longer = digests(tmp_path / "1"), digests(tmp_path / "longer")
    clips = [name for name in longer if name.endswith(("mp4", "h5")) and "train00004" not in name]
    assert all(longer[name] == first[name] for name in clips), "clips depend on how many there are"
    synthesize(tmp_path / "other", 4, 2, 9, (96, 64), 16, 1)
    other = digests(tmp_path / "other")
    assert all(other.get(name) != first[name] for name in first if name.endswith("mp4"))


def test_no_test_clip_is_a_training_clip(world: Path) -> None:
    videos = [d for name, d in digests(world).items() if name.endswith("mp4")]
    assert len(set(videos)) == TRAIN + TEST


def test_a_root_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    for root, reason in (
        (tmp_path / "full", "not empty"),
        (tmp_path / "file", "is not a folder"),
        (tmp_path / "file" / "below", "cannot write"),
    ):
        with pytest.raises(ValueError, match=reason) as error:
            synthesize(root, 1, 0)
        assert "\n" not in str(error.value)
    assert {p.name for p in tmp_path.iterdir()} == {"full", "file"}
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep"


def test_an_empty_root_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    synthesize(tmp_path / "empty", 1, 0, 0, (96, 64), 16, 1)
    assert (tmp_path / "empty" / "Release" / "videoset.csv").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["empty"]


def test_nothing_is_left_behind_by_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("cstm.data.synthetic.writer._write_masks", fail)
    with pytest.raises(OSError, match="disk full"):
        synthesize(tmp_path / "w", 1, 0, 0, (96, 64), 16, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("clips", "size", "frames", "reason"),
    [
        (0, (96, 64), 16, "expected at least one clip"),
        (-1, (96, 64), 16, "expected at least one clip"),
        (1, (97, 64), 16, "expected an even width"),
        (1, (96, 40), 16, "expected an even width"),
        (1, (96, 64), 4, "frames should be at least 8"),
    ],
)
def test_impossible_worlds_are_refused(
    tmp_path: Path, clips: int, size: tuple[int, int], frames: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        synthesize(tmp_path / "w", clips, 0, 0, size, frames)
    with pytest.raises(ValueError, match="seed should be at least 0"):
        synthesize(tmp_path / "w", 1, 0, -1, (96, 64), 16)
    assert list(tmp_path.iterdir()) == []
