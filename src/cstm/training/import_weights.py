"""The checkpoint that the paper's authors released, ``checkpoint.pth.tar``, as one of ours."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from cstm.bounds import at_least
from cstm.data.language.words import (
    UNKNOWN,
    Vocabulary,
    read_word_vectors,
    tokenize_as_released,
)
from cstm.experiments import get_experiment
from cstm.faults import few
from cstm.folder import check_output_file
from cstm.model.pretrained import as_state, find_vectors, read_plain
from cstm.model.released import WORD_CHANNELS, ReleasedSegmenter
from cstm.training.checkpoint import Checkpoint, save_checkpoint

VECTORS = "language.vectors.weight"
"""The one tensor that the release does not hold: its word vectors are GloVe's."""

_RENAMED = {
    "language.gru.": "txt_encoder.",
    "language.norm.": "txt_norm.0.",
    **{f"spatial.stages.{k}.": f"s_layer{k + 1}." for k in range(5)},
    **{f"temporal.stages.{k}.": f"t_layer{k + 1}." for k in range(5)},
    "spatial.cmam.": "cmam_s.",
    "temporal.cmam.": "cmam_t.",
    ".coordinates.fuse.0.": ".vt.conv.",
    ".coordinates.fuse.1.": ".vt.bn.",
    ".key.0.": ".v_key.conv.",
    ".key.1.": ".v_key.bn.",
    ".query.": ".l_query.",
    ".gate.": ".gamma.0.",
    "spatial.laterals.": "ires_trans.",
    "temporal.laterals.": "vres_trans.",
    "decoder.streams.": "conv_fuse1.",
    "decoder.levels.": "conv_fuse2.",
    "decoder.head.": "conv_mask.5.",
}
"""Parts of our names, and what the release calls them."""

_RENAMED_3D = {
    ".conv.": ".conv3d.",
    ".bn.": ".batch3d.",
    ".b0.": ".branch_0.",
    ".b1a.": ".branch_1.0.",
    ".b1b.": ".branch_1.1.",
    ".b2a.": ".branch_2.0.",
    ".b2b.": ".branch_2.1.",
    ".b3b.": ".branch_3.1.",
}
"""The same for what is made of I3D's units."""

_UNUSED_HEADS = range(5)
"""Heads ``conv_mask.0`` to ``4`` answer at 10 to 160 cells, for the losses; they are left out."""


def import_released(
    source: Path,
    destination: Path,
    vectors: Path,
    words: int = 50_000,
    sentences: Sequence[Path] = (),
    overwrite: bool = False,
) -> Checkpoint:
    """Write the authors' weights, and the word vectors they were trained with, as a checkpoint.

    Args:
        source: the authors' ``checkpoint.pth.tar``; no code in it is run.
        destination: the file to write, usually ``*.safetensors``.
        vectors: GloVe 840B, 300 numbers a word (``glove.840B.300d.zip`` or ``.txt``), or ``glove``
            for the published file.
        words: how many of the commonest words the checkpoint will know.
        sentences: text files whose words it will know besides, such as ``a2d_annotation.txt``.
        overwrite: whether an existing file may be replaced.

    Raises:
        ValueError: a file is missing or not what it should be; tensors are named.
    """
    check_output_file(destination, overwrite)
    at_least(1, words=words)
    wanted = _tokens(sentences)
    state = read_released(source)
    vectors = find_vectors(vectors)
    vocabulary, table = _read_vocabulary(vectors, words, wanted)
    network = ReleasedSegmenter(len(vocabulary)).eval()
    ours = {name: state[released_name(name)] for name in network.state_dict() if name != VECTORS}
    network.load_state_dict(ours | {VECTORS: table})
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    provenance = {
        "experiment": "released",
        "source": source.name,
        "sha256": digest,
        "vectors": vectors.name,
        "words": len(vocabulary.words),
        "date": time.strftime("%Y-%m-%d"),
    }
    checkpoint = Checkpoint(network, vocabulary, get_experiment("released"), provenance)
    save_checkpoint(destination, checkpoint)
    return checkpoint


def read_released(path: Path) -> dict[str, Tensor]:
    """Read the released state dict, strict by name and shape.

    Names may begin with ``module.``, which DataParallel puts there.

    Raises:
        ValueError: the file can't be read, is another, or doesn't fit; tensors are named.
    """
    expected = "expected the authors' checkpoint.pth.tar"
    content = read_plain(path, expected)
    held = content.get("state_dict") if isinstance(content, dict) else None
    state = as_state(held, f"{path} has no state_dict of named tensors; {expected}")
    state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    shapes = released_shapes()
    if not state.keys() & shapes.keys():
        raise ValueError(
            f"{path} holds another network; {expected}, with names such as {next(iter(shapes))}"
        )
    wrong = [
        f"{name} ({list(state[name].shape)} instead of {list(shape)})"
        for name, shape in shapes.items()
        if name in state and state[name].shape != shape
    ]
    faults = {
        "wrong shape": wrong,
        "missing": [name for name in shapes if name not in state],
        "foreign": [name for name in state if name not in shapes],
    }
    if any(faults.values()):
        named = "; ".join(f"{fault}: {few(names)}" for fault, names in faults.items() if names)
        raise ValueError(f"{path} does not fit the released network: {named}; {expected}")
    return state


def released_shapes() -> dict[str, torch.Size]:
    """Names and shapes of all 1023 tensors of the release."""
    with torch.device("meta"):
        network = ReleasedSegmenter(vocabulary=2)
    shapes = {
        released_name(name): tensor.shape
        for name, tensor in network.state_dict().items()
        if name != VECTORS
    }
    head = {name: shape for name, shape in shapes.items() if name.startswith("conv_mask.5.")}
    for unused in _UNUSED_HEADS:
        shapes |= {name.replace(".5.", f".{unused}.", 1): shape for name, shape in head.items()}
    return shapes


def released_name(name: str) -> str:
    """Map the name of a tensor of :class:`ReleasedSegmenter` to the one in the release."""
    for ours, theirs in _RENAMED.items():
        name = name.replace(ours, theirs)
    if name.startswith(("t_layer", "cmam_t.")):
        for ours, theirs in _RENAMED_3D.items():
            name = name.replace(ours, theirs)
    return name


def _read_vocabulary(
    path: Path, words: int, also: Iterable[str]
) -> tuple[Vocabulary, Float[Tensor, "vocabulary channel"]]:
    vectors = read_word_vectors(path, also, words)
    widths = {len(vector) for vector in vectors.values()}
    if widths != {WORD_CHANNELS}:
        found = f"vectors of {widths.pop()} numbers" if widths else "no words"
        raise ValueError(
            f"{path} holds {found}; the release was trained with glove.840B.300d, "
            f"{WORD_CHANNELS} numbers a word"
        )
    vocabulary = Vocabulary(tuple(vectors), tokenization="released")
    table = torch.zeros(len(vocabulary), WORD_CHANNELS)
    for number, vector in enumerate(vectors.values(), start=UNKNOWN + 1):
        table[number] = torch.from_numpy(vector)
    return vocabulary, table


def _tokens(sentences: Sequence[Path]) -> set[str]:
    """All words of text files; what else a line holds does no harm.

    Raises:
        ValueError: there is no reading one of them.
    """
    try:
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in sentences]
    except OSError as error:
        raise ValueError(f"no sentences to read: {error}") from None
    lines = [line for text in texts for line in text.splitlines()]
    return {token for line in lines for token in tokenize_as_released(line)}
