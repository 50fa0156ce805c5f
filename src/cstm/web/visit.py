"""What a visitor of the page asked for: computed step by step, kept in a folder of its own."""

import shutil
import time
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from zipfile import ZipFile

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from cstm.data.frames.container import open_container, stream_to_show
from cstm.data.frames.video import Video, open_video
from cstm.folder import whole_folder
from cstm.inference import SegmentationWarning
from cstm.inference.explain import Explanation, explain
from cstm.inference.export import open_writers
from cstm.inference.outputs import Task
from cstm.inference.overlay import draw_masks, query_colour
from cstm.inference.result import FrameResult
from cstm.inference.segmenter import Segmenter
from cstm.web.limits import Limits

_SHOWN = 960
"""Pixels of the longer side of what a page shows; downloads have the video's own size."""
_BETWEEN = 0.25
"""Least seconds between two looks at how far it is."""
_KEPT = 8
"""Explanations that are kept."""
_PLAYLISTS = {"hls", "dash", "concat"}
"""Formats that name other files, which could be the server's."""


@dataclass(frozen=True)
class Progress:
    """How far a segmentation is."""

    picture: UInt8[ndarray, "height width 3"]
    """The last frame that is done, with all masks."""
    done: int
    """Frames."""
    total: int | None
    """Frames by the container's word; None where it has none."""
    frames_per_second: float

    @property
    def seconds_left(self) -> float | None:
        """Until the end, at the mean speed so far."""
        left = None if self.total is None else max(0, self.total - self.done)
        return None if left is None else left / self.frames_per_second


class StoppedError(Exception):
    """The visitor does not want the answer any more."""


class Visit:
    """A video and some sentences, what came of them, and the folder in which it lies.

    Messages of errors are in words for people.

    Args:
        video: a file.
        sentences: one in each line; blank lines don't count.
        limits: what the page takes.
        parent: where to make the visit's folder; the system's for temporary files if None.

    Raises:
        ValueError: the video can't be read or is too long, or there are no sentences or too many.
    """

    def __init__(
        self,
        video: str | Path | None,
        sentences: str,
        limits: Limits,
        parent: Path | None = None,
    ) -> None:
        if not video:
            raise ValueError("Choose a video first, or one of the samples.")
        self.queries = [" ".join(line.split()) for line in sentences.splitlines() if line.strip()]
        if not self.queries:
            raise ValueError("Say who is to be found, for instance: the white dog running")
        limits.check_sentences(len(self.queries))
        self.video = _open(video, limits)
        self._limits = limits
        limits.check_size(self.video.width, self.video.height)
        if self.video.announced:
            announced = self.video.announced
            limits.check_length(announced, announced / float(self.video.fps))
        self.folder = Path(mkdtemp(prefix="cstm-", dir=parent))
        self.frames = 0
        """How many are done."""
        self.found = [0] * len(self.queries)
        """In how many of them each sentence's actor was found."""
        self.notes: list[str] = []
        """What the visitor should know although all went well."""
        self._is_stopped = Event()
        self._explained: dict[tuple[int, int], Explanation] = {}

    @property
    def overlay(self) -> Path:
        """The film with all masks, each sentence in its colour."""
        return self.folder / "masks" / "overlay.mp4"

    @property
    def masks_json(self) -> Path:
        """All masks in COCO's run-length encoding."""
        return self.folder / "masks" / "masks.json"

    @property
    def masks_zip(self) -> Path:
        """The same as PNGs, one folder for each sentence."""
        return self.folder / "masks.zip"

    def run(self, segmenter: Segmenter) -> Generator[Progress, None, None]:
        """Segment, and tell now and then how far it is; the files are complete at the end.

        Raises:
            ValueError: a sentence without a known word, or a video longer than it announced.
            StoppedError: :meth:`stop` was called, by another thread.
        """
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", SegmentationWarning)
            results = segmenter.segment(self.video, self.queries)
        self.notes = [str(warning.message) for warning in told]
        (self.folder / "frames").mkdir()
        began = shown = time.monotonic()
        video, masks = self.video, self.masks_json.parent
        with whole_folder(masks) as folder:
            task = Task(folder, video.name, tuple(self.queries), video.height, video.width,
                        video.fps, 1, 0.0, video.pixel_aspect)  # fmt: skip
            with open_writers(task, ("masks", "json", "together")) as add:
                for result in results:
                    if self._is_stopped.is_set():
                        raise StoppedError
                    self._limits.check_length(result.index + 1, result.time)
                    add(result)
                    drawn = self._keep(result)
                    now = time.monotonic()
                    if now - shown >= _BETWEEN or result.index == 0:
                        shown = now
                        speed = self.frames / max(now - began, 1e-3)
                        yield Progress(drawn, self.frames, video.announced, speed)
        if video.damage:
            self.notes.append(f"The video is damaged: {video.damage}.")
        with ZipFile(self.masks_zip, "w") as archive:
            for path in sorted(masks.glob("*/*.png")):
                archive.write(path, path.relative_to(masks))

    def picture(self, frame: int) -> UInt8[ndarray, "height width 3"]:
        """A frame that is done, with all masks."""
        return np.asarray(Image.open(self._picture(frame)))

    def explain(self, segmenter: Segmenter, frame: int, query: int) -> Explanation:
        """What a sentence's mask on a frame rests on."""
        key = frame, query
        if key not in self._explained:
            if len(self._explained) >= _KEPT:
                self._explained.pop(next(iter(self._explained)))
            self._explained[key] = explain(segmenter, self.video, self.queries[query], frame)
        return self._explained[key]

    def stop(self) -> None:
        """Let :meth:`run` end with the frame that it is at."""
        self._is_stopped.set()

    def close(self) -> None:
        """Forget the visitor's files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self, result: FrameResult) -> UInt8[ndarray, "height width 3"]:
        """Draw a frame for the page, and count who is found in it."""
        colours = [query_colour(number) for number in range(len(self.queries))]
        drawn = _shown(draw_masks(result.image, result.masks, colours), self.video.pixel_aspect)
        Image.fromarray(drawn).save(self._picture(result.index), quality=90)
        self.frames = result.index + 1
        for number, mask in enumerate(result.masks):
            self.found[number] += bool(mask.any())
        return drawn

    def _picture(self, frame: int) -> Path:
        return self.folder / "frames" / f"{frame:06d}.jpg"


def _shown(
    image: UInt8[ndarray, "height width 3"], pixel_aspect: Fraction
) -> UInt8[ndarray, "_height _width 3"]:
    """A frame in square pixels, and not larger than a page shows it."""
    height, width = image.shape[0], image.shape[1] * pixel_aspect
    scale = min(1, _SHOWN / max(height, width))
    shown = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, shown, interpolation=cv2.INTER_AREA)


def _open(video: str | Path, limits: Limits) -> Video:
    """Open a visitor's file, which is called by its name: where it lies is nobody's business."""
    path = Path(video)
    if not path.exists():
        raise ValueError("The video is no longer there; choose it anew.")
    try:
        with open_container(path) as container:
            if container.format.name in _PLAYLISTS:
                raise ValueError(
                    f"{path.name} only names other files; upload the video itself instead."
                )
            # Before a frame is decoded: one of a hundred million pixels takes gigabytes.
            stream = stream_to_show(path, container)
            limits.check_size(stream.width, stream.height)
        return open_video(path)
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), path.name)) from None
