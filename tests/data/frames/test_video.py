import os
from collections.abc import Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image, features
from rotation import rotate

from cstm.config import ClipConfig
from cstm.data.frames.clock import Clock
from cstm.data.frames.container import duration_of
from cstm.data.frames.frame_count import count_frames
from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.video import open_video, read_clip


def pictures(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Noise, so that no two frames, and no two corners, are alike."""
    random = np.random.default_rng(count)
    return list(random.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def smooth_pictures(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Red at the top left, blue at the bottom right; green tells the frame's index × 4."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[:, : height // 2, : width // 2, 0] = 255
    frames[:, height // 2 :, width // 2 :, 2] = 255
    frames[..., 1] = np.arange(count)[:, None, None] * 4
    return list(frames)


def write(
    path: Path,
    frames: list[np.ndarray],
    codec: str = "png",
    pixels: str = "rgb24",
    times: list[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video of 10 frames a second, or of frames at the given times in hundredths."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixels
        stream.bit_rate = 4_000_000
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 100)
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame)
            if times is not None:
                picture.pts, picture.time_base = times[index], Fraction(1, 100)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("clip.mkv", "ffv1", "bgr0"), ("clip.avi", "png", "rgb24"), ("clip.mov", "png", "rgb24")],
)
@pytest.mark.parametrize(("height", "width"), [(48, 64), (31, 17)])
def test_lossless_video_is_read_bit_for_bit(
    tmp_path: Path, name: str, codec: str, pixels: str, height: int, width: int
):
    expected = pictures(5, height, width)
    video = open_video(write(tmp_path / name, expected, codec, pixels))
    assert (video.height, video.width, video.fps) == (height, width, 10)
    for _ in range(2):  # as often as asked for
        frames = list(video.frames())
        assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
        assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
        assert all((frame.image == e).all() for frame, e in zip(frames, expected, strict=True))
        assert video.damage is None


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx-vp9", "libx265"])
def test_common_codecs(tmp_path: Path, codec: str):
    name = "clip.webm" if codec == "libvpx-vp9" else "clip.mp4"
    expected = smooth_pictures(12)
    video = open_video(write(tmp_path / name, expected, codec, "yuv420p"))
    frames = list(video.frames())
    assert len(frames) == video.announced == 12
    assert video.damage is None
    for frame, original in zip(frames, expected, strict=True):
        assert np.abs(frame.image.astype(float) - original).mean() < 12
        assert frame.image[:, :, 1].mean() == pytest.approx(4 * frame.index, abs=6)


def test_odd_sizes_lose_no_pixel(tmp_path: Path):
    path = write(tmp_path / "odd.mkv", smooth_pictures(3, 47, 63), "libx264", "yuv444p")
    frame = next(open_video(path).frames())
    assert frame.image.shape == (47, 63, 3)
    assert np.abs(frame.image.astype(float) - smooth_pictures(1, 47, 63)[0]).mean() < 12


def test_uneven_times(tmp_path: Path):
    times = [50, 60, 95, 96, 250]
    video = open_video(write(tmp_path / "uneven.mov", pictures(5), times=times))
    frames = list(video.frames())
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.45, 0.46, 2.0])
    assert all((f.image == e).all() for f, e in zip(frames, pictures(5), strict=True))
    assert video.damage is None


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 1), lambda frame: frame),
        ((0, 1, -1, 0), lambda frame: np.rot90(frame, -1)),  # clockwise: a telephone held upright
        ((-1, 0, 0, -1), lambda frame: np.rot90(frame, 2)),
        ((0, -1, 1, 0), lambda frame: np.rot90(frame)),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
        ((0, 1, 1, 0), lambda frame: frame.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda frame: np.rot90(frame, 2).swapaxes(0, 1)),
    ],
)
def test_rotation_is_honoured(tmp_path: Path, matrix: tuple[int, int, int, int], turn):
    path = write(tmp_path / "turned.mov", pictures(2))
    rotate(path, matrix)
    expected = turn(pictures(2)[0])
    video = open_video(path)
    assert (video.height, video.width) == expected.shape[:2]
    frame = next(video.frames())
    assert (frame.image == expected).all()
    assert frame.image.flags.c_contiguous


def test_stills_and_animations(tmp_path: Path):
    still = pictures(1, 20, 31)[0]
    Image.fromarray(still).save(tmp_path / "still.png")
    frames = list(open_video(tmp_path / "still.png").frames())
    assert len(frames) == 1
    assert (frames[0].image == still).all()
    grey = [Image.fromarray(np.full((20, 31, 3), value, np.uint8)) for value in (0, 90, 200)]
    grey[0].save(tmp_path / "moving.gif", save_all=True, append_images=grey[1:], duration=100)
    video = open_video(tmp_path / "moving.gif")
    assert [frame.image.mean().round() for frame in video.frames()] == [0, 90, 200]


def test_stream_that_changes_its_size(tmp_path: Path):
    """Two mpeg4 streams in a row: what comes out has the size of the first frame."""
    first = write(tmp_path / "a.m4v", smooth_pictures(3), "mpeg4", "yuv420p")
    second = write(tmp_path / "b.m4v", smooth_pictures(3, 96, 128), "mpeg4", "yuv420p")
    joined = tmp_path / "joined.m4v"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    shapes = {frame.image.shape for frame in open_video(joined).frames()}
    assert shapes == {(48, 64, 3)}


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv"])
def test_truncated_video_yields_what_decodes(tmp_path: Path, name: str):
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    path = write(tmp_path / name, pictures(40), "mpeg4", "yuv420p", options=options)
    whole = [frame.image for frame in open_video(path).frames()]
    assert len(whole) == 40
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    video = open_video(path)
    kept = [frame.image for frame in video.frames()]
    assert 15 < len(kept) < 30
    assert all((a == b).all() for a, b in zip(kept[:-1], whole, strict=False))
    assert video.damage is not None
    assert video.damage.startswith(f"decoded {len(kept)} frames; about 40 were announced")


def test_damage_in_the_middle_is_told(tmp_path: Path):
    path = write(tmp_path / "broken.mp4", pictures(40), "mpeg4", "yuv420p")
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 3, len(data) // 2, 97):
        data[place] ^= 0xFF
    path.write_bytes(data)
    video = open_video(path)
    assert len(list(video.frames())) > 20
    assert video.damage is not None
    assert "damaged" in video.damage
    # Whoever asks for no more than that is told, too; and nobody before it.
    list(video.frames(FrameRange(0, 5)))
    assert video.damage is None
    list(video.frames(FrameRange(0, 30)))
    assert video.damage is not None
    assert "damaged" in video.damage


def with_broken_packet(path: Path, number: int) -> Path:
    """The same video, but for a packet whose bytes are all zero."""
    broken = path.with_name(f"broken-{path.name}")
    with av.open(str(path)) as source, av.open(str(broken), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux(video=0)):
            if packet.size:
                data = bytes(packet) if index != number else bytes(packet.size)
                copy = av.Packet(data)
                copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
                copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
                copy.stream = stream
                target.mux(copy)
    return broken


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 0), ("libx264", 2), ("mpeg4", 0)])
def test_frames_after_a_damaged_one_keep_their_numbers(tmp_path: Path, codec: str, b_frames: int):
    whole = tmp_path / "whole.mp4"
    with av.open(str(whole), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.gop_size, stream.codec_context.max_b_frames = 6, b_frames
        for index in range(40):
            grey = np.full((48, 64, 3), 20 + 5 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey)))
        container.mux(stream.encode())
    broken = with_broken_packet(whole, 12)
    assert len(list(open_video(broken).frames())) < 40
    expected = [frame.image for frame in open_video(whole).frames()]
    for target in (3, 30):
        clip = read_clip(broken, target, ClipConfig(frames=3, step=1))
        assert np.array_equal(clip, expected[target - 1 : target + 2])
    assert len(read_clip(broken, 39, ClipConfig(frames=1))) == 1


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize(("name", "b_frames"), [("b.avi", 2), ("b.avi", 3), ("b.asf", 3)])
def test_times_go_forward_where_the_file_has_no_presentation_times(
    tmp_path: Path, codec: str, name: str, b_frames: int
):
    """AVI has none; FFmpeg guesses those of B-frames, and of H.264 backwards or too early."""
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.max_b_frames = b_frames
        for picture in smooth_pictures(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    video = open_video(path)
    times = [frame.time for frame in video.frames()]
    assert len(times) == 20
    np.testing.assert_allclose(times, np.arange(20) / 10, atol=0.011)
    assert video.damage is None


def stamped(*stamps: tuple[int | None, int | None]) -> list[float]:
    clock = Clock(Fraction(1, 100), Fraction(10))
    frames = []
    for pts, dts in stamps:
        frame = av.VideoFrame(8, 8)
        frame.pts, frame.dts = pts, dts
        frames.append(frame)
    return [round(clock.tell(frame), 6) for frame in frames]


def test_a_clock_takes_what_grows():
    assert stamped((50, 0), (60, 10), (75, 20)) == [0, 0.1, 0.25]
    assert stamped((None, 7), (None, 17), (None, 37)) == [0, 0.1, 0.3]
    assert stamped((None, None), (None, None), (None, None)) == [0, 0.1, 0.2]
    # B-frames whose presentation was guessed: the decoding times are in order.
    assert stamped((10, 10), (30, 20), (20, 30), (60, 40)) == [0, 0.2, 0.3, 0.4]
    assert stamped((10, 20), (30, 30), (40, 40), (60, 50)) == [0, 0.1, 0.2, 0.3]
    # Neither is: a frame comes an interval after the one before.
    assert stamped((10, 10), (10, 10), (25, 25)) == [0, 0.1, 0.15]
    # Without a time at first, and with times that start anywhere.
    assert stamped((None, None), (1000, None), (1010, None)) == [0, 0.1, 0.2]


def test_leading_frames_hidden_by_an_edit_list_are_no_damage(tmp_path: Path):
    whole = write(tmp_path / "whole.mp4", smooth_pictures(30), "libx264", "yuv420p")
    with av.open(str(whole)) as source, av.open(str(tmp_path / "edited.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts -= packet.duration * 5
                packet.dts -= packet.duration * 5
                packet.stream = stream
                target.mux(packet)
    video = open_video(tmp_path / "edited.mp4")
    frames = list(video.frames())
    assert len(frames) == count_frames(video.path, 99) == 25
    assert frames[0].image[:, :, 1].mean() == pytest.approx(20, abs=6)
    assert video.damage is None


def write_sound(path: Path, codec: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), "s16", "mono")
        sound.rate = 16000
        for frame in av.AudioResampler(stream.format, stream.layout, 16000).resample(sound):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def unreadable(path: Path, kind: str) -> str:
    """Make a file that is no video and say what the complaint must hold."""
    match kind:
        case "missing":
            return "no such video file"
        case "folder":
            path.mkdir()
            (path / "notes.txt").touch()
            return "a video where it holds frames as pictures of one kind.*found none"
        case "empty":
            path.touch()
            return "not a video"
        case "text":
            path.write_text("This is no video at all.\n" * 20)
            return "not a video"
        case "subtitles":
            path.write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n")
            return "no video stream"
        case "sound":
            write_sound(path, "aac")
            return "no video stream"
        case "index missing":
            write(path, pictures(20), "mpeg4", "yuv420p")
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            return "not a video"
    raise AssertionError(kind)


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "empty", "text", "subtitles", "sound", "index missing"]
)
def test_what_is_no_video_gets_one_clear_line(tmp_path: Path, kind: str, capfd):
    path = tmp_path / "clip.mp4"
    complaint = unreadable(path, kind)
    with pytest.raises(ValueError, match=complaint) as caught:
        open_video(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", ""), "FFmpeg must not write of its own"


def write_pictures(folder: Path, names: Sequence[str]) -> Path:
    folder.mkdir(parents=True)
    for name, picture in zip(names, pictures(len(names)), strict=True):
        assert cv2.imwrite(str(folder / name), picture[..., ::-1])
    return folder


@pytest.mark.parametrize("name", ["DAVIS camel", "a:b*[x]?{1,2}%05d\\", "кот 猫"])
def test_a_folder_of_pictures_is_a_video(tmp_path: Path, name: str):
    folder = write_pictures(tmp_path / name, [f"{number:05d}.png" for number in range(5)])
    (folder / "readme.txt").touch()
    video = open_video(folder)
    assert (video.name, video.fps, video.announced) == (folder.name, 25, 5)
    frames = list(video.frames())
    assert [frame.time for frame in frames] == [0, 0.04, 0.08, 0.12, 0.16]
    np.testing.assert_array_equal([frame.image for frame in frames], pictures(5))
    assert video.damage is None
    assert count_frames(folder, 9) == 5
    window = read_clip(folder, 3, ClipConfig(frames=3, step=1))
    np.testing.assert_array_equal(window, np.stack(pictures(5)[2:5]))


def test_braces_in_a_folders_name_mean_no_other_folder(tmp_path: Path):
    write_pictures(tmp_path / "take1", ["0.png", "1.png"])
    folder = write_pictures(tmp_path / "take{1,2}", ["0.png", "1.png", "2.png"])
    assert len(list(open_video(folder).frames())) == 3


def test_the_folder_that_one_is_in_has_a_name(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(write_pictures(tmp_path / "camel", ["0.png", "1.png"]))
    assert open_video(".").name == "camel"


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["0.png", "1.jpg"], r"of one kind, such as \.jpg; found \.jpg and \.png"),
        (["a1.png", "a2.png", "a10.png"], r"a10\.png comes before a2\.png; .* 00001\.png"),
    ],
)
def test_pictures_whose_order_is_in_doubt(tmp_path: Path, names: list[str], complaint: str):
    with pytest.raises(ValueError, match=complaint) as caught:
        open_video(write_pictures(tmp_path / "shots", names))
    assert "\n" not in str(caught.value)


def test_a_broken_picture_would_shift_all_that_follow_and_is_refused(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", [f"{number}.png" for number in range(5)])
    (folder / "2.png").write_bytes(b"no picture")
    video = open_video(folder)
    with pytest.raises(ValueError, match=r"shots: picture 2, counted from 0, can't be read"):
        list(video.frames())
    with pytest.raises(ValueError, match="picture 2"):
        read_clip(folder, 4, ClipConfig(frames=3, step=1))


def test_a_single_picture_that_is_cut_short_is_called_by_its_name(tmp_path: Path):
    path = tmp_path / "cat.jpg"
    Image.effect_noise((64, 48), 80).save(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cat\.jpg") as caught:
        list(open_video(path).frames())
    assert "picture 0" not in str(caught.value)


def test_a_picture_that_vanishes_is_not_the_end(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", [f"{number:03d}.png" for number in range(200)])
    frames = open_video(folder).frames()
    next(frames)  # FFmpeg has looked at five seconds
    (folder / "190.png").unlink()
    with pytest.raises(ValueError, match="picture 190, counted from 0, can't be read"):
        list(frames)


def test_titles_may_be_in_any_encoding(tmp_path: Path):
    path = tmp_path / "old.avi"
    with av.open(str(path), "w", metadata_encoding="latin-1") as container:
        container.metadata["title"] = "Café"
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pictures(1)[0])))
        container.mux(stream.encode())
    assert "Café".encode("latin-1") in path.read_bytes()
    assert len(list(open_video(path).frames())) == 1


def test_without_a_decoder_one_is_told_to_convert(tmp_path: Path):
    path = write(tmp_path / "new.avi", pictures(3), "mpeg4", "yuv420p")
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"ZQX9"))
    with pytest.raises(ValueError, match=r"new\.avi: there is no decoder for its video; convert"):
        open_video(path)


def test_an_empty_picture_is_not_the_end(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", ["0.png", "1.png", "2.png"])
    (folder / "1.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"1\.png: is no picture, or an empty one"):
        open_video(folder)


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_pictures_of_cameras_stand_upright(tmp_path: Path, orientation: int, turns: int):
    """EXIF's orientation 6 is a camera held upright: its pictures are stored lying to the left."""
    (stored,) = smooth_pictures(1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a maker of cameras"
    for number in range(2):
        Image.fromarray(stored).save(tmp_path / f"{number}.jpg", quality=95, exif=exif)
    seen = [frame.image for frame in open_video(tmp_path).frames()]
    assert len(seen) == 2
    assert np.abs(seen[1].astype(int) - np.rot90(stored, turns)).mean() < 4


def test_pictures_of_a_camera_that_was_turned_are_no_video(tmp_path: Path):
    exif = Image.Exif()
    for number, orientation in enumerate((6, 1)):
        exif[0x0112] = orientation
        Image.fromarray(pictures(1)[0]).save(tmp_path / f"{number}.jpg", exif=exif)
    with pytest.raises(ValueError, match="picture 1, counted from 0, is turned otherwise"):
        list(open_video(tmp_path).frames())


@pytest.mark.skipif(not features.check("avif"), reason="a Pillow without AVIF")
def test_an_animated_avif_is_more_than_its_first_picture(tmp_path: Path):
    frames = [Image.fromarray(picture) for picture in smooth_pictures(7)]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:], duration=100)
    video = open_video(tmp_path / "a.avif")
    assert len(list(video.frames())) == 7
    assert video.fps == 10


