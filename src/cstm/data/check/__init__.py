"""Whether a dataset's files are all there, open, and are as many as were published."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

from cstm.bounds import at_least
from cstm.config import DataFormat
from cstm.data.check.a2d import survey_a2d
from cstm.data.check.findings import Counts, Findings
from cstm.data.check.jhmdb import survey_jhmdb
from cstm.data.check.own import survey_own
from cstm.data.read_ahead import read_ahead
from cstm.progress import track


@runtime_checkable
class Checkable(Protocol):
    """A video whose files are to be checked, by whatever process."""

    def check(self) -> Findings:
        """Look at its files."""
        ...


SURVEYS: dict[DataFormat, Callable[[Path, Findings], Sequence[Checkable]]] = {
    "a2d": survey_a2d,
    "synthetic": survey_a2d,
    "jhmdb": survey_jhmdb,
    "own": survey_own,
}
"""Reads the text files of a dataset, and lists the videos that the others belong to."""

PUBLISHED: dict[DataFormat, Counts] = {
    "a2d": {
        "videos": {"train": 3017, "test": 737},
        "sentences": {"train": 5359, "test": 1295},
        "frames": {"train": 9477, "test": 2337},
        "pairs": {"train": 15691, "test": 3794},
    },
    "jhmdb": {
        "videos": {"train": 0, "test": 928},
        "sentences": {"train": 0, "test": 928},
        "frames": {"train": 0, "test": 2784},
        "pairs": {"train": 0, "test": 2784},
    },
    "synthetic": {},
    "own": {},
}
"""Counts of the whole datasets, after what the readers drop."""


def check(data: DataFormat, root: Path, workers: int | None = None) -> Findings:
    """Look at every file that belongs to a sentence, and collect all that is wrong.

    Every annotation is read, and every extracted frame; a video file is decoded up to its last
    annotated frame.

    Args:
        data: format of the dataset.
        root: its folder.
        workers: processes; by default one for each processor.

    Raises:
        ValueError: there is no such folder, or no worker.
    """
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder; give the one that holds the dataset's files")
    at_least(1, workers=workers)
    found = Findings(root)
    videos = SURVEYS[data](root, found)
    checked = read_ahead(partial(_check_video, videos), len(videos), workers)
    track(_gather(checked, found), len(videos), "checking videos")
    differing = [
        what
        for what, numbers in PUBLISHED[data].items()
        if any(found.counts[what][split] != number for split, number in numbers.items())
    ]
    if differing:
        found.notes.append(f"the counts are not the published ones: {', '.join(differing)}")
    elif PUBLISHED[data]:
        found.notes.append("the counts are the published ones")
    return found


def _gather(parts: Iterator[Findings], found: Findings) -> Iterator[int]:
    """Take up findings as they come, and count them."""
    for number, part in enumerate(parts, start=1):
        found.add(part)
        yield number


def _check_video(videos: Sequence[Checkable], number: int) -> Findings:
    return videos[number].check()
