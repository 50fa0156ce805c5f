"""Checks of a video's frames."""

from pathlib import Path

from cstm.config import ClipConfig
from cstm.data.check.findings import Findings
from cstm.data.formats.files import reporting
from cstm.data.frames.extracted import find_pictures
from cstm.data.frames.frame_range import FrameRange
from cstm.data.frames.picture import read_picture
from cstm.data.frames.video import open_video, read_clip

Size = tuple[int, int]
"""Height and width in pixels."""


def check_clip(path: Path, last: int, found: Findings) -> set[Size]:
    """Decode a video file up to its last annotated frame."""
    with reporting(found.fault, path):
        video = open_video(path)
        length = sum(1 for _ in video.frames(FrameRange(0, max(last, 1))))
        if video.damage and "damaged" in video.damage:
            found.trap("damaged frames", f"{path.name}: {video.damage}")
        if length < last:
            read_clip(path, last - 1, ClipConfig(frames=1))
        return {(video.height, video.width)}
    return set()


def check_pictures(folder: Path, last: int, found: Findings) -> set[Size] | None:
    """Decode every extracted frame of a video, and see that none is missing.

    Returns their sizes; None where it can't be told which frames they are.
    """
    pictures = None
    with reporting(found.fault, folder):
        pictures = find_pictures(folder)
    if pictures is None:
        return None
    length = max(pictures, default=-1) + 1
    if length < last:
        found.fault(folder, f"frame {last} is annotated, but there are only {length} frames")
    for index in sorted(set(range(length)) - set(pictures)):
        found.miss(folder / f"{index + 1:05d}", "extract the video anew")
    sizes: set[Size] = set()
    for path in pictures.values():
        with reporting(found.fault, path):
            height, width, _ = read_picture(path).shape
            sizes.add((height, width))
    return sizes


def compare_sizes(path: Path, frames: set[Size], masks: set[Size], found: Findings) -> None:
    """See that a video's frames and masks are all of one size."""
    if len(frames | masks) > 1:
        told = (", ".join(f"{w}×{h}" for h, w in sorted(sizes)) for sizes in (frames, masks))
        found.fault(path, "its frames are {} pixels, its masks {}".format(*told))