def test_a_pixel_of_a_hundred_times_its_height_is_taken_for_a_mistake(tmp_path: Path):
    for aspect, taken in ((4, 4), (100, 1)):
        path = tmp_path / f"{aspect}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.codec_context.sample_aspect_ratio = Fraction(aspect)
            for picture in smooth_pictures(2):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(stream.encode())
        assert open_video(path).pixel_aspect == taken


def test_a_whole_flash_video_is_whole(tmp_path: Path):
    """Its duration counts from when its first frame is decoded, B-frames before it is shown."""
    path = write(tmp_path / "a.flv", smooth_pictures(40), "libx264", "yuv420p")
    video = open_video(path)
    assert len(list(video.frames())) == 40
    assert video.damage is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    list(video.frames())
    assert video.damage is not None


def test_tiff_pictures_are_read(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", ["0.tif", "1.tif"])
    np.testing.assert_array_equal([f.image for f in open_video(folder).frames()], pictures(2))


def test_a_link_has_its_own_name(tmp_path: Path):
    write_as(tmp_path, "a1b2c3.mov")
    (tmp_path / "cats.mov").symlink_to(tmp_path / "a1b2c3.mov")
    assert open_video(tmp_path / "cats.mov").name == "cats.mov"


def test_file_names_are_only_names(tmp_path: Path):
    for name in ("http:a.mov", "clip %05d.mov", "a|b?.mov", "кот 猫.mov"):
        frames = list(open_video(write_as(tmp_path, name)).frames())
        assert len(frames) == 2


def write_as(folder: Path, name: str) -> Path:
    return write(folder / "plain.mov", pictures(2)).rename(folder / name)


@pytest.mark.parametrize(
    ("target", "expected"),
    [(0, [0, 0, 0, 2]), (4, [0, 2, 4, 6]), (5, [1, 3, 5, 6]), (6, [2, 4, 6, 6])],
)
def test_read_clip_clamps(tmp_path: Path, target: int, expected: list[int]):
    path = write(tmp_path / "clip.mov", pictures(7))
    clip = read_clip(path, target, ClipConfig(frames=4, step=2))
    assert (clip == np.stack([pictures(7)[i] for i in expected])).all()


def test_read_clip_of_a_video_shorter_than_its_annotation(tmp_path: Path):
    path = write(tmp_path / "clip.mov", pictures(7))
    with pytest.raises(ValueError, match=r"frame 8 is annotated, but only 7 frames"):
        read_clip(path, 7, ClipConfig())


@pytest.mark.parametrize("unit", ["frames", "seconds"])
def test_some_frames_come_with_their_neighbours(tmp_path: Path, unit):
    video = open_video(write(tmp_path / "clip.mov", pictures(30)))
    wanted = FrameRange(10, 21, 5) if unit == "frames" else FrameRange(1, 2.1, 5, "seconds")
    frames = list(video.frames(wanted, behind=2, ahead=1))
    assert [frame.index for frame in frames if frame.is_target] == [10, 15, 20]
    near = [8, 9, 10, 11, 13, 14, 15, 16, 18, 19, 20, 21]
    assert [frame.index for frame in frames] == near
    assert [frame.time for frame in frames] == pytest.approx([index / 10 for index in near])
    assert all((frame.image == pictures(30)[frame.index]).all() for frame in frames)


def test_what_is_left_out_is_no_damage(tmp_path: Path):
    path = write(tmp_path / "cut.mkv", pictures(40), "mpeg4", "yuv420p")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    video = open_video(path)
    assert len(list(video.frames(FrameRange(3, 9)))) == 6
    assert video.damage is None
    list(video.frames(FrameRange(3)))
    assert video.damage is not None


def test_sound_that_outlasts_the_pictures_is_no_damage(tmp_path: Path):
    path = tmp_path / "song.mkv"
    with av.open(str(path), "w") as container:
        seen = container.add_stream("mpeg4", rate=10)
        seen.height, seen.width, seen.pix_fmt = 48, 64, "yuv420p"
        heard = container.add_stream("pcm_s16le", rate=16000)
        for frame in pictures(10):
            container.mux(seen.encode(av.VideoFrame.from_ndarray(frame)))
        container.mux(seen.encode())
        for number in range(6):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), "s16", "mono")
            sound.rate, sound.pts = 16000, 16000 * number
            container.mux(heard.encode(sound))
        container.mux(heard.encode())
    video = open_video(path)
    assert video.announced == 10
    assert len(list(video.frames())) == 10
    assert video.damage is None


