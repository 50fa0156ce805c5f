"""What decides the weights of a stage besides its settings."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cstm.data.language.words import Vocabulary
from cstm.data.sample import Pair
from cstm.training.plan import Run
from cstm.training.stages import Stage


def origin_of(
    run: Run, stage: Stage, pairs: Sequence[Pair], vocabulary: Vocabulary
) -> dict[str, Any]:
    """Tell runs apart that must not go on from each other.

    Samples, words and checkpoints by short digests; word vectors and backbones' weights, which may
    be large, by the names of their files.
    """
    identities = [pair.identity for pair in pairs]
    origin = {
        "dataset": _digest(json.dumps(identities).encode()),
        "weights of the datasets": [source.weight for source in run.sources],
        "vocabulary": _digest(json.dumps(vocabulary.words).encode()),
        "vectors": run.vectors.name if run.vectors else None,
    }
    if stage.begins == "backbones":
        files = [Path(run.weights_of(stream) or "published").name for stream in stage.streams]
        origin["weights"] = files
    if run.start is not None:
        origin["start"] = _digest(run.start.read_bytes())
        if run.spatial_weights:
            origin["teacher"] = Path(run.spatial_weights).name
    if stage.begins == "encoders":
        for name in stage.streams:
            encoder = run.out / name / "last.safetensors"
            if not encoder.exists():
                raise ValueError(f"{encoder} is gone; delete {encoder.parent} to train it anew")
            content = encoder.read_bytes()
            # Without its header, whose metrics tell how fast it was trained.
            header = 8 + int.from_bytes(content[:8], "little")
            origin[f"{name} network"] = _digest(content[header:])
    if stage.begins != "backbones":
        origin["joint"] = stage.trains
    return origin


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
