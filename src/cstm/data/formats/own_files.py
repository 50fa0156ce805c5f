"""The files of a folder with videos of one's own, each read into plain values.

::

    ROOT/train.json, ROOT/test.json    one of them, or both
        {"videos": [{"id", "file_name"}, …],
         "annotations": [{"id", "video_id", "frame", "segmentation", "sentences",
                          "category", "action", "direction"}, …]}
    ROOT/videos/FILE_NAME              anything that FFmpeg reads, or a folder of frames

An annotation is one actor in one frame, counted from 0. Its segmentation is COCO's: run lengths,
compressed or not, or polygons, of the frame's size as it is displayed; null where its sentences are
about nobody. The last four keys may be left out: without sentences it only marks an actor. Further
keys, such as COCO's bbox, are not read.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from cstm.config import Split
from cstm.data.formats.fields import is_id
from cstm.data.formats.files import Report, as_objects, read_json, refuse, reporting
from cstm.data.formats.own_entries import ANNOTATION, VIDEO, inspect
from cstm.data.frames.frame_count import count_frames
from cstm.data.frames.masks import RunLength, mask_area, read_segmentation
from cstm.data.frames.video import open_video


class Annotation(NamedTuple):
    """An actor in a frame, or sentences about nobody in it."""

    number: int
    """Its id in the file."""
    frame: int
    """Counted from 0."""
    segmentation: object
    """None where the sentences are about nobody."""
    sentences: tuple[str, ...]
    category: str | None
    action: str | None
    """Of A2D's."""
    direction: str | None


class OwnVideo(NamedTuple):
    """A video and what is annotated in it."""

    file: Path
    """Of its annotations."""
    path: Path
    name: str
    annotations: tuple[Annotation, ...]
    """In the order of their frames."""

    def read_masks(self, report: Report = refuse) -> dict[int, RunLength | None]:
        """Masks of its annotations by their ids; None where one is about nobody.

        The first frame is decoded, which tells the size, and packets are counted.

        Args:
            report: what becomes of a fault: a video that can't be read, a frame beyond its end, a
                mask that is broken, empty or of another size. There is no mask then.
        """
        seen = None
        with reporting(report, self.path):
            video = open_video(self.path)
            length = count_frames(self.path, self.annotations[-1].frame + 1)
            seen = video.height, video.width, length
        masks: dict[int, RunLength | None] = {}
        for annotation in self.annotations if seen else ():
            try:
                masks[annotation.number] = _read_mask(annotation, self.name, *seen)
            except ValueError as error:
                report(self.file, f"annotation {annotation.number}: {error}")
        return masks


def _read_mask(
    annotation: Annotation, name: str, height: int, width: int, length: int
) -> RunLength | None:
    if annotation.frame >= length:
        raise ValueError(
            f"its frame is {annotation.frame}, but {name} has {length} frames, counted from 0"
        )
    if annotation.segmentation is None:
        return None
    try:
        mask = read_segmentation(annotation.segmentation, height, width)
    except ValueError as error:
        raise ValueError(
            f"{error}; draw it anew on frame {annotation.frame} of {name}, as it is displayed"
        ) from None
    if not mask_area(mask):
        raise ValueError(
            "its mask is empty; draw it anew, or write null if its sentences are about nobody"
        )
    return mask


def own_file(root: Path, split: Split) -> Path:
    """Path of the annotations of a split, which may be absent."""
    return root / f"{split}.json"


def read_own(root: Path, split: Split, report: Report = refuse) -> list[OwnVideo]:
    """Read train.json or test.json: the videos in which something is annotated.

    Args:
        root: folder of the dataset.
        split: which of the two.
        report: what becomes of a fault; what is at fault is left out.
    """
    file = own_file(root, split)
    listed, entries = _read_lists(file, report)
    names: dict[int | str, str] = {}
    for place, video, faults in inspect("video", listed, VIDEO):
        if not faults and video["file_name"] in names.values():
            faults.append("its file_name is that of another video, too; list each file once")
        for fault in faults:
            report(file, f"{place}: {fault}")
        if not faults:
            names[video["id"]] = video["file_name"]
    ids = {video["id"] for video in listed if is_id(video.get("id"))}
    annotations: defaultdict[int | str, list[Annotation]] = defaultdict(list)
    for place, entry, faults in inspect("annotation", entries, ANNOTATION):
        video = entry.get("video_id")
        if is_id(video) and video not in ids:
            faults.append(f"its video_id {video!r} is the id of none of the videos")
        if entry.get("segmentation", ()) is None and not entry.get("sentences"):
            faults.append("marks nobody, and has no sentence; give it one, or take it out")
        for fault in faults:
            report(file, f"{place}: {fault}")
        if not faults:
            annotations[entry["video_id"]].append(_annotation(entry))
    if entries and not any(entry.get("sentences") for entry in entries):
        report(file, "no annotation has sentences; at least one should")
    return [
        OwnVideo(file, root / "videos" / name, name, tuple(sorted(annotations[video], key=_frame)))
        for video, name in names.items()
        if video in annotations
    ]


def _read_lists(file: Path, report: Report) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Videos and annotations as the file has them; none of either where one is at fault."""
    lists = []
    with reporting(report, file):
        document = _read_document(file)
        for key in ("videos", "annotations"):
            with reporting(report, file):
                entries = as_objects(file, document.get(key), key)
                if not entries:
                    raise ValueError(f"{key} is an empty list; there should be at least one")
                lists.append(entries)
    videos, annotations = lists if len(lists) == 2 else ([], [])
    return videos, annotations


def _read_document(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise ValueError(
            "no such file; write it, with videos and annotations, or give the folder that holds it"
        )
    document = read_json(file)
    if not isinstance(document, dict):
        raise ValueError("should be an object with videos and annotations, and is none")
    if "videos" not in document and "images" in document:
        raise ValueError(
            "has images and no videos: it is an instance file of COCO; clips are made of its "
            "pictures with --data composed, while own needs videos"
        )
    if "videos" not in document and "queries" in document:
        raise ValueError(
            "is what `cstm segment` writes; its masks become annotations as docs/own-data.md shows"
        )
    return document


def _annotation(entry: dict[str, Any]) -> Annotation:
    return Annotation(
        entry["id"],
        entry["frame"],
        entry["segmentation"],
        tuple(entry.get("sentences") or ()),
        entry.get("category"),
        entry.get("action"),
        entry.get("direction"),
    )


def _frame(annotation: Annotation) -> int:
    return annotation.frame