def test_a_pipe_is_not_called_missing(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="is a pipe or a device"):
        open_video(tmp_path / "pipe")


def test_a_film_that_begins_late_is_whole(tmp_path: Path):
    """Matroska tells when a film ends, not how long it lasts."""
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(50, 80):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    video = open_video(path)
    assert video.announced == 30
    assert [frame.time for frame in video.frames()] == pytest.approx([n / 10 for n in range(30)])
    assert video.damage is None


def test_pictures_of_a_folder_have_one_size(tmp_path: Path):
    for number, size in enumerate([(64, 48)] * 6 + [(48, 64)] * 2):
        Image.new("RGB", size).save(tmp_path / f"{number:03d}.png")
    frames = open_video(tmp_path).frames()
    assert len(list(islice(frames, 6))) == 6
    with pytest.raises(ValueError, match=r"picture 6, .* has 48×64 .* the first one 64×48; "):
        next(frames)
    with pytest.raises(ValueError, match="picture 6"):
        read_clip(tmp_path, 6, ClipConfig())


def test_hours_of_a_duration_count(tmp_path):
    path = tmp_path / "long.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for second in (0, 4000):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = second, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with av.open(str(path)) as container:
        (stream,) = container.streams.video
        assert stream.duration is None, "else Matroska's own word is not asked"
        assert duration_of(container, stream) == pytest.approx(4001, abs=1)
