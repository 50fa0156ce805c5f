"""Average the weights of two runs, of which one went on from the other.

    python tools/average_weights.py runs/a/cstm.safetensors runs/b/cstm.safetensors OUT.safetensors

What the second run learned stays for the most part, and what it forgot comes back for the most part
(Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
"""

import argparse
from dataclasses import replace
from pathlib import Path

from cstm.training.checkpoint import load_checkpoint, save_checkpoint
from cstm.training.stages import differences


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("first", "second", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    first, second = load_checkpoint(args.first), load_checkpoint(args.second)
    if (
        differences(first.experiment.model, second.experiment.model)
        or first.vocabulary.words != second.vocabulary.words
    ):
        raise SystemExit(f"{args.first} and {args.second} differ in their network or their words")
    before = first.network.state_dict()
    mean = {
        name: (before[name] + weight) / 2 if weight.is_floating_point() else weight
        for name, weight in second.network.state_dict().items()
    }
    second.network.load_state_dict(mean)
    trace = {**second.provenance, "averaged_with": first.provenance}
    save_checkpoint(args.out, replace(second, provenance=trace))
    print(args.out)


if __name__ == "__main__":
    main()
