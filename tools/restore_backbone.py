"""Move the spatial backbone of trained weights back towards the published ones.

    python tools/restore_backbone.py runs/a/cstm.safetensors OUT.safetensors --share 0.7

Trained on little data a backbone forgets what it knew; between the weights it has now and those it
started from, most of both is to be had (Wortsman et al., Robust fine-tuning of zero-shot models,
CVPR 2022). What comes out is to be trained on, with --decoder.distillation-weight.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from cstm.folder import check_output_file
from cstm.model.pretrained import published_backbone
from cstm.training.checkpoint import load_checkpoint, save_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("weights", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--share", type=float, default=0.7, help="of the way back (default 0.7)")
    parser.add_argument("--overwrite", action="store_true")
    args = parser.parse_args()
    try:
        restore(args.weights, args.out, args.share, args.overwrite)
    except ValueError as error:
        raise SystemExit(error) from None
    print(args.out)


def restore(weights: Path, out: Path, share: float, overwrite: bool) -> None:
    check_output_file(out, overwrite)
    if not 0 <= share <= 1:
        raise ValueError(f"--share should be from 0 to 1, got {share}")
    checkpoint = load_checkpoint(weights)
    network, model = checkpoint.ours("the authors' network has no backbone of ours")
    if model.spatial is None or network.spatial is None:
        raise ValueError(f"{weights} has no spatial encoder")
    published = published_backbone(model.spatial, model.width)
    if published is None:
        raise ValueError(f"{model.spatial} has no published weights to go back to")
    there = published.state_dict()
    network.spatial.backbone.load_state_dict(
        {
            name: tensor.lerp(there[name], share) if tensor.is_floating_point() else tensor
            for name, tensor in network.spatial.backbone.state_dict().items()
        }
    )
    trace = {**checkpoint.provenance, "backbone_restored": share}
    save_checkpoint(out, replace(checkpoint, provenance=trace))


if __name__ == "__main__":
    main()
