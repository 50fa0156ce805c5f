"""Writing an overlay video that plays everywhere: H.264, yuv420p, every frame at its own time."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream
from jaxtyping import UInt8
from numpy import ndarray

_TICKS = 90_000
"""Units a second of the timestamps, MPEG's own: fine enough for every frame rate in use."""

_BT709 = 1
"""ITU-T H.273's number for BT.709, written into the file so that players show true colours."""

_LIMITED_RANGE = 1
"""FFmpeg's number for values from 16 to 235, as every player expects of yuv420p."""


class Film:
    """An MP4 file that takes one frame after the other; made by :func:`open_film`."""

    def __init__(self, container: OutputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self._ticks = -1
        # Kept: a frame that converts itself sets the conversion up anew, which takes longer.
        self._reformatter = VideoReformatter()

    def add(self, image: UInt8[ndarray, "height width 3"], time: float) -> None:
        """Append one frame, shown from ``time`` (seconds) on."""
        frame = self._reformatter.reformat(
            av.VideoFrame.from_ndarray(image, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
        )
        # Broken timestamps that stand still would stop the encoder; one tick can't be seen.
        self._ticks = max(self._ticks + 1, round(time * _TICKS))
        frame.pts, frame.time_base = self._ticks, Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(frame))


@contextmanager
def open_film(
    path: Path,
    height: int,
    width: int,
    fps: Fraction,
    pixel_aspect: Fraction = Fraction(1),
) -> Iterator[Film]:
    """A film that is complete at the end of the block.

    Args:
        path: of the ``.mp4`` file.
        height: of the frames, even.
        width: of the frames, even.
        fps: mean frames per second; sets how long the last frame stays.
        pixel_aspect: width of a pixel ÷ its height as shown.
    """
    assert height % 2 == width % 2 == 0, "yuv420p needs even sizes"
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        rate = fps.limit_denominator(1001)
        options = {"preset": "veryfast", "crf": "18"}
        stream = container.add_stream("libx264", rate=rate, options=options)
        codec = stream.codec_context
        codec.height, codec.width, codec.pix_fmt = height, width, "yuv420p"
        codec.time_base = Fraction(1, _TICKS)
        codec.sample_aspect_ratio = pixel_aspect
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = _LIMITED_RANGE
        yield Film(container, stream)
        container.mux(stream.encode())
