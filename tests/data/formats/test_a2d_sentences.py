import csv
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from traps import A2D_TRIPLES, CAT, DOG, HEIGHT, MAN, WIDTH, A2DWorld, frames_of

from cstm.config import ClipConfig
from cstm.data.formats.a2d_files import read_sentences, read_videoset
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.language.class_names import number_of
from cstm.data.synthetic import synthesize

IS_PERSON, IS_CAT, IS_DOG = map(number_of, ("person", "cat", "dog"))
CLIP = ClipConfig(frames=4, step=2, size=32)
ANNOTATIONS_OF_A2D = Path(__file__).parents[4] / "shared" / "data" / "annotations"


def test_pairs(world: A2DWorld):
    train = A2DSentences(world.root, "train", CLIP)
    triples = [(pair.name, pair.sentence) for pair in train.pairs]
    assert triples == [(name, sentence) for name, sentence, _ in A2D_TRIPLES]
    assert len(train) == 8
    first, second = train.pairs[:2]
    assert (first.actor, first.action, first.direction) == ("cat", "jumping", None)
    assert (second.actor, second.action) == ("dog", "running")
    assert [pair.name for pair in A2DSentences(world.root, "test").pairs] == ["test333/00010/0"]


def test_what_was_marked_or_drawn_anew_is_another_pair(tmp_path: Path):
    def identities(size: tuple[int, int]) -> list[list[str]]:
        shutil.rmtree(tmp_path / "world", ignore_errors=True)
        synthesize(tmp_path / "world", 2, 0, seed=3, size=size, frames=12, workers=1)
        return [pair.identity for pair in A2DSentences(tmp_path / "world", "train").pairs]

    small, again, large = identities((96, 80)), identities((96, 80)), identities((192, 160))
    assert small == again
    assert [pair[:2] for pair in small] == [pair[:2] for pair in large]
    assert all(one != other for one, other in zip(small, large, strict=True))
    path = tmp_path / "world" / "instances.csv"
    path.write_text(re.sub(r"\b(left|right)\b", "up", path.read_text()))
    turned = [pair.identity for pair in A2DSentences(tmp_path / "world", "train").pairs]
    assert turned != large


def test_a_label_told_anew_makes_another_pair(world: A2DWorld):
    before = [pair.identity for pair in A2DSentences(world.root, "train").pairs]
    (folder,) = world.root.rglob("a2d_annotation_with_instances")
    video = A2DSentences(world.root, "train").pairs[0].video
    with h5py.File(min((folder / video).glob("*.h5")), "r+") as file:
        labels = file["id"]
        assert isinstance(labels, h5py.Dataset)
        labels[...] = labels[()] % 10 + 10
    after = [pair.identity for pair in A2DSentences(world.root, "train").pairs]
    assert before != after
    assert [pair[:2] for pair in before] == [pair[:2] for pair in after]


def test_triples_bit_for_bit(world: A2DWorld):
    dataset = A2DSentences(world.root, "train", CLIP)
    for index, (name, sentence, mask) in enumerate(A2D_TRIPLES):
        pair, sample = dataset.pairs[index], dataset[index]
        assert (pair.name, pair.sentence) == (name, sentence)
        assert sample.mask.dtype == bool
        assert (sample.mask == mask.astype(bool)).all()


@pytest.mark.parametrize(
    ("index", "action", "category"),
    [
        (0, CAT * 5 + DOG * 7, CAT * IS_CAT + DOG * IS_DOG),
        (1, CAT * 5 + DOG * 7, CAT * IS_CAT + DOG * IS_DOG),
        (3, DOG * 9, DOG * IS_DOG),
        (5, CAT * 5, CAT * IS_CAT),
        (6, CAT * 5, CAT * IS_CAT),
        (7, np.where(MAN | CAT, 8, 0), np.where(MAN | CAT, IS_PERSON, 0)),
    ],
)
def test_actions_and_classes_of_all_actors(
    world: A2DWorld, index: int, action: np.ndarray, category: np.ndarray
):
    sample = A2DSentences(world.root, "train", CLIP)[index]
    assert (sample.action == action).all()
    assert (sample.category == category).all()
    assert not sample.direction.any()
    assert sample.look_alike is None


