"""Writes a small world of drawn clips to disk, in A2D Sentences' own format.

Beside the files of A2D (``Release/videoset.csv``, ``Release/clips320H/<video>.mp4``,
``a2d_annotation.txt``, ``a2d_missed_videos.txt`` (empty: every clip has sentences) and
``a2d_annotation_with_instances/<video>/<frame>.h5``) there are three of ours, each with a header:

``sentence_tags.csv``: ``video_id,instance_id,query,tags,look_alike_instance``
    One row for each row of ``a2d_annotation.txt``, in its order. ``tags``: the fewest
    kinds of clues that tell the actor apart, of ``appearance``, ``action`` (direction included) and
    ``place``, joined by ``+``; where several choices suffice (a redundant sentence), all of these
    kinds. ``look_alike_instance``: the actor that differs from the one meant in action or
    direction alone, where the sentence tells the two apart by that; else empty.
``instances.csv``: ``video_id,instance_id,actor,action,direction,colours,size,facing,kind,pose``
    One row for each actor. ``direction``: ``left``, ``right``, ``up``, ``down`` or ``in place``,
    measured against the scene, not the picture. ``colours``: one or two, joined by ``+``.
    ``size``: ``small``, ``medium`` or ``big``. ``facing``: ``left`` or ``right``. ``kind``:
    ``man`` or ``woman`` for an adult, else as ``actor``.
``unseen_combinations.csv``: ``video_id,combination``
    Test videos with a combination that never occurs in training, such as ``cat running`` or
    ``purple ball``; one row for each.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import h5py
import numpy as np

from cstm.bounds import at_least
from cstm.config import SPLITS
from cstm.data.read_ahead import read_ahead
from cstm.data.sample import ACTIONS, ACTORS
from cstm.data.synthetic.clip import MIN_PIXELS, Clip, render_clip
from cstm.folder import whole_folder
from cstm.progress import track

UNSEEN_SHARE = 0.15
"""Share of test clips with a combination held out of training."""
FRAME_RATE = 24

TAG_HEADER = ("video_id", "instance_id", "query", "tags", "look_alike_instance")
INSTANCE_HEADER = (
    "video_id", "instance_id", "actor", "action", "direction", "colours", "size", "facing", "kind",
    "pose",
)  # fmt: skip

Row = tuple[str | int, ...]


@dataclass(frozen=True)
class Rows:
    """What one clip adds to the text files."""

    videoset: Row
    sentences: list[Row]
    instances: list[Row]
    unseen: list[Row]


def synthesize(
    root: Path,
    clips: int,
    test_clips: int,
    seed: int = 0,
    size: tuple[int, int] = (320, 240),
    frames: int = 32,
    workers: int | None = None,
) -> None:
    """Write training and test clips of (width, height) ``size`` to the folder ``root``.

    A clip depends on the seed, its split and its number alone, so the files are the same for any
    number of ``workers`` (processes; by default one for each processor), and no test clip equals a
    training clip of the same seed. All is written beside ``root`` and renamed at the end. Raises a
    ValueError where ``root`` exists and is not empty, can't be written, or a number is too small.
    """
    _check(clips, test_clips, seed, size, frames, workers)
    with whole_folder(root) as folder:
        (folder / "Release" / "clips320H").mkdir(parents=True)
        write = partial(_write_clip, folder, clips, seed, size, frames)
        rows: list[Rows] = []
        written = read_ahead(write, clips + test_clips, workers)
        track(_collect(written, rows), clips + test_clips, "drawing clips")
        _write_texts(folder, rows)


def _check(
    clips: int, test_clips: int, seed: int, size: tuple[int, int], frames: int, workers: int | None
) -> None:
    at_least(0, seed=seed)
    if clips < 0 or test_clips < 0 or clips + test_clips == 0:
        raise ValueError(f"expected at least one clip, got {clips} and {test_clips} test clips")
    if min(size) < 64 or size[0] % 2 or size[1] % 2:
        raise ValueError(f"expected an even width and height of at least 64, got {size}")
    at_least(8, frames=frames)
    at_least(1, workers=workers)


def _collect(source: Iterator[Rows], rows: list[Rows]) -> Iterator[int]:
    """Put rows into a list as they come, and count them."""
    for row in source:
        rows.append(row)
        yield len(rows)


def _write_clip(
    folder: Path, train: int, seed: int, size: tuple[int, int], frames: int, position: int
) -> Rows:
    """Render a clip, write its video and masks, and return its rows; the first are for training."""
    subset = int(position >= train)  # A2D's numbers: 0 is train, 1 is test
    split, number = SPLITS[subset], position - subset * train
    # A separate stream decides on this, so that a clip's own numbers start afresh.
    unseen = split == "test" and np.random.default_rng([seed, 2, number]).random() < UNSEEN_SHARE
    clip = render_clip([seed, subset, number], size, frames, unseen)
    video = f"{split}{number:05d}"
    _write_video(folder / "Release" / "clips320H" / f"{video}.mp4", clip)
    _write_masks(folder / "a2d_annotation_with_instances" / video, clip)
    duration = f"0:00:{-(-frames // FRAME_RATE):02d}"
    label = _label(clip, 0)
    return Rows(
        (video, label, "0:00:00", duration, size[1], size[0], frames, len(clip.scene.annotated),
         subset),
        [
            (video, s.actor, s.text, "+".join(s.tags), "" if s.look_alike is None else s.look_alike)
            for s in clip.sentences
        ],
        [
            (video, n, a.look.actor, a.motion.action, a.motion.direction, "+".join(a.look.colours),
             a.look.size, "right" if a.motion.facing > 0 else "left", a.look.kind, a.motion.pose)
            for n, a in enumerate(clip.actors)
        ],
        [(video, combination) for combination in clip.scene.unseen],
    )  # fmt: skip


def _label(clip: Clip, index: int) -> int:
    """A2D's number of an actor and its action."""
    actor = clip.actors[index]
    return 10 * (ACTORS.index(actor.look.actor) + 1) + ACTIONS.index(actor.motion.action) + 1


