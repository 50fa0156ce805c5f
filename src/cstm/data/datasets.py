"""The datasets there are, by the name of their format."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import assert_never

from cstm.config import ClipConfig, DataFormat, Split
from cstm.data.composed import ComposedClips
from cstm.data.formats.a2d_files import a2d_places
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.formats.files import find
from cstm.data.formats.jhmdb_sentences import Frames, JHMDBSentences
from cstm.data.formats.own_files import own_file
from cstm.data.formats.own_sentences import OwnSentences
from cstm.data.sample import Samples


def open_dataset(
    data: DataFormat,
    root: Path,
    split: Split,
    clip: ClipConfig,
    frames: Frames = "uniform",
    clips: range | None = None,
    motions: Mapping[str, float] = MappingProxyType({}),
) -> Samples:
    """Open one split of a dataset.

    Args:
        data: ``a2d`` for A2D Sentences; ``synthetic`` for what `cstm synthesize` writes, which is
            the same format with side files; ``jhmdb`` for J-HMDB Sentences; ``composed`` for clips
            made of photographs with instance masks in COCO's format; ``own`` for anyone's videos
            with masks and sentences.
        root: folder of the dataset.
        split: its part; J-HMDB Sentences has a test part only.
        clip: how many frames a sample holds, and how far apart.
        frames: which frames of J-HMDB are evaluated: three of each video, uniformly spread, or
            those of a file such as ``jhmdb_sentences_samples_metadata.json``.
        clips: numbers of composed clips; the usual ones if None.
        motions: motions of composed clips to draw more often, and how many times as often.

    Raises:
        ValueError: a file is missing, or is not what its name says; or there is no such part.
    """
    if data != "jhmdb" and frames != "uniform":
        raise ValueError(f"{frames}: a list of frames is for jhmdb, not for {data}")
    match data:
        case "a2d":
            return A2DSentences(root, split, clip)
        case "synthetic":
            if find(a2d_places(root), "videoset.csv") is None:
                raise ValueError(
                    f"{root}: no drawn world there, which would hold videoset.csv; draw one with "
                    "`cstm synthesize FOLDER`, or give the folder of one"
                )
            return A2DSentences(root, split, clip)
        case "jhmdb":
            if split != "test":
                raise ValueError("jhmdb is for testing only; train on a2d and choose split test")
            return JHMDBSentences(root, clip, frames)
        case "composed":
            return ComposedClips(root, split, clip, clips, motions)
        case "own":
            return OwnSentences(root, split, clip)
        case _:
            assert_never(data)


def has_part(data: DataFormat, root: Path, split: Split) -> bool:
    """Whether a dataset is meant to have a split: videos of one's own may have one alone."""
    match data:
        case "own":
            return own_file(root, split).is_file()
        case "jhmdb":
            return split == "test"
        case "a2d" | "synthetic" | "composed":
            return True
        case _:
            assert_never(data)
