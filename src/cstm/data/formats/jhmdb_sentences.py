"""J-HMDB Sentences (Gavrilyuk et al., CVPR 2018), which is for testing only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from cstm.config import ClipConfig
from cstm.data.formats.files import SENTENCES_PAGE, require
from cstm.data.formats.jhmdb_files import (
    JHMDB_PAGE,
    MASKS_NAME,
    PinnedFrame,
    count_masks,
    find_videos,
    jhmdb_places,
    read_masks,
    read_pinned,
    read_queries,
    uniform_frames,
)
from cstm.data.frames.extracted import find_pictures, read_extracted_clip
from cstm.data.newest import Newest
from cstm.data.sample import Pair, Sample

Frames = Literal["uniform"] | Path
"""Which frames of J-HMDB are evaluated: ``uniform``, or a file that lists them."""


class JHMDBSentences:
    """Pairs of an evaluated frame and a sentence about its video, as a map-style dataset.

    Three frames of each video are evaluated, 2784 in all: those that
    :func:`~cstm.data.formats.jhmdb_files.uniform_frames` computes, or those that the community drew
    once and pinned in a file (:func:`~cstm.data.formats.jhmdb_files.read_pinned`). A video's
    annotated frames end with its last mask, which may be before its last frame. An empty mask stays
    in: the published number of samples counts it. Building one reads the header of every video's
    masks (milliseconds) and no picture.

    J-HMDB has one actor a video, number 1 here, and actions that are not A2D's: none is told.

    Raises a ValueError where a file is missing or not what its name says: on building, or for
    pictures and masks that do not decode, when the item is asked for.
    """

    def __init__(
        self, root: str | Path, clip: ClipConfig | None = None, frames: Frames = "uniform"
    ) -> None:
        self.root = Path(root)
        self.clip = clip or ClipConfig()
        places = jhmdb_places(self.root)
        queries = read_queries(require(places, SENTENCES_PAGE, "jhmdb_annotation.txt"))
        self._pictures = find_videos(require(places, JHMDB_PAGE, "Rename_Images"))
        self._masks = find_videos(require(places, JHMDB_PAGE, "puppet_mask"))
        self._masks_of = Newest[str, Bool[ndarray, "time height width"]]()
        annotated = {video: self._count_annotated(video) for video in queries}
        if frames == "uniform":
            chosen = [
                PinnedFrame(video, frame, sentence)
                for video, sentences in queries.items()
                for frame in uniform_frames(annotated[video])
                for sentence in sentences
            ]
        else:
            chosen = read_pinned(frames)
            _check_pinned(chosen, queries, annotated, frames)
        if not chosen:
            raise ValueError(f"{self.root}: holds no sentence; is it the right folder?")
        self.pairs: list[Pair] = [
            Pair(video, frame, instance=1, sentence=sentence) for video, frame, sentence in chosen
        ]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        pair = self.pairs[index]
        folder = self._pictures[pair.video]
        frames = read_extracted_clip(folder, pair.frame, self.clip)
        marked = self._masks[pair.video] / MASKS_NAME
        mask = self._masks_of.get(pair.video, lambda: read_masks(marked))[pair.frame]
        if frames.shape[1:3] != mask.shape:
            raise ValueError(
                f"{folder}: its frames are {frames.shape[2]}×{frames.shape[1]} pixels, its masks "
                f"{mask.shape[1]}×{mask.shape[0]}; get both anew from {JHMDB_PAGE}"
            )
        unknown = np.zeros_like(mask, np.uint8)
        return Sample(
            frames=frames,
            mask=mask,
            action=unknown,
            direction=unknown,
            category=unknown,
        )

    def _count_annotated(self, video: str) -> int:
        for name, folders in (("Rename_Images", self._pictures), ("puppet_mask", self._masks)):
            if video not in folders:
                raise ValueError(
                    f"{self.root}: {name}/*/{video} is missing; get {name} from {JHMDB_PAGE}"
                )
        pictures = find_pictures(self._pictures[video])
        annotated = min(max(pictures, default=-1) + 1, count_masks(self._masks[video] / MASKS_NAME))
        if not annotated:
            raise ValueError(f"{self._pictures[video]}: has no frame with a mask")
        return annotated


def _check_pinned(
    chosen: list[PinnedFrame],
    queries: Mapping[str, list[str]],
    annotated: Mapping[str, int],
    path: Path,
) -> None:
    for number, (video, frame, sentence) in enumerate(chosen, start=1):
        if sentence not in queries.get(video, ()):
            raise ValueError(
                f"{path}: row {number} is about {video}, {sentence!r}, which jhmdb_annotation.txt "
                "does not have; is it of another version?"
            )
        if frame >= annotated[video]:
            raise ValueError(
                f"{path}: row {number} is about frame {frame + 1} of {video}, which has only "
                f"{annotated[video]} frames with masks; get Rename_Images and puppet_mask anew"
            )