def _write_video(path: Path, clip: Clip) -> None:
    _, height, width, _ = clip.frames.shape
    # Every frame is coded on its own: what moves would otherwise be coded more coarsely than what
    # does not, and tell of motion in a single frame. One thread: the same bytes everywhere.
    options = {"crf": "18", "preset": "ultrafast", "g": "1", "threads": "1"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(FRAME_RATE), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in clip.frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode(None))


def _write_masks(folder: Path, clip: Clip) -> None:
    folder.mkdir(parents=True)
    for index in clip.scene.annotated:
        numbers = [
            n for n in range(len(clip.actors))
            if np.count_nonzero(clip.instances[index] == n + 1) >= MIN_PIXELS
        ]  # fmt: skip
        if not numbers:
            continue
        masks = np.stack([clip.instances[index] == n + 1 for n in numbers]).astype(np.uint8)
        boxes = [
            (xs.min(), ys.min(), xs.max(), ys.max())
            for ys, xs in (np.nonzero(mask) for mask in masks)
        ]
        turned = masks.transpose(0, 2, 1)
        with h5py.File(folder / f"{index + 1:05d}.h5", "w") as file:
            file["instance"] = np.array(numbers, np.int32)
            # A2D's files drop the first axis where there is one mask only.
            file["reMask"] = turned[0] if len(numbers) == 1 else turned
            file["reBBox"] = np.array(boxes, np.float64).T
            file["id"] = np.array([_label(clip, n) for n in numbers], np.int32)


def _write_texts(folder: Path, rows: list[Rows]) -> None:
    sentences = [row for r in rows for row in r.sentences]
    _write_csv(folder / "Release" / "videoset.csv", None, [r.videoset for r in rows])
    _write_csv(folder / "a2d_annotation.txt", TAG_HEADER[:3], [row[:3] for row in sentences])
    (folder / "a2d_missed_videos.txt").touch()
    _write_csv(folder / "sentence_tags.csv", TAG_HEADER, sentences)
    instances = [row for r in rows for row in r.instances]
    _write_csv(folder / "instances.csv", INSTANCE_HEADER, instances)
    unseen = [row for r in rows for row in r.unseen]
    _write_csv(folder / "unseen_combinations.csv", ("video_id", "combination"), unseen)


def _write_csv(path: Path, header: tuple[str, ...] | None, rows: list[Row]) -> None:
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if header:
            writer.writerow(header)
        writer.writerows(rows)
