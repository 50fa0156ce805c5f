"""The weights that a run's backbones start from, and those that they are held to."""

import sys
from pathlib import Path

from lightning_fabric import Fabric

from cstm.folder import whole_file
from cstm.model.backbones import Backbone, build_spatial, build_temporal
from cstm.model.network import ActorSegmenter, StreamName
from cstm.model.pretrained import find_backbone_weights, load_backbone, published_backbone
from cstm.training.plan import Run
from cstm.training.stages import Stage
from cstm.training.state import STATE


def find_first_weights(run: Run, stage: Stage, fabric: Fabric) -> dict[StreamName, Path]:
    """Files that new backbones start from; none for random weights, and none for an old run.

    Raises:
        ValueError: one can't be had or read, or doesn't fit.
    """
    if stage.begins != "backbones" or (run.out / stage.name / STATE).exists():
        return {}
    found: dict[StreamName, Path] = {}
    for stream in stage.streams:
        name = getattr(stage.model, stream)
        # One process of a machine downloads, the others find the file.
        with fabric.rank_zero_first(local=True):
            path = find_backbone_weights(name, run.weights_of(stream))
        if path is not None:
            # Only to see whether it fits: the network is built when its data are there.
            build = {"spatial": build_spatial, "temporal": build_temporal}[stream]
            load_backbone(name, build(name, stage.model.width), path, run.take)
            found[stream] = path
    return found


def find_teacher(run: Run, stage: Stage, fabric: Fabric) -> Backbone | None:
    """The spatial backbone with its published weights, for a stage that distils from it.

    Of a stage that goes on it has none yet: they come back with all else that the run has saved.

    Raises:
        ValueError: there are none, or they can't be had or don't fit.
    """
    name = stage.model.spatial
    if not stage.schedule.distillation_weight or name is None:
        return None
    if (run.out / stage.name / STATE).exists():
        return build_spatial(name, stage.model.width)
    with fabric.rank_zero_first(local=True):
        teacher = published_backbone(name, stage.model.width, run.spatial_weights, run.take)
    if teacher is None:
        raise ValueError(
            f"distillation needs the published weights of the spatial backbone; {name} "
            f"starts from random ones: leave out --{stage.settings}.distillation-weight"
        )
    return teacher


def load_weights(
    run: Run, stage: Stage, stream: StreamName, network: ActorSegmenter, path: Path, fabric: Fabric
) -> None:
    """Give a backbone its first weights; a file lists what became of every tensor.

    Raises:
        ValueError: the file doesn't fit.
    """
    name = getattr(stage.model, stream)
    report = load_backbone(name, getattr(network, stream).backbone, path, run.take)
    if fabric.is_global_zero:
        with whole_file(run.out / stage.name / f"{stream}_weights.txt") as partial:
            partial.write_text(f"{report}\n")
        print(f"{name}: {report.summary}", file=sys.stderr)
