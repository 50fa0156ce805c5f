"""How much a sentence about a composed clip tells by its words alone of whether anybody is meant.

    python benchmarks/words_alone.py PHOTOGRAPHS

A logistic regression on words and pairs of words learns half of the clips and tells sentences about
somebody from those about nobody on the other half, and the other way round. Printed is the area
under the ROC curve in percent, kind by kind: 50 where words tell nothing. What words tell, a
network need not look for.
"""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import tyro
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.stats import mannwhitneyu
from torch import Tensor
from torch.nn import functional

from cstm.data.composed import ComposedClips
from cstm.data.language.words import tokenize

_RARE = 8
"""Sentences in which a word or pair has to be, or it is left out."""
_WEIGHT_DECAY = 1e-3


def main(root: tyro.conf.Positional[Path], clips: tuple[int, int] = (0, 2500)) -> None:
    """Measure it.

    Args:
        root: Folder of photographs, and maybe cut-outs.
        clips: Numbers of the first training clip and the one after the last.
    """
    pairs = ComposedClips(root, "train", clips=range(*clips)).pairs
    said = [terms(pair.sentence) for pair in pairs]
    kinds = sorted({str(pair.kind) for pair in pairs if not pair.instance})
    for kind in ("about nobody", *kinds):
        chosen = [n for n, p in enumerate(pairs) if p.instance or kind in ("about nobody", p.kind)]
        inputs = one_hot([said[n] for n in chosen])
        is_absent = np.array([not pairs[n].instance for n in chosen])
        is_odd = np.array([int(pairs[n].video.removeprefix("train")) % 2 == 1 for n in chosen])
        scores = np.zeros(len(chosen))
        for part in (is_odd, ~is_odd):
            scores[part] = fit(inputs[~part], is_absent[~part], inputs[part])
        area = 100 * area_under_curve(scores, is_absent)
        print(f"{kind}: {area:.1f} ({is_absent.sum()} sentences)")


def terms(sentence: str) -> set[str]:
    """Words, and pairs of words."""
    words = ["<", *tokenize(sentence), ">"]
    return {*words, *(f"{one} {other}" for one, other in pairwise(words))}


def one_hot(said: list[set[str]]) -> Float[Tensor, "sentence term"]:
    """Which terms are in which sentence."""
    counts = Counter(term for some in said for term in some)
    number = {term: n for n, term in enumerate(t for t, count in counts.items() if count >= _RARE)}
    inputs = torch.zeros(len(said), len(number))
    for row, some in zip(inputs, said, strict=True):
        row[[number[term] for term in some if term in number]] = 1
    return inputs


def fit(
    seen: Float[Tensor, "sentence term"],
    is_absent: Bool[ndarray, " sentence"],
    asked: Float[Tensor, "other term"],
) -> Float[ndarray, " other"]:
    """Logits of other sentences being about nobody."""
    weights = torch.zeros(seen.shape[1] + 1, requires_grad=True)
    target = torch.from_numpy(is_absent).float()
    steps = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        steps.zero_grad()
        logits = seen @ weights[:-1] + weights[-1]
        total = functional.binary_cross_entropy_with_logits(logits, target)
        total = total + _WEIGHT_DECAY * weights[:-1].square().sum()
        total.backward()
        return total

    steps.step(loss)  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        return (asked @ weights[:-1] + weights[-1]).numpy()


def area_under_curve(scores: Float[ndarray, " n"], is_true: Bool[ndarray, " n"]) -> float:
    """Chance that a true one has the higher score, ties counted half."""
    true, false = scores[is_true], scores[~is_true]
    return float(mannwhitneyu(true, false).statistic / (len(true) * len(false)))


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except ValueError as error:
        raise SystemExit(str(error)) from None
