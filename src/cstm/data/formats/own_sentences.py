"""Videos of one's own with masks and sentences, as a dataset like the others."""

from collections import defaultdict
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig, Split
from cstm.data.formats.files import bytes_of, digest, tidy
from cstm.data.formats.own_files import Annotation, OwnVideo, read_own
from cstm.data.frames.masks import RunLength, decode_mask
from cstm.data.frames.video import read_clip
from cstm.data.language.class_names import number_of
from cstm.data.newest import Newest
from cstm.data.sample import ACTIONS, DIRECTIONS, Pair, Sample

Actors = list[tuple[Annotation, RunLength]]


class OwnSentences:
    """Pairs of an annotated frame of one's own video and a sentence about it.

    The files are described in :mod:`cstm.data.formats.own_files`. Every sentence of every
    annotation makes a pair; all actors that are marked in its frame lend their actions and
    directions to the sample. A sentence about nobody has an empty mask and instance 0. Building one
    reads all annotations and the first frame of every video, and counts its packets (some
    hundredths of a second).

    Args:
        root: folder with train.json or test.json, and videos.
        split: which of the two.
        clip: how many frames a sample holds, and how far apart.

    Raises:
        ValueError: a file is missing, or anything in it is at fault: the first fault is told, and
            `cstm check-data` tells all. When the item is asked for: its video is damaged.
    """

    def __init__(self, root: str | Path, split: Split, clip: ClipConfig | None = None) -> None:
        self.root = Path(root)
        self.clip = clip or ClipConfig()
        self._paths: dict[str, Path] = {}
        self._clips = Newest[tuple[str, int], UInt8[ndarray, "time height width 3"]]()
        self._actors: defaultdict[tuple[str, int], Actors] = defaultdict(list)
        self.pairs: list[Pair] = []
        for video in read_own(self.root, split):
            self._add(video)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        pair = self.pairs[index]
        path, frame = self._paths[pair.video], pair.frame
        frames = self._clips.get((pair.video, frame), lambda: read_clip(path, frame, self.clip))
        shape = frames.shape[1:3]
        mask = np.zeros(shape, bool)
        action, direction, category = (np.zeros(shape, np.uint8) for _ in range(3))
        for actor, encoded in self._actors[pair.video, pair.frame]:
            region = decode_mask(encoded)
            action[region] = _number(actor.action, ACTIONS)
            direction[region] = _number(actor.direction, DIRECTIONS)
            category[region] = number_of(actor.category)
            if actor.number == pair.instance:
                mask = region
        return Sample(
            frames=frames,
            mask=mask,
            action=action,
            direction=direction,
            category=category,
        )

    def _add(self, video: OwnVideo) -> None:
        masks = video.read_masks()
        size = bytes_of(video.path)
        self._paths[video.name] = video.path
        for annotation in video.annotations:
            if (mask := masks[annotation.number]) is not None:
                self._actors[video.name, annotation.frame].append((annotation, mask))
        for annotation in video.annotations:
            actors = self._actors.get((video.name, annotation.frame), [])
            present = masks[annotation.number] is not None
            self.pairs += [
                Pair(
                    video=video.name,
                    frame=annotation.frame,
                    instance=annotation.number if present else 0,
                    sentence=tidy(sentence),
                    actor=annotation.category if present else None,
                    action=annotation.action if present else None,
                    direction=annotation.direction if present else None,
                    content=_digest(actors, size),
                )
                for sentence in annotation.sentences
            ]


def _digest(actors: Actors, size: int) -> str:
    told = [
        (actor.number, mask, actor.category, actor.action, actor.direction)
        for actor, mask in actors
    ]
    return digest([size, told])


def _number(name: str | None, names: tuple[str, ...]) -> int:
    return 0 if name is None else names.index(name) + 1
