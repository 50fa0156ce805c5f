"""What FFmpeg opens: a video file, or a folder of pictures that are its frames."""

import re
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cstm.data.frames.upright import display_matrix
from cstm.faults import reason

PICTURES_A_SECOND = 25
"""Frames a second of a folder of pictures, which has no rate of its own."""

PICTURES = "image2"
"""What FFmpeg calls a folder of pictures."""
_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


def open_container(path: Path) -> InputContainer:
    """Open a video file, or a folder whose pictures are frames in the order of their names.

    Raises:
        ValueError: there is no such file, or it is none that can be read; or the folder holds no
            pictures, an empty one, several kinds, or names not in the order of their numbers.
    """
    if not (path.is_file() or path.is_dir()):
        if path.exists():
            raise ValueError(
                f"{path} is a pipe or a device and can't be read twice; send its bytes to the "
                "video named -, or give a camera's number"
            )
        raise ValueError(f"{path}: no such video file")
    # The prefix keeps FFmpeg from reading a colon in a file's name as a protocol.
    name, kind, options = f"file:{path}", None, {}
    if path.is_dir():
        name, kind = _pattern(path), PICTURES
        options = {"pattern_type": "glob", "framerate": str(PICTURES_A_SECOND)}
    try:
        # Titles and the like, which nobody reads here, may be in any encoding.
        return av.open(name, format=kind, options=options, metadata_errors="replace")
    except (FFmpegError, OSError) as error:
        raise ValueError(
            f"{path}: not a video that can be read ({reason(error)}); is it complete?"
        ) from None


def stream_to_show(path: Path, container: InputContainer) -> VideoStream:
    """The video stream that a player shows: the container's default, or the one of most frames.

    Raises:
        ValueError: there is none, or no decoder for it.
    """
    # A cover picture inside a piece of music is stored as a video stream, too; and an animated
    # AVIF's first picture as one of its own.
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise ValueError(f"{path}: has no video stream")
    shown = max(streams, key=lambda s: (bool(s.disposition & Disposition.default), s.frames))
    if not shown.codec_context:
        raise ValueError(
            f"{path}: there is no decoder for its video; convert it, to H.264 for instance"
        )
    return shown


def duration_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds that the video lasts by the container's word, if it has one."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    # Matroska's is that of the longest stream, sound included; many writers tell each one's, too.
    # Both count from second 0, be the first frame as late as it will.
    begin = 0.0
    if stream.time_base is not None and "matroska" in container.format.name:
        begin = float((stream.start_time or 0) * stream.time_base)
    if told := re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = map(float, told.groups())
        return 3600 * hours + 60 * minutes + seconds - begin
    return None if container.duration is None else container.duration / av.time_base - begin


def refuse_broken_picture(path: Path, number: int | None) -> None:
    """Raise a ValueError where a folder's picture doesn't decode: those after it would be shifted.

    A broken frame of a file is no error here, but damage.
    """
    if path.is_dir():
        raise ValueError(
            f"{path}: picture {number}, counted from 0, can't be read; copy it once more"
        ) from None


def refuse_unlike(path: Path, picture: VideoFrame, first: VideoFrame) -> None:
    """Raise a ValueError where a folder's picture has another size or EXIF rotation than its first.

    A film that changes its size is shown in that of its first frame, as players show it.
    """
    if not path.is_dir():
        return
    if display_matrix(picture) != display_matrix(first):
        raise ValueError(
            f"{path}: picture {picture.pts}, counted from 0, is turned otherwise than the first, "
            "by its EXIF data; turn the pixels themselves, so that all pictures lie alike"
        )
    of_this, of_first = (f"{one.width}×{one.height}" for one in (picture, first))
    if of_this != of_first:
        raise ValueError(
            f"{path}: picture {picture.pts}, counted from 0, has {of_this} pixels and the first "
            f"one {of_first}; frames of a video have one size, so make it that of the first"
        )


def _pattern(folder: Path) -> str:
    """Pattern of FFmpeg for the pictures of a folder."""
    pictures = [p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES and p.name[0] != "."]
    kinds = sorted({picture.suffix for picture in pictures})
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        raise ValueError(
            f"{folder} is a folder, which is a video where it holds frames as pictures of one "
            f"kind, such as .jpg; found {found}"
        )
    for picture in pictures:
        # FFmpeg takes an empty file for the end.
        if not picture.is_file() or not picture.stat().st_size:
            raise ValueError(f"{picture}: is no picture, or an empty one; copy it once more")
    names = sorted(picture.name for picture in pictures)
    for earlier, later in zip(names, sorted(names, key=_numbered), strict=True):
        if earlier != later:
            raise ValueError(
                f"{folder}: pictures are frames in the order of their names, where {earlier} comes "
                f"before {later}; number them with leading zeros, such as 00001{kinds[0]}"
            )
    # These mean something in a pattern; the folder's name is to mean itself.
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", str(folder.resolve())) + f"/*{kinds[0]}"


def _numbered(name: str) -> list[tuple[int, str]]:
    """What sorts names by the numbers in them."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
