"""Average the weights of two runs, of which one went on from the other.

    python tools/average_weights.py runs/a/cstm.safetensors runs/b/cstm.safetensors OUT.safetensors

What the second run learned stays for the most part, and what it forgot comes back for the most part
(Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). With --share 0.25 the mean is
a quarter of the second and three of the first.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from cstm.config import ModelConfig
from cstm.folder import check_output_file
from cstm.training.checkpoint import load_checkpoint, save_checkpoint
from cstm.training.stages import differences


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("first", "second", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second (default 0.5)")
    parser.add_argument("--overwrite", action="store_true")
    args = parser.parse_args()
    try:
        average(args.first, args.second, args.out, args.share, args.overwrite)
    except ValueError as error:
        raise SystemExit(error) from None
    print(args.out)


def average(one: Path, other: Path, out: Path, share: float, overwrite: bool) -> None:
    check_output_file(out, overwrite)
    if not 0 <= share <= 1:
        raise ValueError(f"--share should be from 0 to 1, got {share}")
    first, second = load_checkpoint(one), load_checkpoint(other)
    theirs, ours = first.experiment.model, second.experiment.model
    if not (isinstance(theirs, ModelConfig) and isinstance(ours, ModelConfig)):
        raise ValueError("the authors' network is one of a kind: there is nothing to average")
    if differences(theirs, ours) or first.vocabulary.words != second.vocabulary.words:
        raise ValueError(f"{one} and {other} differ in their network or their words")
    before = first.network.state_dict()
    mean = {
        name: before[name].lerp(weight, share) if weight.is_floating_point() else weight
        for name, weight in second.network.state_dict().items()
    }
    second.network.load_state_dict(mean)
    if first.experiment.clip != second.experiment.clip:
        print(f"the mean looks at clips as {other} does: {second.experiment.clip}", file=sys.stderr)
    trace = {**second.provenance, "averaged_with": first.provenance, "share": share}
    # What either has learned as a word of its own stays one.
    common = dict(first.vocabulary.synonyms.items() & second.vocabulary.synonyms.items())
    words = replace(second.vocabulary, synonyms=common)
    save_checkpoint(out, replace(second, vocabulary=words, provenance=trace))


if __name__ == "__main__":
    main()