@pytest.mark.parametrize(
    ("index", "expected"),
    [(0, [0, 1, 3, 5]), (3, [7, 9, 11, 13]), (6, [15, 17, 19, 19]), (7, [0, 0, 0, 2])],
)
def test_frames_bit_for_bit(world: A2DWorld, index: int, expected: list[int]):
    """Files count from 1: frame 4 is index 3, in the middle of its clip."""
    dataset = A2DSentences(world.root, "train", CLIP)
    sample = dataset[index]
    assert (sample.frames == frames_of(dataset.pairs[index].video)[expected]).all()


def test_default_clip_is_the_paper_s(world: A2DWorld):
    sample = A2DSentences(world.root, "test")[0]
    assert (sample.frames == frames_of("test333")[[1, 3, 5, 7, 9, 11, 13, 15]]).all()


@pytest.mark.parametrize("layout", ["CLIPS320", "flat", "text_annotations"])
def test_layouts_of_mirrors(world: A2DWorld, layout: str):
    before = A2DSentences(world.root, "train", CLIP)
    frames = before[0].frames
    root, release = world.root, world.root / "Release"
    if layout == "CLIPS320":
        (release / "clips320H").rename(release / "CLIPS320")
    if layout == "flat":
        for path in list(release.iterdir()):
            path.rename(root / path.name)
    if layout == "text_annotations":
        (root / "text_annotations").mkdir()
        for path in root.glob("a2d_*"):
            path.rename(root / "text_annotations" / path.name)
    after = A2DSentences(root, "train", CLIP)
    assert after.pairs == before.pairs
    assert (after[0].frames == frames).all()


@pytest.fixture(params=["jpg", "png"])
def extracted(world: A2DWorld, request: pytest.FixtureRequest) -> Path:
    """The folder of a video's frames, all videos being extracted ones."""
    clips = world.root / "Release" / "clips320H"
    for path in list(clips.glob("*.mp4")):
        folder = world.root / "Rename_Images" / path.stem
        folder.mkdir(parents=True)
        for index in range(20):
            grey = np.full((HEIGHT, WIDTH, 3), index * 10, np.uint8)
            Image.fromarray(grey).save(folder / f"{index + 1:05d}.{request.param}")
        path.unlink()
    clips.rmdir()
    return world.root / "Rename_Images" / "-train1"


def test_extracted_frames(world: A2DWorld, extracted: Path):
    sample = A2DSentences(world.root, "train", CLIP)[6]
    assert [int(frame.mean().round()) for frame in sample.frames] == [150, 170, 190, 190]


@pytest.mark.parametrize("extracted", ["jpg"], indirect=True)
@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda folder: (folder / "00020.jpg").unlink(), "there are only 19 frames"),
        (
            lambda folder: (folder / "00001.jpg").rename(folder / "00000.jpg"),
            r"-train1: 00000\.jpg is no frame, they count from 1",
        ),
        (lambda folder: (folder / "00018.jpg").unlink(), "-train1: frame 18 is missing; extract"),
        (lambda folder: (folder / "00018.jpg").write_bytes(b""), r"00018\.jpg: not a picture"),
        (
            lambda folder: Image.new("RGB", (9, 9)).save(folder / "00018.jpg"),
            "its pictures differ in size",
        ),
    ],
)
def test_harmed_extracted_frames(world: A2DWorld, extracted: Path, harm, complaint: str):
    harm(extracted)
    with pytest.raises(ValueError, match=complaint) as caught:
        A2DSentences(world.root, "train", CLIP)[6]
    assert "\n" not in str(caught.value)


