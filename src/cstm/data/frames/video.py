"""Videos that FFmpeg reads, files or folders of pictures, one upright RGB frame at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.frames.clip import clip_indices
from cstm.data.frames.clock import Clock
from cstm.data.frames.container import (
    duration_of,
    open_container,
    refuse_broken_picture,
    refuse_unlike,
    stream_to_show,
)
from cstm.data.frames.frame_range import ALL, FrameRange
from cstm.data.frames.upright import Upright

_MOST_ASPECT = 8
"""Pixels that are said to be wider or higher than so many times the other are no pixels."""
NOTHING_DECODES = (
    "{}: not one frame of it can be decoded; is it complete, and a video that FFmpeg reads?"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame."""

    index: int
    """Number of the frame, counted from 0."""
    time: float
    """Seconds since the first frame, as the file tells it; frames may be unevenly spaced."""
    image: UInt8[ndarray, "height width 3"]
    """Upright RGB."""
    is_target: bool = True
    """False for a frame that others need around them, and of which nothing is asked itself."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """One decoded frame as it is stored, and how it becomes upright."""

    index: int
    time: float
    stored: VideoFrame
    upright: Upright


@dataclass
class Video:
    """A video: its size and rate, and its frames as often as they are asked for.

    Build one with :func:`open_video`. Files are open only while :meth:`frames` runs.
    """

    path: Path
    width: int
    """Pixels of an upright frame, as they are stored, square or not."""
    height: int
    fps: Fraction
    """Average rate in frames a second."""
    announced: int | None
    """Number of frames by the container's word, which may be wrong; None where it has none."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of an upright pixel ÷ its height, for whoever shows the frames."""
    damage: str | None = None
    """After :meth:`frames`: what was broken up to there, in a few words; and what is missing, where
    it has run to the video's end."""

    @property
    def name(self) -> str:
        """Name of the file, or of the folder of pictures, without what it is in."""
        return self.path.absolute().name

    def frames(self, wanted: FrameRange = ALL, behind: int = 0, ahead: int = 0) -> Iterator[Frame]:
        """Decode the video up to the last frame wanted, one frame at a time.

        Frames that are neither wanted nor among the ``behind`` before and ``ahead`` after one that
        is are left out. Damage is no error: what decodes is yielded, and :attr:`damage` tells the
        rest.

        Raises:
            ValueError: the video holds none of the frames wanted; raised at the end.
        """
        for picture, is_target in wanted.around(self._pictures(), behind, ahead):
            image = picture.upright(picture.stored)
            yield Frame(picture.index, picture.time, image, is_target)

    def _pictures(self) -> Iterator[_Picture]:
        """Decode pictures as they are stored, and work out the damage at the end."""
        self.damage = None
        decoded = damaged = 0
        span = 0.0
        upright = None
        with _stream_of(self.path) as (container, stream):
            duration = duration_of(container, stream)
            # Containers round durations. Where only the whole file's is known, sound may outlast
            # the pictures; and FLV's counts from the first decoding, frames before it is shown.
            is_exact = len(container.streams) == 1 and container.format.name != "flv"
            slack = 2 / self.fps if is_exact or stream.duration else 1.0
            unit = _fraction(stream.time_base) or Fraction(0)
            clock = Clock(unit, self.fps)
            for stored in _decoded(self.path, container, stream):
                if stored is None or stored.is_corrupt:
                    damaged += 1
                    # Nobody may ask for the rest.
                    self.damage = f"{damaged} damaged frames"
                if stored is None:
                    continue
                upright = upright or Upright(stored)
                time = clock.tell(stored)
                span = time + float((stored.duration or 0) * unit)
                yield _Picture(decoded, time, stored, upright)
                decoded += 1
        if damaged or (duration is not None and decoded and span + slack < duration):
            self.damage = f"decoded {decoded} frames"
            if self.announced is not None and self.announced > decoded:
                self.damage += f"; about {self.announced} were announced"
            if damaged:
                self.damage += f"; {damaged} damaged"


