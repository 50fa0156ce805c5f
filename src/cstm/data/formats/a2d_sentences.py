"""A2D Sentences (Gavrilyuk et al., CVPR 2018), and whatever else is written in its format."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.config import ClipConfig, Split
from cstm.data.formats.a2d_files import (
    A2D_PAGE,
    VIDEO_FOLDERS,
    FrameAnnotation,
    Tags,
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
from cstm.data.formats.files import SENTENCES_PAGE, bytes_of, digest, find, require
from cstm.data.frames.extracted import read_extracted_clip
from cstm.data.frames.video import read_clip
from cstm.data.language.class_names import number_of
from cstm.data.newest import Newest
from cstm.data.sample import ACTIONS, ACTORS, DIRECTIONS, Pair, Sample


class A2DSentences:
    """Pairs of an annotated frame and a sentence about an actor in it, as a map-style dataset.

    Every annotated frame pairs with every sentence whose actor has a mask in it that is not empty:
    15,691 pairs of A2D Sentences for training, 3,794 for testing. Building one reads each
    annotation once (about a millisecond a frame) and no video; :attr:`pairs` then tells of
    every item what can be known without decoding it.

    Raises a ValueError where a file is missing or not what its name says: on building, or for
    videos that do not decode, when the item is asked for.
    """

    def __init__(self, root: str | Path, split: Split, clip: ClipConfig | None = None) -> None:
        self.root = Path(root)
        self.clip = clip or ClipConfig()
        places = a2d_places(self.root)
        listed = read_videoset(require(places, A2D_PAGE, "videoset.csv"))
        sentences = read_sentences(require(places, SENTENCES_PAGE, "a2d_annotation.txt"))
        self._annotations = require(places, SENTENCES_PAGE, "a2d_annotation_with_instances")
        self._videos = require(places, A2D_PAGE, *VIDEO_FOLDERS)
        self._directions = read_directions(find(places, "instances.csv"))
        self._tags = read_tags(find(places, "sentence_tags.csv"))
        self._unseen = read_unseen(find(places, "unseen_combinations.csv"))
        self._clips = Newest[tuple[str, int], UInt8[ndarray, "time height width 3"]]()
        self.pairs: list[Pair] = []
        for video, lines in sentences.items():
            if video not in listed:
                raise ValueError(f"{self.root}: {video} has a sentence but no line in videoset.csv")
            if listed[video].split == split:
                self.pairs += self._pairs_of(video, lines)
        if not self.pairs:
            raise ValueError(f"{self.root}: holds no sentence for {split}; is it the right folder?")

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        pair = self.pairs[index]
        annotation = read_frame_annotation(self._annotation_of(pair))
        position = annotation.position(pair.instance)
        assert position is not None, "a pair has a mask"
        mask = annotation.masks[position]
        action, direction, category = (np.zeros_like(mask, np.uint8) for _ in range(3))
        for instance, label, region in zip(*annotation, strict=True):
            actor, action[region] = divmod(int(label), 10)
            category[region] = number_of(_named(actor, ACTORS))
            direction[region] = self._directions.get((pair.video, int(instance)), 0)
        other = None if pair.look_alike is None else annotation.position(pair.look_alike)
        frames = self._read_clip(pair.video, pair.frame)
        if frames.shape[1:3] != mask.shape:
            raise ValueError(
                f"{self._video_of(pair.video)}: its frames are {frames.shape[2]}×{frames.shape[1]} "
                f"pixels, its masks {mask.shape[1]}×{mask.shape[0]}; the annotation is for the "
                "clips of 320 pixels that A2D ships"
            )
        return Sample(
            frames=frames,
            mask=mask,
            action=action,
            direction=direction,
            category=category,
            look_alike=None if other is None else annotation.masks[other],
        )

    def _pairs_of(self, video: str, lines: list[tuple[int, str]]) -> list[Pair]:
        if not self._video_of(video).exists():
            raise ValueError(f"{self._video_of(video)}: video missing; get it from {A2D_PAGE}")
        folder = self._annotations / video
        files = annotation_files(folder)
        if not files:
            raise ValueError(f"{folder}: holds no h5 files; get them from {SENTENCES_PAGE}")
        pairs = []
        size = bytes_of(self._video_of(video))
        combination = None
        if self._unseen is not None:
            combination = "unseen" if video in self._unseen else "seen"
        for file in files:
            annotation = read_frame_annotation(file)
            content = self._content(video, size, annotation)
            for instance, sentence in lines:
                position = annotation.position(instance)
                if position is None:
                    continue
                actor, action = divmod(int(annotation.labels[position]), 10)
                direction = self._directions.get((video, instance), 0)
                told = self._tags.get((video, instance, sentence), Tags())
                pairs.append(
                    Pair(
                        video=video,
                        frame=int(file.stem) - 1,
                        instance=instance,
                        sentence=sentence,
                        actor=_named(actor, ACTORS),
                        action=_named(action, ACTIONS),
                        direction=_named(direction, DIRECTIONS),
                        tags=told.tags,
                        look_alike=told.look_alike,
                        combination=combination,
                        content=content,
                    )
                )
        return pairs

    def _content(self, video: str, size: int, annotation: FrameAnnotation) -> str:
        """Digest of a frame's annotation: a drawn world is drawn anew, and directions are added."""
        instances, labels, masks = annotation
        directions = [self._directions.get((video, number), 0) for number in instances.tolist()]
        marked = np.packbits(masks).tobytes().hex()
        told = (size, instances.tolist(), labels.tolist(), directions, masks.shape, marked)
        return digest(told)

    def _annotation_of(self, pair: Pair) -> Path:
        return self._annotations / pair.video / f"{pair.frame + 1:05d}.h5"

    def _video_of(self, video: str) -> Path:
        return video_path(self._videos, video)

    def _read_clip(self, video: str, frame: int) -> UInt8[ndarray, "time height width 3"]:
        path = self._video_of(video)
        read = read_extracted_clip if path.is_dir() else read_clip
        return self._clips.get((video, frame), lambda: read(path, frame, self.clip))


def _named(number: int, names: tuple[str, ...]) -> str | None:
    return names[number - 1] if 1 <= number <= len(names) else None