def test_side_files(world: A2DWorld):
    (world.root / "sentence_tags.csv").write_text(
        "video_id,instance_id,query,tags,look_alike_instance\n"
        "-train1,0,A white cat is Jumping,appearance+action,5\n"
        '-train1,5,"the dog running",place,\n'
    )
    (world.root / "instances.csv").write_text(
        "video_id,instance_id,actor,action,direction,colours,size,facing\n"
        "-train1,0,cat,jumping,left,white,big,left\n"
        "-train1,5,dog,running,in place,brown,small,left\n"
        "train22,3,adult,walking,,red+blue,big,right\n"
    )
    dataset = A2DSentences(world.root, "train", CLIP)
    pairs = dataset.pairs
    assert [pair.tags for pair in pairs[:3]] == [("appearance", "action"), ("place",), ()]
    assert [pair.look_alike for pair in pairs[:3]] == [5, None, None]
    assert [pairs[i].direction for i in (0, 1, 7)] == ["left", "in place", None]
    sample = dataset[0]
    assert sample.look_alike is not None
    assert (sample.look_alike == DOG.astype(bool)).all()
    assert (sample.direction == CAT * 1 + DOG * 5).all()
    assert dataset[1].look_alike is None
    assert dataset[5].look_alike is None, "the look-alike's mask is empty in this frame"
    assert not dataset[7].direction.any()


def damage(root: Path, what: str) -> str:
    """Break one thing and say what the complaint must hold."""
    h5 = root / "a2d_annotation_with_instances" / "-train1" / "00012.h5"
    match what:
        case "videoset":
            (root / "Release" / "videoset.csv").unlink()
            return r"videoset\.csv is missing.*jjcorso"
        case "sentences":
            (root / "a2d_annotation.txt").unlink()
            return r"a2d_annotation\.txt is missing.*kgavrilyuk"
        case "masks":
            (root / "a2d_annotation_with_instances").rename(root / "elsewhere")
            return r"a2d_annotation_with_instances is missing.*kgavrilyuk"
        case "videos":
            (root / "Release" / "clips320H").rename(root / "elsewhere")
            return r"clips320H or CLIPS320 or Rename_Images is missing.*jjcorso"
        case "one video":
            (root / "Release" / "clips320H" / "train22.mp4").unlink()
            return r"train22\.mp4: video missing"
        case "one folder of masks":
            (root / "a2d_annotation_with_instances" / "train22").rename(root / "elsewhere")
            return r"train22: holds no h5 files.*kgavrilyuk"
        case "column":
            (root / "a2d_annotation.txt").write_text("video_id,query\na,b\n")
            return r"has no column instance_id; its first line should name video_id, inst"
        case "short line":
            (root / "a2d_annotation.txt").write_text("video_id,instance_id,query\n-train1,0\n")
            return r"line 2 has too few columns"
        case "long line":
            (root / "a2d_annotation.txt").write_text(
                "video_id,instance_id,query\n-train1,0,a cat, white\n"
            )
            return r"line 2 has too many columns"
        case "no text":
            (root / "a2d_annotation.txt").write_bytes(bytes(range(256)))
            return r"a2d_annotation\.txt: not a table as text"
        case "videoset line":
            (root / "Release" / "videoset.csv").write_text("-train1,11,0\n")
            return r"videoset\.csv: line 1 should have nine columns"
        case "unlisted video":
            (root / "Release" / "videoset.csv").write_text("other,11,0,1,2,3,4,5,0\n")
            return r"-train1 has a sentence but no line in videoset\.csv"
        case "no test":
            (root / "a2d_annotation.txt").write_text("video_id,instance_id,query\ntest333,0,dog\n")
            return r"holds no sentence for train"
        case "h5":
            h5.write_bytes(h5.read_bytes()[:100])
            return r"00012\.h5: not an annotation that can be read"
        case "h5 without masks":
            with h5py.File(h5, "a") as file:
                del file["reMask"]
            return r"00012\.h5: not an annotation that can be read.*reMask"
        case "h5 from 0":
            h5.rename(h5.with_stem("00000"))
            return r"00000\.h5: is of no frame, they count from 1"
        case "h5 of words":
            with h5py.File(h5, "a") as file:
                count = len(file["instance"])
                del file["instance"]
                file["instance"] = [b"one"] * count
            return r"00012\.h5: instance and id should be numbers"
        case "quote":
            text = (root / "a2d_annotation.txt").read_text()
            (root / "a2d_annotation.txt").write_text(f'{text}-train1,0,"a cat\n')
            return r"a2d_annotation\.txt: not a table as text"
        case "tags":
            (root / "sentence_tags.csv").write_text(
                "video_id,instance_id,query,tags,look_alike_instance\n-train1,0,a,smell,\n"
            )
            return r"tags 'smell' should be of appearance, action, place"
        case "direction":
            (root / "instances.csv").write_text("video_id,instance_id,direction\n-train1,0,north\n")
            return r"direction 'north' is none of left, right"
        case "number":
            (root / "instances.csv").write_text(
                "video_id,instance_id,direction\n-train1,one,left\n"
            )
            return r"instances\.csv: instance_id 'one' should be a whole number"
    raise AssertionError(what)


