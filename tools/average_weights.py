"""Average the weights of two runs, of which one went on from the other.

    python tools/average_weights.py runs/a/cstm.safetensors runs/b/cstm.safetensors OUT.safetensors

What the second run learned stays for the most part, and what it forgot comes back for the most part
(Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). With --share 0.25 the mean is
a quarter of the second and three of the first; with --part spatial.backbone 0.1 besides, that part
of the network, whose weights have names that begin so, has a tenth of the second.

A spatial backbone that was trained on little data forgets what it knew of a million photographs.
With the word published as the second, it goes back towards its published weights, to be trained on
with --decoder.distillation-weight:

    python tools/average_weights.py A published OUT --share 0 --part spatial.backbone 0.7
"""

import sys
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import tyro

from cstm.folder import check_output_file
from cstm.model.pretrained import published_backbone
from cstm.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from cstm.training.stages import differences


def main(
    first: tyro.conf.Positional[Path],
    second: tyro.conf.Positional[Path],
    out: tyro.conf.Positional[Path],
    share: float = 0.5,
    part: tyro.conf.UseAppendAction[tuple[tuple[str, float], ...]] = (),
    overwrite: bool = False,
) -> None:
    """Average them.

    Args:
        first: weights.
        second: those that went on from them, or the word published.
        out: file to write.
        share: of the second.
        part: a part of the network, and its share; may be repeated.
        overwrite: replace the file if it is there.
    """
    parts = dict(part)
    for told, value in {
        "--share": share,
        **{f"--part {name}": parts[name] for name in parts},
    }.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{told} should be from 0 to 1, got {value}")
    average(first, second, out, share, parts, overwrite)
    print(out)


def average(
    one: Path, other: Path, out: Path, share: float, parts: Mapping[str, float], overwrite: bool
) -> None:
    check_output_file(out, overwrite)
    first = load_checkpoint(one)
    second = _published(first) if other == Path("published") else load_checkpoint(other)
    alone = "the authors' network is one of a kind: there is nothing to average"
    (_, theirs), (_, ours) = first.ours(alone), second.ours(alone)
    if differences(theirs, ours) or first.vocabulary.words != second.vocabulary.words:
        raise ValueError(f"{one} and {other} differ in their network or their words")
    before = first.network.state_dict()
    for part in parts:
        if not any(name.startswith(f"{part}.") for name in before):
            raise ValueError(f"the network has no part {part!r}, but {', '.join(_parts(before))}")

    def share_of(name: str) -> float:
        inside = [part for part in parts if name.startswith(f"{part}.")]
        return parts[max(inside, key=len)] if inside else share

    mean = {
        name: before[name].lerp(weight, share_of(name)) if weight.is_floating_point() else weight
        for name, weight in second.network.state_dict().items()
    }
    second.network.load_state_dict(mean)
    if first.experiment.clip != second.experiment.clip:
        print(f"the mean looks at clips as {other} does: {second.experiment.clip}", file=sys.stderr)
    trace = {
        **second.provenance,
        "averaged_with": first.provenance,
        "share": {"all": share, **parts} if parts else share,
    }
    # What either has learned as a word of its own stays one.
    common = dict(first.vocabulary.synonyms.items() & second.vocabulary.synonyms.items())
    words = replace(second.vocabulary, synonyms=common)
    save_checkpoint(out, replace(second, vocabulary=words, provenance=trace))


def _published(checkpoint: Checkpoint) -> Checkpoint:
    """The same with the spatial backbone as it was published."""
    network, model = checkpoint.ours("the authors' network has no backbone of ours")
    if model.spatial is None:
        raise ValueError("a network without a spatial encoder has no backbone to go back to")
    backbone = published_backbone(model.spatial, model.width)
    if backbone is None:
        raise ValueError(f"{model.spatial} has no published weights to go back to")
    network = deepcopy(network)
    assert network.spatial is not None
    network.spatial.backbone.load_state_dict(backbone.state_dict())
    return replace(checkpoint, network=network)


def _parts(names: Iterable[str]) -> list[str]:
    """The streams and the decoder, and what they are made of."""
    return sorted({".".join(name.split(".")[:2]) for name in names})


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except ValueError as error:
        raise SystemExit(str(error)) from None
