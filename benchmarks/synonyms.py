"""What a network makes of words that it was not trained with, and of what they are read as.

    python benchmarks/synonyms.py lite PHOTOGRAPHS

Held-out composed clips are asked about in the words of their sentences; with one word of each
replaced by a synonym (:mod:`cstm.data.language.synonyms`); with an adjective before the noun that a
network does best to pass over; with a place before its noun, "the left dog"; and with a walk
towards the camera for coming closer. Each twice: word for word, and as it is read.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import tyro
from numpy.random import Generator

from cstm.bounds import at_least
from cstm.data.composed import ComposedClips
from cstm.data.draws import pick
from cstm.data.language.nouns import noun_of
from cstm.data.language.synonyms import SYNONYMS
from cstm.data.language.words import Vocabulary
from cstm.data.sample import Pair, Sample
from cstm.evaluation.evaluate import evaluate, spread
from cstm.evaluation.metrics import RatioProtocol
from cstm.inference.load import find_weights
from cstm.processes import pick_precision
from cstm.progress import track
from cstm.training.checkpoint import load_checkpoint


class Reworded:
    """Clips with other sentences about some of their actors, which are the samples."""

    def __init__(self, clips: ComposedClips, sentences: Mapping[int, str]) -> None:
        self.root = clips.root
        self.clips = clips
        self.numbers = list(sentences)
        self.pairs = [replace(clips.pairs[n], sentence=said) for n, said in sentences.items()]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        return self.clips[self.numbers[index]]


def with_synonym(rng: Generator, pair: Pair, synonyms: Mapping[str, Sequence[str]]) -> str | None:
    """The sentence with one of its words replaced; None where none has a synonym."""
    words = [word for word in pair.sentence.split() if word in synonyms]
    if not words:
        return None
    word = pick(rng, words)
    return re.sub(rf"\b{word}\b", pick(rng, synonyms[word]), pair.sentence, count=1)


def with_adjective(rng: Generator, pair: Pair, adjectives: Sequence[str]) -> str | None:
    """The sentence with an adjective before the actor's noun; None where it has another name."""
    for noun in noun_of(pair.actor or "").words if adjectives else ():
        if re.search(rf"\b{noun}\b", pair.sentence):
            worded = f"{pick(rng, adjectives)} {noun}"
            return re.sub(rf"\b{noun}\b", worded, pair.sentence, count=1)
    return None


def with_place_first(pair: Pair) -> str | None:
    """The sentence with its side before its noun; None where it doesn't begin with both."""
    nouns = "|".join(noun_of(pair.actor or "").words)
    pattern = (
        rf"^(the |an? |)((?:\w+ )??(?:{nouns}))(?: is| that is|) on the (left|right)(?: side|)"
    )
    said, count = re.subn(pattern, r"\1\3 \2", pair.sentence, count=1)
    return said if count else None


def with_camera(pair: Pair) -> str | None:
    """The sentence with a walk towards the camera; None where nobody comes closer."""
    pattern = r"\b((coming|getting|moving) closer|approaching|getting bigger)\b"
    said, count = re.subn(pattern, "walking towards the camera", pair.sentence, count=1)
    return said if count else None


def main(
    weights: tyro.conf.Positional[str],
    root: tyro.conf.Positional[Path],
    samples: int = 400,
    words: tuple[str, ...] = (),
    seed: int = 0,
) -> None:
    """Print mean IoU and the share of actors that get no mask, in percent, for each way to ask.

    Args:
        weights: name or path.
        root: folder of photographs.
        samples: how many actors to ask about, spread evenly.
        words: of the synonyms and adjectives only these; all, and places, if none is given.
        seed: of the words that are drawn.
    """
    at_least(1, samples=samples)
    if strange := set(words) - SYNONYMS.keys():
        raise ValueError(f"read as nothing else: {', '.join(sorted(strange))}")
    checkpoint = load_checkpoint(find_weights(weights))
    clip, vocabulary = checkpoint.experiment.clip, checkpoint.vocabulary
    precision = pick_precision("auto", torch.device("cpu"))
    plain = replace(vocabulary, synonyms={})
    clips = ComposedClips(root, "test", clip)
    present = [number for number, pair in enumerate(clips.pairs) if pair.actor]
    synonyms: dict[str, list[str]] = defaultdict(list)
    for word, meant in SYNONYMS.items():
        if not words or word in words:
            synonyms[meant].append(word)
    rng = np.random.default_rng(seed)
    ways = ("synonym", "adjective", "place first", "camera")
    asked: dict[str, dict[int, str]] = {way: {} for way in ways}
    for number in spread(len(present), samples):
        pair = clips.pairs[present[number]]
        said = {
            "synonym": with_synonym(rng, pair, synonyms),
            "adjective": with_adjective(rng, pair, synonyms[""]),
            "place first": None if words else with_place_first(pair),
            "camera": None if words else with_camera(pair),
        }
        for way, sentence in said.items():
            if sentence:
                asked[way][present[number]] = sentence

    def ask(sentences: Mapping[int, str], reading: Vocabulary, told: str) -> None:
        metric = RatioProtocol()
        steps = evaluate(checkpoint.network, reading, Reworded(clips, sentences), clip, metric)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
            track(steps, len(sentences), told)
        result = metric.compute()
        print(
            f"{told:28} {len(sentences)} samples  mean IoU {100 * result['mean_iou']:.1f}  "
            f"no mask {100 * result['empty_masks']:.1f}"
        )

    for way, sentences in asked.items():
        if sentences:
            ask({n: clips.pairs[n].sentence for n in sentences}, vocabulary, f"without {way}")
            ask(sentences, plain, f"{way}, word for word")
            ask(sentences, vocabulary, f"{way}, as it is read")


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except ValueError as error:
        raise SystemExit(str(error)) from None
