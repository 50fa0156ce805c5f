"""Checkpoints: one safetensors file that holds weights, settings, vocabulary and provenance."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from cstm.config import (
    CameraMotion,
    ClipConfig,
    Experiment,
    ModelConfig,
    ReleasedConfig,
    Resize,
    Schedule,
)
from cstm.data.language.words import Vocabulary
from cstm.faults import reason
from cstm.folder import whole_file
from cstm.model.build import Network, build_network
from cstm.model.network import ActorSegmenter

FORMAT = "cstm checkpoint 1"

WORD_TABLES = ("spatial.language.vectors.weight", "temporal.language.vectors.weight")


@dataclass(frozen=True)
class Checkpoint:
    """A trained network, and everything needed to use and to trace it."""

    network: Network
    vocabulary: Vocabulary
    experiment: Experiment
    provenance: Mapping[str, Any]
    """Data, steps, metrics, revision: whatever says where the weights come from."""

    def ours(
        self, refusal: str = "this is the authors' network"
    ) -> tuple[ActorSegmenter, ModelConfig]:
        """The network and its settings, if it is not the authors' released one.

        Raises:
            ValueError: it is; ``refusal`` says why that won't do.
        """
        network, model = self.network, self.experiment.model
        if not isinstance(network, ActorSegmenter) or not isinstance(model, ModelConfig):
            raise ValueError(refusal)
        return network, model

    def seeing(
        self,
        size: int | None = None,
        resize: Resize | None = None,
        camera_motion: CameraMotion | None = None,
    ) -> "Checkpoint":
        """The same network for frames of another size, or brought to it in another way."""
        return replace(self, experiment=self.experiment.seeing(size, resize, camera_motion))


def save_checkpoint(path: Path, checkpoint: Checkpoint, compact: bool = False) -> None:
    """Write a checkpoint; the file appears whole or not at all.

    Args:
        path: the file, usually ``*.safetensors``.
        checkpoint: what to write.
        compact: write half precision, and matrices (word vectors, GRUs, all linear layers) in 8
            bits, each row with a scale of its own.
    """
    state = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in checkpoint.network.state_dict().items()
    }
    first, second = WORD_TABLES
    if state.keys() >= set(WORD_TABLES) and torch.equal(state[first], state[second]):
        del state[second]  # fixed word vectors, the same in both streams, are written once
    if compact:
        state = _compact(state)
    metadata = {
        "format": FORMAT,
        "experiment": json.dumps(asdict(checkpoint.experiment)),
        "vocabulary": json.dumps(checkpoint.vocabulary.words),
        "tokenization": json.dumps(checkpoint.vocabulary.tokenization),
        "synonyms": json.dumps(dict(checkpoint.vocabulary.synonyms)),
        "provenance": json.dumps(checkpoint.provenance),
    }
    with whole_file(path) as partial:
        # Not save_file, whose files nobody but the owner may read.
        partial.write_bytes(save(state, metadata))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; the network comes in single precision, on the CPU, in evaluation mode.

    Raises:
        ValueError: the file is missing, truncated, or not one of ours.
    """
    metadata, state = _read(path)
    try:
        experiment = _experiment(json.loads(metadata["experiment"]))
        vocabulary = Vocabulary(
            tuple(json.loads(metadata["vocabulary"])),
            json.loads(metadata.get("tokenization", '"words"')),
            json.loads(metadata.get("synonyms", "{}")),
        )
        provenance = json.loads(metadata["provenance"])
        network = build_network(experiment.model, len(vocabulary))
        first, second = WORD_TABLES
        if first in state and second in network.state_dict():
            state.setdefault(second, state[first])
        network.load_state_dict(state)
        if not all(weight.isfinite().all() for weight in network.parameters()):
            raise ValueError("some of its weights are no finite numbers")
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path}: not a checkpoint this version of cstm can read ({reason(error)})"
        ) from error
    return Checkpoint(network.eval(), vocabulary, experiment, provenance)


def load_encoders(network: ActorSegmenter, path: Path) -> None:
    """Take the encoders that a stage-one checkpoint holds, by name; its decoder is left out."""
    _, state = _read(path)
    for name in ("spatial", "temporal"):
        stream = getattr(network, name)
        prefix = f"{name}."
        weights = {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
        if weights and stream is not None:
            stream.load_state_dict(weights)


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise ValueError(f"no checkpoint at {path}; give a file that `cstm train` wrote")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: truncated, or not a safetensors file ({error})") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path}: not a checkpoint of cstm; expected one that `cstm train` wrote")
    return metadata, _single(state)


def _compact(state: dict[str, Tensor]) -> dict[str, Tensor]:
    small = {}
    for name, tensor in state.items():
        if tensor.is_floating_point() and tensor.dim() == 2:
            scale = tensor.abs().amax(dim=1, keepdim=True).clamp(min=1e-9) / 127
            small[name] = (tensor / scale).round().to(torch.int8)
            small[_scale_of(name)] = scale
        else:
            half = tensor.half() if tensor.is_floating_point() else tensor
            # A variance may be more than 65504.
            small[name] = half if half.isfinite().all() else tensor
    return small


def _single(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Undo :func:`_compact`: single precision throughout."""
    whole = {name: x.float() if x.is_floating_point() else x for name, x in state.items()}
    for name in [name for name in whole if _scale_of(name) in whole]:
        whole[name] = whole[name] * whole.pop(_scale_of(name))
    return whole


def _scale_of(matrix: str) -> str:
    return f"{matrix}.scale"


def _experiment(settings: dict[str, Any]) -> Experiment:
    """Rebuild an experiment from JSON; lists become the tuples they were."""

    def build(kind: type, values: dict[str, Any]) -> Any:
        known = {field.name for field in fields(kind)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"unknown settings {unknown}")
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    return Experiment(
        model=build(
            ReleasedConfig if "layout" in settings["model"] else ModelConfig, settings["model"]
        ),
        clip=build(ClipConfig, settings["clip"]),
        encoders=build(Schedule, settings["encoders"]),
        decoder=build(Schedule, settings["decoder"]),
        joint=settings.get("joint", "decoder"),
    )