@pytest.mark.parametrize(
    "what",
    [
        "videoset", "sentences", "masks", "videos", "one video", "one folder of masks", "column",
        "short line", "long line", "no text", "videoset line", "unlisted video", "no test", "h5",
        "h5 without masks", "h5 from 0", "h5 of words", "quote", "tags", "direction", "number",
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(world: A2DWorld, what: str):
    complaint = damage(world.root, what)
    with pytest.raises(ValueError, match=complaint) as caught:
        A2DSentences(world.root, "train")
    assert "\n" not in str(caught.value)


def test_video_that_ends_before_its_annotation(world: A2DWorld):
    world.frame("train22", 21, [3], [18], [MAN])
    dataset = A2DSentences(world.root, "train", CLIP)
    with pytest.raises(ValueError, match=r"train22\.mp4: frame 21 is annotated, but only 20"):
        dataset[8]


def test_masks_of_another_size_than_the_video(world: A2DWorld):
    world.frame("train22", 2, [3], [18], [MAN[:-1]])
    dataset = A2DSentences(world.root, "train", CLIP)
    with pytest.raises(ValueError, match=r"frames are 32×24 pixels, its masks 32×23"):
        dataset[8]


def counts(root: Path) -> dict[str, tuple[int, int]]:
    """Videos and sentences of both splits."""
    listed = read_videoset(root / "videoset.csv")
    sentences = read_sentences(root / "a2d_annotation.txt")
    return {
        split: (
            sum(listed[video].split == split for video in sentences),
            sum(len(lines) for video, lines in sentences.items() if listed[video].split == split),
        )
        for split in ("train", "test")
    }


def small_texts(folder: Path) -> None:
    (folder / "videoset.csv").write_text(
        "a,11,0,1,2,3,4,5,0\nb,11,0,1,2,3,4,5,1\nc,1,0,1,2,3,4,5,0"
    )
    (folder / "a2d_annotation.txt").write_text(
        "video_id,instance_id,query\na,0, the cat \na,1 (copy),bird\na,1,Dog  on a mat\nb,0,car\n"
    )


def true_texts(folder: Path) -> None:
    """The annotation as published; the subsets from the list of frames."""
    with (ANNOTATIONS_OF_A2D / "a2d_frame_labels.csv").open() as file:
        subsets = {row["img_id"].split("/")[1]: row["usage"] for row in csv.DictReader(file)}
    (folder / "videoset.csv").write_text(
        "".join(f"{video},0,0,1,2,3,4,5,{subset}\n" for video, subset in subsets.items())
    )
    annotation = (ANNOTATIONS_OF_A2D / "a2d_annotation.txt").read_bytes()
    (folder / "a2d_annotation.txt").write_bytes(annotation)


@pytest.mark.parametrize(
    ("write_texts", "expected"),
    [
        (small_texts, {"train": (1, 2), "test": (1, 1)}),
        pytest.param(
            true_texts,
            {"train": (3017, 5359), "test": (737, 1295)},
            marks=pytest.mark.skipif(not ANNOTATIONS_OF_A2D.is_dir(), reason="no true annotation"),
        ),
    ],
)
def test_counts_of_the_text_files(tmp_path: Path, write_texts, expected):
    write_texts(tmp_path)
    assert counts(tmp_path) == expected
    for lines in read_sentences(tmp_path / "a2d_annotation.txt").values():
        for _, query in lines:
            assert " ".join(query.split()) == query
            assert 1 <= len(query.split()) <= 20
