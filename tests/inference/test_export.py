import inspect
import json
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from blobs import QUERIES, results, write
from PIL import Image
from pycocotools import mask as coco_mask
from rotation import rotate

from cstm.config import ClipConfig
from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.video import open_video
from cstm.inference.export import WRITERS, segment_to_folder, write_segmentation
from cstm.inference.film import TRANSPARENT, open_film
from cstm.inference.segmenter import Segmenter


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


EVERYTHING = list(WRITERS)
FILES = {
    "masks": ["01", "02"],
    "overlay": ["01-overlay.mp4", "02-overlay.mp4"],
    "cutout": ["01-cutout.webm", "02-cutout.webm"],
    "picture": ["picture.png"],
    "json": ["masks.json"],
    "coco": ["coco.json"],
    "indexed": ["indexed"],
    "together": ["overlay.mp4"],
    "numpy": ["masks.npy"],
}


@pytest.mark.parametrize("kind", EVERYTHING)
def test_every_kind_writes_its_files_and_no_others_and_they_may_be_replaced(tmp_path, kind):
    out = tmp_path / "out"
    assert write(out, save=[kind]) == 5
    assert sorted(path.name for path in out.iterdir()) == FILES[kind]
    assert write(out, results(2), save=[kind, kind], overwrite=True) == 2
    assert sorted(path.name for path in out.iterdir()) == FILES[kind]


@pytest.mark.parametrize("kind", EVERYTHING)
def test_every_kind_appears_whole_or_not_at_all(tmp_path, kind):
    with pytest.raises(RuntimeError):
        write(tmp_path / "out", broken(RuntimeError("broken")), save=[kind])
    assert listing(tmp_path) == []


@pytest.mark.parametrize(
    ("save", "reason"), [([], "nothing to save"), (["json", "maks"], "no output is called 'maks'")]
)
def test_kinds_that_do_not_exist(tmp_path, save, reason):
    # Without beartype, which stands before it in tests alone.
    unchecked = inspect.unwrap(write_segmentation)
    with pytest.raises(ValueError, match=f"{reason}; choose among masks, overlay"):
        unchecked(results(), "clip.mp4", Fraction(25), QUERIES, tmp_path / "out", save=save)
    assert listing(tmp_path) == []


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools
def test_pngs_masks_json_and_results_are_the_same_masks(tmp_path):
    assert write(tmp_path / "out") == 5
    written = json.loads((tmp_path / "out/masks.json").read_text())
    assert list(written) == ["video", "width", "height", "frames", "fps", "indices", "queries"]
    assert [written[key] for key in list(written)[:5]] == ["clip.mp4", 53, 37, 5, 25.0]
    assert written["indices"] == [0, 1, 2, 3, 4]
    assert [query["text"] for query in written["queries"]] == QUERIES
    assert all(list(query) == ["text", "segmentations", "scores"] for query in written["queries"])

    nulls = 0
    for result in results():
        for number, mask in enumerate(result.masks):
            query = written["queries"][number]
            assert len(query["segmentations"]) == len(query["scores"]) == 5
            with Image.open(tmp_path / f"out/{number + 1:02d}/{result.index:05d}.png") as picture:
                assert picture.mode == "L"
                pixels = np.asarray(picture)
            assert pixels.dtype == np.uint8
            assert (pixels == mask * 255).all()
            encoded = query["segmentations"][result.index]
            nulls += encoded is None
            assert (encoded is None) == (not mask.any())
            if encoded:
                assert encoded["size"] == [37, 53]
                assert (coco_mask.decode(encoded) == mask).all()
            assert query["scores"][result.index] == pytest.approx(result.scores[number], abs=1e-6)
    assert nulls == 3


def test_nothing_else_is_written(tmp_path):
    write(tmp_path / "out")
    pngs = [f"{query}/{index:05d}.png" for query in ("01", "02") for index in range(5)]
    expected = ["01", "02", "01-overlay.mp4", "02-overlay.mp4", "masks.json", "picture.png", *pngs]
    assert listing(tmp_path / "out") == sorted(expected)
    assert listing(tmp_path)[0] == "out"


class Interrupted(BaseException):
    """Stands for Ctrl-C, which pytest would take for its own."""


def broken(error, after=3):
    yield from results(after)
    raise error


@pytest.mark.parametrize("error", [RuntimeError("broken"), Interrupted()])
def test_an_exception_half_way_leaves_nothing(tmp_path, error):
    with pytest.raises(type(error)):
        write(tmp_path / "new/parents/out", broken(error))
    assert listing(tmp_path) == []


@pytest.mark.parametrize("error", [RuntimeError("broken"), Interrupted()])
def test_an_existing_segmentation_survives_an_exception(tmp_path, error):
    write(tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(type(error)):
        write(tmp_path / "out", broken(error), overwrite=True)
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert after == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_is_visible_before_the_end(tmp_path):
    def watching():
        for result in results():
            assert not (tmp_path / "out").exists()
            yield result

    write(tmp_path / "out", watching())
    assert (tmp_path / "out/masks.json").is_file()


def test_results_are_not_held(tmp_path):
    """The writer asks for the next result only after it is done with the last."""
    written = []

    def watching():
        for result in results(4):
            yield result
            (partial,) = tmp_path.iterdir()
            written.append(len(list((partial / "01").iterdir())))

    write(tmp_path / "out", watching())
    assert written == [1, 2, 3, 4]


def test_no_frames_are_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"clip\.mp4 has no frames"):
        write(tmp_path / "out", [])
    assert listing(tmp_path) == []


