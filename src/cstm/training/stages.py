"""The paper's two training stages (section 4.2) as a list of networks to fit, one after another."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from cstm.config import Experiment, ModelConfig, ReleasedConfig
from cstm.data.language.words import Vocabulary
from cstm.model.network import STREAMS, ActorSegmenter, StreamName
from cstm.schedule import Schedule
from cstm.training.checkpoint import Checkpoint, load_encoders

StageName = Literal["spatial", "temporal", "joint"]


@dataclass(frozen=True)
class Stage:
    """One network to train: alone, or on top of encoders that are trained already."""

    name: StageName
    model: ModelConfig
    schedule: Schedule
    trains: Literal["decoder", "all"] = "all"
    begins: Literal["backbones", "encoders", "network"] = "backbones"
    """With pretrained backbones, the encoders of the stages before, or a network trained before."""

    @property
    def settings(self) -> Literal["encoders", "decoder"]:
        """What the command line calls its schedule."""
        return "decoder" if self.name == "joint" else "encoders"

    @property
    def streams(self) -> list[StreamName]:
        """Encoders of the network."""
        return [name for name in STREAMS if getattr(self.model, name) is not None]


def stages_of(experiment: Experiment, start: bool = False) -> list[Stage]:
    """Stage one: the spatial and the temporal network on their own; stage two: their decoder.

    A network with a single stream is done after its stage one, and ``joint="alone"`` has none; nor
    has one that starts from a network trained before, of which the decoder goes on, or all. Raises
    a ValueError for the released network, which can't be trained.
    """
    model = experiment.model
    if isinstance(model, ReleasedConfig):
        raise ValueError(
            "released is the authors' network, for their weights alone; train another experiment, "
            "such as paper"
        )
    begins = "network" if start else "backbones"
    if model.temporal is None:
        return [Stage("spatial", model, experiment.encoders, begins=begins)]
    if model.spatial is None:
        return [Stage("temporal", model, experiment.encoders, begins=begins)]
    trains = "decoder" if experiment.joint == "decoder" else "all"
    if start or experiment.joint == "alone":
        return [Stage("joint", model, experiment.decoder, trains, begins)]
    # One stream has nothing to fuse: networks that differ in that alone may share their encoders.
    single = replace(model, fusion=ModelConfig().fusion)
    return [
        Stage("spatial", replace(single, temporal=None), experiment.encoders),
        Stage("temporal", replace(single, spatial=None), experiment.encoders),
        Stage("joint", model, experiment.decoder, trains, "encoders"),
    ]


def differences(theirs: ModelConfig, ours: ModelConfig) -> set[str]:
    """Names of the settings that differ, but for the threshold that is calibrated afterwards."""
    names = {field.name for field in fields(ours)} - {"presence_threshold"}
    return {name for name in names if getattr(theirs, name) != getattr(ours, name)}


def build_stage(
    stage: Stage,
    vocabulary: Vocabulary,
    run: Path,
    vectors: Float[Tensor, "vocabulary channel"] | None = None,
    start: Checkpoint | None = None,
) -> ActorSegmenter:
    """Build a stage's network; the joint one takes over both encoders, or all of ``start``.

    Args:
        stage: what to build.
        vocabulary: its words.
        run: folder in which the stages before left their checkpoints.
        vectors: pretrained word vectors, kept fixed; None to learn them. With ``start`` its own,
            where they are known to come from a file.
        start: a network with these encoders and the same vocabulary, for a stage that begins with
            one; its decoder is taken where it is the same. Word vectors that both of its streams
            share came from a file, and stay fixed.
    """
    torch.manual_seed(stage.schedule.seed)
    network = ActorSegmenter(stage.model, len(vocabulary))
    if vectors is not None:
        for stream in (network.spatial, network.temporal):
            if stream is not None:
                stream.language.set_vectors(vectors)
    if stage.begins == "network":
        assert start is not None
        _, theirs = start.ours()
        parts = stage.streams if differences(theirs, stage.model) else [*stage.streams, "decoder"]
        for name in parts:
            getattr(network, name).load_state_dict(getattr(start.network, name).state_dict())
        tables = [getattr(network, name).language.vectors.weight for name in stage.streams]
        if len(tables) == 2 and torch.equal(*tables):
            for table in tables:
                table.requires_grad_(False)
    for name in stage.streams:
        if stage.begins == "encoders":
            load_encoders(network, run / name / "last.safetensors")
        stream = getattr(network, name)
        if stage.trains == "decoder":
            stream.requires_grad_(False)
        stream.freeze(stage.schedule.frozen_stages)
        if not stage.schedule.rate_of_backbone(name):
            stream.backbone.requires_grad_(False)
    return network
