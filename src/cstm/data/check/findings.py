"""What a check of a dataset finds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from cstm.config import SPLITS, Split
from cstm.data.formats.files import find
from cstm.data.language.words import MAX_WORDS, tokenize

Count = Literal["videos", "sentences", "frames", "pairs"]
COUNTS: tuple[Count, ...] = get_args(Count)
"""Videos with sentences, sentences, annotated frames of these videos (of J-HMDB those evaluated),
and (frame, sentence) pairs."""

Counts = Mapping[Count, Mapping[Split, int]]

TRAPS = {
    "frame with a single mask": "it may lack its first axis; read like any other",
    "instance numbers that are no positions": "masks are found by number",
    "instance number twice": "the first mask is taken",
    "more masks than instance numbers": "a mask without a number belongs to no sentence",
    "empty mask": "in A2D no pair, in J-HMDB a sample like any other",
    "instance that is no number": "the line is dropped",
    "spaces around a sentence": "dropped",
    "double spaces in a sentence": "made single",
    "capitals in a sentence": "kept; words are compared in lower case",
    "sentence without a mask": "it has no pair",
    "more than 20 words in a sentence": "the first 20 are read",
    "sentence about several actors of a frame": "each makes a pair of its own",
    "missed video": "skipped: a2d_missed_videos.txt says that it has no sentences",
    "video without sentences": "skipped",
    "fewer annotated frames than listed": "those that are there are read",
    "damaged frames": "the one before stands in their place; get the video anew if it can be had",
    "fewer masks than frames": "frames after the last mask are never evaluated",
    "more masks than frames": "masks after the last frame are never evaluated",
}
"""What is odd in published files and no fault of a copy, and what the readers make of it."""

PLACES_TOLD = 100
"""Most places of a trap that JSON names; the count is of all."""


class Missing(NamedTuple):
    """A file that should be there."""

    file: str
    do: str


class Broken(NamedTuple):
    """A file that is there and can't be used."""

    file: str
    problem: str


@dataclass
class Findings:
    """What was found in a dataset's folder, or in the files of one of its videos."""

    root: Path
    counts: dict[Count, Counter[Split]] = field(
        default_factory=lambda: {count: Counter() for count in COUNTS}
    )
    missing: list[Missing] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    traps: dict[str, list[str]] = field(default_factory=dict)
    """Of each of the :data:`TRAPS` met, the places."""
    notes: list[str] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether all is there and opens."""
        return not self.missing and not self.broken

    def count(self, what: Count, split: Split | None, number: int = 1) -> None:
        """Count what belongs to a split; what belongs to none is not counted."""
        if split is not None:
            self.counts[what][split] += number

    def miss(self, path: Path, do: str) -> None:
        """Note a file that is not there, and how to get it."""
        self.missing.append(Missing(self._name(path), do))

    def find(
        self, places: Sequence[Path], page: str, *names: str, home: Path | None = None
    ) -> Path | None:
        """Find what goes by one of the names in one of the places; else note that it is missing.

        Args:
            places: folders to look in.
            page: where to get it.
            names: the first is the one that is missed.
            home: the place where it belongs; the first one if not given.
        """
        path = find(places, *names)
        if path is None:
            self.miss((home or places[0]) / names[0], f"get it from {page}")
        return path

    def fault(self, path: Path, problem: ValueError | str) -> None:
        """Note a file that can't be used, by a reader's complaint about it or in words."""
        self.broken.append(Broken(self._name(path), str(problem).removeprefix(f"{path}: ")))

    def trap(self, name: str, place: str) -> None:
        """Note where a trap is."""
        assert name in TRAPS, name
        self.traps.setdefault(name, []).append(place)

    def trap_words(self, place: str, sentence: str) -> None:
        """Note what is untidy in a sentence as its file has it."""
        if sentence != sentence.strip():
            self.trap("spaces around a sentence", place)
        if "  " in sentence:
            self.trap("double spaces in a sentence", place)
        if sentence != sentence.lower():
            self.trap("capitals in a sentence", place)
        if len(tokenize(sentence)) > MAX_WORDS:
            self.trap("more than 20 words in a sentence", place)

    def add(self, other: "Findings") -> None:
        """Take up what was found in another part of the dataset."""
        for what, counter in other.counts.items():
            self.counts[what].update(counter)
        self.missing += other.missing
        self.broken += other.broken
        self.notes += other.notes
        for name, places in other.traps.items():
            self.traps.setdefault(name, []).extend(places)

    def as_json(self, published: Counts) -> dict[str, Any]:
        """Plain values for JSON, the published counts beside those found."""
        return {
            "root": str(self.root),
            **{what: {s: self.counts[what][s] for s in SPLITS} for what in COUNTS},
            "published": {what: dict(numbers) for what, numbers in published.items()},
            "missing": [entry._asdict() for entry in self.missing],
            "broken": [entry._asdict() for entry in self.broken],
            "traps": [
                {
                    "trap": name,
                    "reader": reader,
                    "count": len(self.traps[name]),
                    "where": self.traps[name][:PLACES_TOLD],
                }
                for name, reader in TRAPS.items()
                if name in self.traps
            ],
            "notes": self.notes,
        }

    def _name(self, path: Path) -> str:
        inside = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if inside else str(path)
