"""Whether a network tells better that nobody is meant if it is asked more than once.

    python benchmarks/presence.py lite PHOTOGRAPHS

Held-out composed clips are asked about as they are; with the noun of the sentence alone; mirrored;
and at other sizes. Printed is how many of the sentences about nobody are rejected, kind by kind,
where 3 and 5% of those about somebody are lost.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
import tyro
from jaxtyping import Float, UInt8
from numpy import ndarray

from cstm.bounds import at_least
from cstm.config import ClipConfig
from cstm.data.composed import ComposedClips
from cstm.data.feeding.rows import mirror_sentence
from cstm.data.frames.clip_input import clip_input
from cstm.data.frames.transforms import unit_range
from cstm.data.language.wording import noun_in
from cstm.inference.load import find_weights
from cstm.processes import pick_precision
from cstm.progress import track
from cstm.training.calibrate import raw
from cstm.training.checkpoint import Checkpoint, load_checkpoint

_SMALLER, _LARGER = 320, 448
_LOST = (0.03, 0.05)
_KINDS = {
    "nobody": ("lacks the class", "lacks the colour", "lacks the motion"),
    "another action": ("lacks the action",),
    "class alone": ("lacks the class alone",),
    "motion alone": ("lacks the motion alone",),
}

Logits = Float[ndarray, " sentence"]


def ask(
    checkpoint: Checkpoint,
    frames: UInt8[ndarray, "time height width 3"],
    sentences: Sequence[str],
    clip: ClipConfig,
) -> list[float]:
    """Logits of somebody being there whom the sentences mean."""
    seen = unit_range(torch.from_numpy(clip_input(frames, clip).pixels))[None]
    words = torch.tensor([checkpoint.vocabulary.encode(sentence) for sentence in sentences])
    presence = checkpoint.network.predict(seen, words).presence
    assert presence is not None
    return presence.float().tolist()


def ask_each_way(
    checkpoint: Checkpoint, clips: ComposedClips, indices: Sequence[int]
) -> dict[str, list[float]]:
    """The logits of all sentences about one clip, for each way to ask."""
    clip = checkpoint.experiment.clip
    frames = clips[indices[0]].frames
    said = [clips.pairs[index].sentence for index in indices]
    nouns = [f"the {noun}" if (noun := noun_in(sentence)) else sentence for sentence in said]
    asked = ask(checkpoint, frames, [*said, *nouns], clip)
    mirrored = np.ascontiguousarray(frames[:, :, ::-1])
    smaller, larger = (checkpoint.experiment.seeing(size).clip for size in (_SMALLER, _LARGER))
    return {
        "as it is": asked[: len(said)],
        "noun": asked[len(said) :],
        "mirrored": ask(checkpoint, mirrored, [mirror_sentence(s) for s in said], clip),
        "smaller": ask(checkpoint, frames, said, smaller),
        "larger": ask(checkpoint, frames, said, larger),
    }


def scores(logits: dict[str, Logits]) -> dict[str, Logits]:
    """What could be made of the answers."""
    plain = logits["as it is"]
    return {
        "as it is": plain,
        **{
            f"the lesser of it and its noun's + {more}": np.minimum(plain, logits["noun"] + more)
            for more in (1, 1.5, 2, 3)
        },
        **{
            f"mean of it and {way}": (plain + logits[way]) / 2
            for way in ("mirrored", "smaller", "larger")
        },
    }


def main(
    weights: tyro.conf.Positional[str], root: tyro.conf.Positional[Path], every: int = 4
) -> None:
    """Measure it.

    Args:
        weights: Name or path of a network that tells presence.
        root: Folder of photographs.
        every: Of the test clips one in so many is asked about.
    """
    at_least(1, every=every)
    checkpoint = raw(load_checkpoint(find_weights(weights)))
    clips = ComposedClips(root, "test", checkpoint.experiment.clip)
    of_clip = [list(run) for _, run in groupby(range(len(clips)), lambda n: clips.pairs[n].video)]
    chosen = of_clip[1::every]
    answers: dict[str, list[float]] = {}

    def steps() -> Iterator[int]:
        for done, indices in enumerate(chosen, start=1):
            for way, logits in ask_each_way(checkpoint, clips, indices).items():
                answers.setdefault(way, []).extend(logits)
            yield done

    precision = pick_precision("auto", torch.device("cpu"))
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"),
    ):
        track(steps(), len(chosen), "asking")
    pairs = [clips.pairs[index] for indices in chosen for index in indices]
    kinds = np.array([pair.kind for pair in pairs])
    is_present = np.array([pair.instance > 0 for pair in pairs])
    of_kind = {name: np.isin(kinds, some) for name, some in _KINDS.items()}
    counts = (f"{name} {some.sum()}" for name, some in of_kind.items())
    print(f"somebody {is_present.sum()}", *counts, sep="  ")
    for name, score in scores({way: np.array(some) for way, some in answers.items()}).items():
        for lost in _LOST:
            threshold = np.quantile(score[is_present], lost, method="lower")
            rejected = (
                f"{kind} {100 * (score[some] < threshold).mean():.1f}"
                for kind, some in of_kind.items()
            )
            print(f"{name:40} {100 * lost:.0f}% lost:", *rejected, sep="  ")


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except ValueError as error:
        raise SystemExit(str(error)) from None
