"""Writing films, every frame at its own time: one that plays everywhere, one with transparency."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream
from jaxtyping import UInt8
from numpy import ndarray

_BT709 = 1
"""ITU-T H.273's number for BT.709, written into the file so that players show true colours."""

_LIMITED_RANGE = 1
"""FFmpeg's number for values from 16 to 235, as every player expects of yuv420p."""


@dataclass(frozen=True)
class Encoding:
    """How a film is stored."""

    container: str
    codec: str
    pixels: str
    """FFmpeg's name of the pixel format."""
    ticks: int
    """Units a second of the timestamps."""
    options: dict[str, str]
    """Of the codec."""
    container_options: dict[str, str] = field(default_factory=dict)


OPAQUE = Encoding(
    "mp4",
    "libx264",
    "yuv420p",
    90_000,  # MPEG's own: fine enough for every frame rate in use
    {"preset": "veryfast", "crf": "18"},
    {"movflags": "+faststart"},
)
"""H.264 in MP4, which plays everywhere; sizes are even."""

TRANSPARENT = Encoding(
    "webm",
    "libvpx-vp9",
    "yuva420p",
    1000,  # as WebM has it
    {"crf": "20", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
)
"""VP9 with an alpha channel in WebM, for browsers and whatever reads with libvpx."""


_LONGEST_PAUSE = 2**29
"""In ticks; an hour and a half of an MP4. It has no room for 2³¹ between two packets, which
B-frames bring out of order; a longer pause is cut."""
_MOST_PIXELS = 16_384
"""On a side, of libx264."""


class Film:
    """A file that takes one frame after the other; made by :func:`open_film`."""

    def __init__(self, container: OutputContainer, stream: VideoStream, encoding: Encoding) -> None:
        self._container = container
        self._stream = stream
        self._encoding = encoding
        self._ticks = -1
        self._cut = 0
        # Kept: a frame that converts itself sets the conversion up anew, which takes longer.
        self._reformatter = VideoReformatter()

    def add(self, image: UInt8[ndarray, "height width channel"], time: float) -> None:
        """Append one frame, RGB or RGB and alpha, shown from ``time`` (seconds) on."""
        frame = self._reformatter.reformat(
            av.VideoFrame.from_ndarray(image, format="rgb24" if image.shape[2] == 3 else "rgba"),
            format=self._encoding.pixels,
            dst_colorspace=Colorspace.ITU709,
        )
        # Broken timestamps that stand still would stop the encoder; one tick can't be seen.
        ticks = max(self._ticks + 1, round(time * self._encoding.ticks) - self._cut)
        self._cut += max(0, ticks - self._ticks - _LONGEST_PAUSE)
        self._ticks = min(ticks, self._ticks + _LONGEST_PAUSE)
        frame.pts, frame.time_base = self._ticks, Fraction(1, self._encoding.ticks)
        self._container.mux(self._stream.encode(frame))


@contextmanager
def open_film(
    path: Path,
    height: int,
    width: int,
    fps: Fraction,
    pixel_aspect: Fraction = Fraction(1),
    encoding: Encoding = OPAQUE,
) -> Iterator[Film]:
    """A film that is complete at the end of the block.

    Args:
        path: of the file, ``.mp4`` or as the encoding has it.
        height: of the frames; even, but where the encoding says otherwise.
        width: of the frames, likewise.
        fps: mean frames per second; sets how long the last frame stays.
        pixel_aspect: width of a pixel ÷ its height as shown.
        encoding: how the film is stored.

    Raises:
        ValueError: frames too large for H.264.
    """
    if encoding is OPAQUE and max(height, width) > _MOST_PIXELS:
        raise ValueError(
            f"H.264 has no frames of {width}×{height}; leave films out, as in --save masks json"
        )
    assert encoding is not OPAQUE or height % 2 == width % 2 == 0, "yuv420p needs even sizes"
    options = encoding.container_options
    with av.open(path, "w", format=encoding.container, options=options) as container:
        rate = min(fps.limit_denominator(1001), Fraction(encoding.ticks))
        stream = container.add_stream(encoding.codec, rate=rate, options=dict(encoding.options))
        assert isinstance(stream, VideoStream)
        codec = stream.codec_context
        codec.height, codec.width, codec.pix_fmt = height, width, encoding.pixels
        codec.time_base = Fraction(1, encoding.ticks)
        codec.sample_aspect_ratio = pixel_aspect
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = _LIMITED_RANGE
        yield Film(container, stream, encoding)
        container.mux(stream.encode())
