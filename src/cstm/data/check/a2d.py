"""Checks of the files of A2D Sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstm.config import Split
from cstm.data.check.findings import Findings
from cstm.data.check.frames import Size, check_clip, check_pictures, compare_sizes
from cstm.data.formats.a2d_files import (
    A2D_PAGE,
    VIDEO_FOLDERS,
    FrameAnnotation,
    ListedVideo,
    a2d_places,
    annotation_files,
    read_directions,
    read_frame_annotation,
    read_sentences,
    read_tags,
    read_unseen,
    read_videoset,
    video_path,
)
from cstm.data.formats.files import SENTENCES_PAGE, find, read_rows, reporting

Sentences = Mapping[str, list[tuple[int, str]]]


@dataclass(frozen=True)
class A2DVideo:
    """A video with sentences, whose files are to be checked."""

    root: Path
    name: str
    split: Split | None
    """None where videoset.csv does not tell."""
    sentences: list[tuple[int, str]]
    path: Path | None
    """Its file, or the folder of its frames."""
    annotations: Path | None
    """Folder of its h5 files."""
    annotated: int
    """Number of annotated frames by videoset.csv's word."""

    def check(self) -> Findings:
        """Read every annotation, and see that the frames are there."""
        found = Findings(self.root)
        last, masks = self._check_annotations(found)
        if self.path is None:
            return found
        if not self.path.exists():
            found.miss(self.path, f"get the video from {A2D_PAGE}")
            return found
        check_frames = check_pictures if self.path.is_dir() else check_clip
        sizes = check_frames(self.path, last, found)
        if sizes is not None:
            compare_sizes(self.path, sizes, masks, found)
        return found

    def _check_annotations(self, found: Findings) -> tuple[int, set[Size]]:
        """Number of the last annotated frame, and the sizes of the masks."""
        if self.annotations is None:
            return 0, set()
        files = None
        with reporting(found.fault, self.annotations):
            files = annotation_files(self.annotations)
        if files is None:
            return 0, set()
        if not files:
            found.miss(self.annotations, f"get its h5 files from {SENTENCES_PAGE}")
            return 0, set()
        if len(files) < self.annotated:
            place = f"{self.name}: {len(files)} of {self.annotated}"
            found.trap("fewer annotated frames than listed", place)
        found.count("frames", self.split, len(files))
        sizes: set[Size] = set()
        paired: set[int] = set()
        for file in files:
            with reporting(found.fault, file):
                annotation = read_frame_annotation(file)
                _, height, width = annotation.masks.shape
                sizes.add((height, width))
                self._count_pairs(f"{self.name}/{file.stem}", annotation, paired, found)
        unpaired = {instance for instance, _ in self.sentences} - paired
        for instance in sorted(unpaired) if not found.broken else ():
            found.trap("sentence without a mask", f"{self.name}/{instance}")
        return int(files[-1].stem), sizes

    def _count_pairs(
        self, place: str, annotation: FrameAnnotation, paired: set[int], found: Findings
    ) -> None:
        numbers = annotation.instances[annotation.instances >= 0]
        if len(annotation.masks) == 1:
            found.trap("frame with a single mask", place)
        if len(numbers) < len(annotation.masks):
            found.trap("more masks than instance numbers", place)
        if len(set(numbers.tolist())) < len(numbers):
            found.trap("instance number twice", place)
        if not np.array_equal(numbers, np.arange(len(numbers))):
            found.trap("instance numbers that are no positions", place)
        for instance, _ in self.sentences:
            if annotation.position(instance) is not None:
                found.count("pairs", self.split)
                paired.add(instance)
            elif instance in numbers:
                found.trap("empty mask", f"{place}/{instance}")


def survey_a2d(root: Path, found: Findings) -> list[A2DVideo]:
    """Read the text files, and list the videos that the others belong to."""
    places = a2d_places(root)
    listed = _read_videoset(places, found)
    sentences = _read_texts(places, found)
    annotations = found.find(places, SENTENCES_PAGE, "a2d_annotation_with_instances")
    videos = found.find(places, A2D_PAGE, *VIDEO_FOLDERS, home=root / "Release")
    jobs = []
    for video in sentences or listed:
        lines = sentences.get(video, [])
        line = listed.get(video)
        split = line.split if line else None
        found.count("videos", split, bool(lines))
        found.count("sentences", split, len(lines))
        jobs.append(
            A2DVideo(
                root=root,
                name=video,
                split=split,
                sentences=lines,
                path=videos and video_path(videos, video),
                annotations=annotations and annotations / video,
                annotated=line.annotated if line else 0,
            )
        )
    _compare_lists(places, listed, sentences, found)
    return jobs


def _read_videoset(places: list[Path], found: Findings) -> dict[str, ListedVideo]:
    path = found.find(places, A2D_PAGE, "videoset.csv", home=places[0] / "Release")
    if path is not None:
        with reporting(found.fault, path):
            if not (listed := read_videoset(path)):
                found.fault(path, f"lists no video; get it anew from {A2D_PAGE}")
            return listed
    return {}


def _read_texts(places: list[Path], found: Findings) -> Sentences:
    """Read the sentences, note what is untidy in them, and see that the side files can be read."""
    side = {
        "sentence_tags.csv": read_tags,
        "instances.csv": read_directions,
        "unseen_combinations.csv": read_unseen,
    }
    for name, read in side.items():
        if (path := find(places, name)) is not None:
            with reporting(found.fault, path):
                read(path)
    path = found.find(places, SENTENCES_PAGE, "a2d_annotation.txt")
    if path is None:
        return {}
    with reporting(found.fault, path):
        for row in read_rows(path, "video_id", "instance_id", "query"):
            place = f"{row['video_id']}/{row['instance_id']}"
            if not row["instance_id"].strip().isdecimal():
                found.trap("instance that is no number", place)
            else:
                found.trap_words(place, row["query"])
        if not (sentences := read_sentences(path)):
            found.fault(path, f"holds no sentence; get it anew from {SENTENCES_PAGE}")
        return sentences
    return {}


def _compare_lists(
    places: list[Path],
    listed: Mapping[str, ListedVideo],
    sentences: Sentences,
    found: Findings,
) -> None:
    """See which videos are in one of the lists and not in the other."""
    if not listed or not sentences:
        return
    path = find(places, "videoset.csv")
    assert path is not None
    for video in sentences:
        if video not in listed:
            found.fault(path, f"has no line for {video}, which has sentences; get the file anew")
    path = find(places, "a2d_missed_videos.txt")
    missed = set(path.read_text("utf-8", "replace").split()) if path else set()
    for video in listed:
        if video not in sentences:
            found.trap("missed video" if video in missed else "video without sentences", video)
