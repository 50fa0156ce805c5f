"""Language-queried video actor segmentation: a video and a sentence in, the actor's mask out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cstm.inference.load import load
    from cstm.inference.segmenter import FrameResult, Segmenter

__all__ = ["FrameResult", "Segmenter", "load"]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: it brings torch along, which takes seconds."""
    if name == "load":
        from cstm.inference.load import load

        return load
    if name in ("FrameResult", "Segmenter"):
        from cstm.inference import segmenter

        return getattr(segmenter, name)
    raise AttributeError(f"module 'cstm' has no attribute {name!r}")
