"""Checks of a video's frames."""

from pathlib import Path

import av
from av.error import FFmpegError

from cstm.config import ClipConfig
from cstm.data.check.findings import Findings
from cstm.data.extracted import find_pictures, read_picture
from cstm.data.video import open_video, read_clip

Size = tuple[int, int]
"""Height and width in pixels."""


def check_clip(path: Path, last: int, found: Findings) -> set[Size]:
    """Decode the first frame of a video file, and see that it goes up to its last annotated one.

    Packets are counted, which takes a tenth of the time of decoding them; only where they are too
    few, the video is decoded.
    """
    try:
        video = open_video(path)
        if _count_packets(path) < last:
            read_clip(path, last - 1, ClipConfig(frames=1))
    except ValueError as error:
        found.fault(path, error)
        return set()
    return {(video.height, video.width)}


def _count_packets(path: Path) -> int:
    count = 0
    try:
        with av.open(f"file:{path}") as container:
            for packet in container.demux(video=0):
                count += packet.size > 0 and not packet.is_corrupt
    except FFmpegError:
        pass  # what came before is whole
    return count


def check_pictures(folder: Path, last: int, found: Findings) -> set[Size]:
    """Decode every extracted frame of a video, and see that none is missing."""
    pictures = find_pictures(folder)
    length = max(pictures, default=-1) + 1
    if length < last:
        found.fault(folder, f"frame {last} is annotated, but there are only {length} frames")
    for index in sorted(set(range(length)) - set(pictures)):
        found.miss(folder / f"{index + 1:05d}", "extract the video anew")
    sizes: set[Size] = set()
    for path in pictures.values():
        try:
            height, width, _ = read_picture(path).shape
            sizes.add((height, width))
        except ValueError as error:
            found.fault(path, error)
    return sizes


def compare_sizes(path: Path, frames: set[Size], masks: set[Size], found: Findings) -> None:
    """See that a video's frames and masks are all of one size."""
    if len(frames | masks) > 1:
        told = (", ".join(f"{w}×{h}" for h, w in sorted(sizes)) for sizes in (frames, masks))
        found.fault(path, "its frames are {} pixels, its masks {}".format(*told))
