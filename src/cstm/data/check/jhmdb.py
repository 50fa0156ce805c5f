"""Checks of the files of J-HMDB Sentences."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Bool
from numpy import ndarray

from cstm.data.check.findings import Findings
from cstm.data.check.frames import check_pictures, compare_sizes
from cstm.data.formats.files import SENTENCES_PAGE, find, read_rows, reporting
from cstm.data.formats.jhmdb_files import (
    JHMDB_PAGE,
    MASKS_NAME,
    PINNED_NAME,
    find_videos,
    jhmdb_places,
    read_masks,
    read_pinned,
    read_queries,
    uniform_frames,
)
from cstm.data.frames.extracted import find_pictures


@dataclass(frozen=True)
class JHMDBVideo:
    """A video with sentences, whose files are to be checked."""

    root: Path
    name: str
    sentences: list[str]
    pictures: Path | None
    """Folder of its frames."""
    masks: Path | None
    """Folder of its masks."""
    pinned: Collection[int]
    """Frames of it in the community's list, counted from 0."""

    def check(self) -> Findings:
        """Read every frame and every mask."""
        found = Findings(self.root)
        masks = self._read_masks(found)
        if self.pictures is None:
            return found
        sizes = check_pictures(self.pictures, 0, found)
        if masks is not None and sizes is not None:
            _, height, width = masks.shape
            compare_sizes(self.pictures, sizes, {(height, width)}, found)
            self._compare(max(find_pictures(self.pictures), default=-1) + 1, masks, found)
        return found

    def _read_masks(self, found: Findings) -> Bool[ndarray, "time height width"] | None:
        if self.masks is None:
            return None
        path = self.masks / MASKS_NAME
        if not path.is_file():
            found.miss(path, f"get puppet_mask from {JHMDB_PAGE}")
            return None
        with reporting(found.fault, path):
            return read_masks(path)
        return None

    def _compare(
        self, frames: int, masks: Bool[ndarray, "time height width"], found: Findings
    ) -> None:
        """See which frames have masks, and count those evaluated."""
        assert self.masks is not None
        path = self.masks / MASKS_NAME
        told = f"{self.name}: {len(masks)} masks, {frames} frames"
        if len(masks) < frames:
            found.trap("fewer masks than frames", told)
        if len(masks) > frames:
            found.trap("more masks than frames", told)
        annotated = min(len(masks), frames)
        evaluated = uniform_frames(annotated)
        if not evaluated:
            found.fault(path, "no frame has a mask; get Rename_Images and puppet_mask anew")
        found.count("frames", "test", len(evaluated))
        found.count("pairs", "test", len(evaluated) * len(self.sentences))
        for frame in sorted({*evaluated, *self.pinned}):
            if frame >= annotated:
                found.fault(path, f"frame {frame + 1} is in {PINNED_NAME} and has no mask")
            elif not masks[frame].any():
                found.trap("empty mask", f"{self.name}/{frame + 1:05d}")


def survey_jhmdb(root: Path, found: Findings) -> list[JHMDBVideo]:
    """Read the text files, and list the videos that the others belong to."""
    places = jhmdb_places(root)
    queries = _read_texts(places, found)
    pinned = _read_pinned(places, queries, found)
    pictures = _find_folders(places, "Rename_Images", queries, found)
    masks = _find_folders(places, "puppet_mask", queries, found)
    jobs = []
    for video, sentences in queries.items():
        found.count("videos", "test")
        found.count("sentences", "test", len(sentences))
        pinned_here = pinned.get(video, frozenset())
        jobs.append(
            JHMDBVideo(root, video, sentences, pictures.get(video), masks.get(video), pinned_here)
        )
    return jobs


def _find_folders(
    places: list[Path], name: str, videos: Iterable[str], found: Findings
) -> dict[str, Path]:
    path = found.find(places, JHMDB_PAGE, name)
    if path is None:
        return {}
    folders = find_videos(path)
    for video in videos:
        if video not in folders:
            found.miss(path / "*" / video, f"get {name} from {JHMDB_PAGE}")
    return folders


def _read_texts(places: list[Path], found: Findings) -> dict[str, list[str]]:
    path = found.find(places, SENTENCES_PAGE, "jhmdb_annotation.txt")
    if path is None:
        return {}
    with reporting(found.fault, path):
        for row in read_rows(path, "video_id", "query"):
            found.trap_words(row["video_id"], row["query"])
        if not (queries := read_queries(path)):
            found.fault(path, f"holds no sentence; get it anew from {SENTENCES_PAGE}")
        return queries
    return {}


def _read_pinned(
    places: list[Path], queries: dict[str, list[str]], found: Findings
) -> dict[str, set[int]]:
    """Read the community's list, where it lies beside the files: of every video its frames."""
    path = find(places, PINNED_NAME)
    frames: dict[str, set[int]] = {}
    if path is None:
        return frames
    with reporting(found.fault, path):
        rows = read_pinned(path)
        for video, frame, sentence in rows:
            if sentence in queries.get(video, ()):
                frames.setdefault(video, set()).add(frame)
            else:
                found.fault(path, f"is about {video}, {sentence!r}, which is not annotated")
        found.notes.append(f"{PINNED_NAME} lists {len(rows)} samples (published: 2784)")
    return frames
