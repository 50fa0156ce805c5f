"""Checks of the files of one's own videos."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cstm.config import SPLITS, Split
from cstm.data.check.findings import Findings
from cstm.data.formats.files import tidy
from cstm.data.formats.own_files import OwnVideo, own_file, read_own


@dataclass(frozen=True)
class OwnVideoFiles:
    """A video with annotations, whose file and masks are to be checked."""

    root: Path
    split: Split
    video: OwnVideo

    def check(self) -> Findings:
        """Decode its first frame, count its packets, and read every mask."""
        found = Findings(self.root)
        video = self.video
        if not video.path.exists():
            found.miss(video.path, f"put it there, or correct its file_name in {video.file.name}")
            return found
        masks = video.read_masks(found.fault)
        annotations = [one for one in video.annotations if one.number in masks]
        found.count("frames", self.split, len({one.frame for one in annotations}))
        found.count("pairs", self.split, sum(len(one.sentences) for one in annotations))
        meant = Counter(
            (one.frame, tidy(text).lower()) for one in annotations for text in one.sentences
        )
        for (frame, text), times in meant.items():
            if times > 1:
                place = f"{video.name}, frame {frame}: {text}"
                found.trap("sentence about several actors of a frame", place)
        return found


def survey_own(root: Path, found: Findings) -> list[OwnVideoFiles]:
    """Read the annotations of both splits, and list the videos that they are about."""
    jobs = []
    there: list[Split] = [split for split in SPLITS if own_file(root, split).exists()]
    if not there:
        do = "write it, with videos and annotations, or give the folder that holds it"
        found.miss(own_file(root, "train"), do)
    for split in there:
        for video in read_own(root, split, found.fault):
            texts = [tidy(text) for one in video.annotations for text in one.sentences]
            found.count("videos", split, bool(texts))
            found.count("sentences", split, len(set(texts)))
            for one in video.annotations:
                for text in one.sentences:
                    found.trap_words(f"{split}.json: annotation {one.number}", text)
            jobs.append(OwnVideoFiles(root, split, video))
    if there == ["train"]:
        found.notes.append(
            "no test.json: training validates on nothing, and evaluate needs --split train"
        )
    if there == ["test"]:
        found.notes.append("no train.json: there is nothing to train on")
    names = Counter(job.video.name for job in jobs)
    both = [name for name, times in names.items() if times > 1]
    if both:
        found.notes.append(
            f"in train.json and test.json: {', '.join(both)}; numbers for videos that training saw "
            "say little about others"
        )
    return jobs