def upright_video(path, turned):
    """A bright disc on black, 30 frames; perhaps to be shown a quarter turn clockwise."""
    rows, columns = np.mgrid[:48, :80]
    with open_film(path, 48, 80, Fraction(10)) as film:
        for index in range(30):
            disc = (rows - 12) ** 2 + (columns - 20 - index) ** 2 < 80
            film.add(np.repeat(disc[..., None], 3, 2).astype(np.uint8) * 255, index / 10)
    if turned:
        rotate(path, (0, 1, -1, 0))


@pytest.mark.parametrize("turned", [False, True])
def test_from_file_to_folder(tmp_path, brightness, vocabulary, capfd, turned):
    upright_video(tmp_path / "clip.mp4", turned)
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(size=80))
    out = tmp_path / "out"
    assert segment_to_folder(segmenter, tmp_path / "clip.mp4", ["a cat", "the dog"], out) == 30
    for index in range(30):
        rows, columns = np.mgrid[:48, :80]
        disc = (rows - 12) ** 2 + (columns - 20 - index) ** 2 < 80
        expected = np.rot90(disc, -1) if turned else disc
        mask = np.asarray(Image.open(out / f"02/{index:05d}.png")) > 0
        assert mask.shape == expected.shape
        assert (mask & expected).sum() > 0.85 * (mask | expected).sum()
    with av.open(out / "01-overlay.mp4") as container:
        assert [round(frame.time, 3) for frame in container.decode(video=0)] == [
            index / 10 for index in range(30)
        ]
    assert json.loads((out / "masks.json").read_text())["fps"] == 10
    assert capfd.readouterr().err == ""


def test_films_have_the_shape_of_the_videos_pixels_and_last_as_long(
    tmp_path, brightness, vocabulary
):
    with open_film(tmp_path / "wide.mp4", 48, 80, Fraction(10), Fraction(4, 3)) as film:
        for index in range(12):
            film.add(np.full((48, 80, 3), 200, np.uint8), index / 10)
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(frames=1, step=1, size=32))
    out, frames = tmp_path / "out", FrameRange(0, 12, 4)
    segment_to_folder(
        segmenter, tmp_path / "wide.mp4", ["a cat"], out, save=["overlay"], frames=frames
    )
    with av.open(out / "01-overlay.mp4") as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        assert sum(1 for _ in container.decode(video=0)) == 3
        assert container.duration is not None
        # Of every fourth frame, the last one stays for four, too.
        assert container.duration / av.time_base == pytest.approx(1.2, abs=0.02)


def test_a_film_may_have_more_frames_a_second_than_webm_tells_apart(tmp_path):
    path = tmp_path / "film.webm"
    with open_film(path, 16, 16, Fraction(2001), encoding=TRANSPARENT) as film:
        for number in range(3):
            film.add(np.zeros((16, 16, 3), np.uint8), number / 2001)
    assert len(list(open_video(path).frames())) == 3


def test_nothing_is_read_where_nothing_may_be_written(tmp_path, brightness, vocabulary):
    (tmp_path / "out" / "01").mkdir(parents=True)
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(size=16))
    with pytest.raises(ValueError, match="--overwrite"):
        segment_to_folder(segmenter, tmp_path / "none.mp4", ["a cat"], tmp_path / "out")


def test_a_video_in_the_folder_to_be_replaced_is_kept(tmp_path, brightness, vocabulary):
    segmenter = Segmenter(brightness, vocabulary, ClipConfig(size=80))
    frame = tmp_path / "shots/01/00000.png"
    frame.parent.mkdir(parents=True)
    Image.new("RGB", (80, 48)).save(frame)
    with pytest.raises(ValueError, match=r"lies in .*shots, which would be replaced"):
        segment_to_folder(segmenter, frame.parent, ["a cat"], tmp_path / "shots", overwrite=True)
    assert listing(tmp_path) == ["shots", "shots/01", "shots/01/00000.png"]


def test_frames_of_several_sizes_make_no_folder(tmp_path):
    first, second = results(2)
    turned = replace(second, image=second.image.swapaxes(0, 1), masks=second.masks.swapaxes(1, 2))
    with pytest.raises(ValueError, match=r"frame 1 has \d+×\d+ pixels and the first one \d+×\d+"):
        write(tmp_path / "out", [first, turned], save=["json"])
    assert not list(tmp_path.iterdir())


def test_a_film_stands_still_for_hours_at_most(tmp_path):
    """Recordings that were joined may jump by more ticks than MP4 has room for."""
    path = tmp_path / "joined.mp4"
    with open_film(path, 48, 64, Fraction(10)) as film:
        for time in (0.0, 0.1, 400 * 3600.0, 400 * 3600 + 0.1):
            film.add(np.zeros((48, 64, 3), np.uint8), time)
    times = [frame.time for frame in open_video(path).frames()]
    assert times[1] == pytest.approx(0.1)
    assert 3600 < times[2] - times[1] < 2 * 3600
    assert times[3] - times[2] == pytest.approx(0.1)