def open_video(path: str | Path) -> Video:
    """Look into a video; its first frame is decoded, which tells its size and rotation.

    Args:
        path: a file of any container and codec that FFmpeg reads, or a folder of pictures, as
            :func:`~cstm.data.frames.container.open_container` has it.

    Raises:
        ValueError: it is missing or unreadable, has no video, or no frame decodes. A picture of a
            folder that doesn't decode is refused when its turn comes: it is no damage, since all
            frames after it would be taken for others.
    """
    path = Path(path)
    with _stream_of(path) as (container, stream):
        first = next(filter(None, _decoded(path, container, stream)), None)
        if first is None:
            raise ValueError(NOTHING_DECODES.format(path))
        upright = Upright(first)
        height, width, _ = upright(first).shape
        aspect = _fraction(stream.sample_aspect_ratio) or Fraction(1)
        if not 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT:
            aspect = Fraction(1)
        fps = _fraction(stream.average_rate) or _fraction(stream.guessed_rate) or Fraction(25)
        duration = duration_of(container, stream)
        announced = stream.frames or (round(duration * fps) if duration else None)
    return Video(path, width, height, fps, announced, 1 / aspect if upright.transposed else aspect)


def _fraction(ratio: Rational | None) -> Fraction | None:
    """Python's fraction of whatever rational number this version of PyAV gives."""
    return None if ratio is None else Fraction(int(ratio.numerator), int(ratio.denominator))


def read_clip(
    path: str | Path, target: int, clip: ClipConfig
) -> UInt8[ndarray, "time height width 3"]:
    """Read the clip around a target frame, its index counted from 0.

    Indices outside the video are clamped, as :func:`~cstm.data.frames.clip.clip_indices` has it.

    Raises a ValueError where the video ends before its target frame.
    """
    window = clip_indices(target, clip, length=target + clip.frames * clip.step)
    images, length = _wanted(path, set(window.tolist()))
    if target >= length:
        raise ValueError(
            f"{path}: frame {target + 1} is annotated, but only {length} frames can be decoded; "
            "is the video complete?"
        )
    return np.stack([images[index] for index in clip_indices(target, clip, length).tolist()])


def _wanted(
    path: str | Path, wanted: set[int]
) -> tuple[dict[int, UInt8[ndarray, "height width 3"]], int]:
    """Read the frames wanted; where the video ends before, its last frame, too.

    The length that comes with them is that of the part decoded, up to the last frame wanted.
    """
    images = {}
    convert = picture = None
    length = 0
    path = Path(path)
    with _stream_of(path) as (container, stream):
        for picture in _in_place(_decoded(path, container, stream), stream):
            convert = convert or Upright(picture)
            if length in wanted:
                images[length] = convert(picture)
            length += 1
            if length > max(wanted):
                break
    if convert is None or picture is None:
        raise ValueError(NOTHING_DECODES.format(path))
    if length - 1 not in images:
        images[length - 1] = convert(picture)
    return images, length


def _in_place(pictures: Iterable[VideoFrame | None], stream: VideoStream) -> Iterator[VideoFrame]:
    """Put the picture before in the place of those that damage took: annotations count them.

    By their times, since one broken packet may cost many pictures, and bring others out of order.
    """
    before, is_broken, filled = None, False, 0
    for picture in pictures:
        if picture is None:
            is_broken = True
            continue
        steps = _steps(before, picture, stream) if before is not None else 1
        if filled and steps < 0:
            filled -= 1  # Late: another stands in its place.
            continue
        if before is not None and is_broken and steps > 1:
            yield from [before] * (steps - 1)
            is_broken, filled = False, filled + steps - 1
        yield picture
        before = picture


def _steps(one: VideoFrame, other: VideoFrame, stream: VideoStream) -> int:
    """Frames from one picture to another by their times; 1 where nobody knows."""
    rate = _fraction(stream.average_rate)
    if one.time is None or other.time is None or rate is None:
        return 1
    return round((other.time - one.time) * float(rate))


@contextmanager
def _stream_of(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    with open_container(path) as container:
        yield container, stream_to_show(path, container)


def _decoded(
    path: Path, container: InputContainer, stream: VideoStream
) -> Iterator[VideoFrame | None]:
    """Yield every picture that decodes, and None for every packet that does not."""
    done, first = 0, None
    try:
        for packet in container.demux(stream):
            try:
                for picture in stream.decode(packet):
                    first = first or picture
                    refuse_unlike(path, picture, first)
                    yield picture
            except FFmpegError:
                refuse_broken_picture(path, packet.pts)
                yield None
            done += 1
    except FFmpegError:
        refuse_broken_picture(path, done)
        yield None
        with suppress(FFmpegError):
            # No packet makes the decoder give out what it still holds back.
            yield from stream.decode(None)
