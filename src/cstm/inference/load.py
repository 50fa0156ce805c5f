"""From a name or a file to a segmenter."""

from importlib.resources import files
from pathlib import Path

from cstm.config import Device, Looks, PrecisionInUse
from cstm.faults import hint
from cstm.inference.segmenter import Segmenter
from cstm.processes import pick_device
from cstm.training.checkpoint import load_checkpoint

SHIPPED = files("cstm") / "weights"


def load(
    weights: str | Path = "lite",
    *,
    device: Device = "auto",
    precision: PrecisionInUse = "auto",
    batch: int = 8,
    size: int | None = None,
    least_score: float | None = None,
    looks: Looks | None = None,
) -> Segmenter:
    """Load trained weights, ready for any video.

    Args:
        weights: a name that comes with the package, ``lite`` (any video) or ``tiny`` (the drawn
            world), or a checkpoint's path.
        device: where to compute; ``auto`` takes a GPU if there is one.
        precision: ``32-true``, or ``bf16-mixed``, whose masks differ from it here and there along
            their edges; ``auto`` takes the latter on a CPU that has instructions for it, where it
            is twice as fast.
        batch: frames × queries computed at once.
        size: longer side, in pixels, at which the network sees a frame; None: that of the
            weights (384 for ``lite``). A smaller one is faster, and loses the smallest actors.
        least_score: score from which on an actor has a mask, 0 to 1; None: 0.5 for ``lite``. With
            a lower one more actors are found, and more where nobody is.
        looks: 2: small actors are looked at again, nearer: better masks of them, in up to twice
            the time for one sentence, and more for several; 1: they are not; None: 2 for weights
            that learned from clips shown nearer and farther, such as ``lite``, else 1.

    Raises:
        ValueError: no such weights, or not a checkpoint; no GPU; a batch, size or score that makes
            no sense.
    """
    checkpoint = load_checkpoint(find_weights(weights)).seeing(size)
    if looks is None:
        looks = 2 if checkpoint.experiment.decoder.zoom else 1
    return Segmenter(
        checkpoint.network,
        checkpoint.vocabulary,
        checkpoint.experiment.clip,
        device=pick_device(device),
        precision=precision,
        batch=batch,
        least_score=least_score,
        looks=looks,
    )


def shipped() -> dict[str, Path]:
    """Weights that come with the package, by name."""
    return {file.stem: file for file in sorted(Path(str(SHIPPED)).glob("*.safetensors"))}


def find_weights(weights: str | Path) -> Path:
    """Path of a checkpoint, given as such or by the name of weights that come with the package."""
    path = Path(weights)
    if path.suffix or len(path.parts) > 1 or path.is_file():
        return path
    known = shipped()
    if path.name in known:
        return known[path.name]
    raise ValueError(
        f"no weights are named {path.name!r}, nor is there such a file; {hint(path.name, known)}"
    )
