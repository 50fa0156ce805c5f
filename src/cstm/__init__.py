"""Language-queried video actor segmentation: a video and a sentence in, the actor's mask out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cstm.data.frames.frame_range import FrameRange
    from cstm.inference.load import load
    from cstm.inference.result import FrameResult
    from cstm.inference.segmenter import Segmenter

__all__ = ["FrameRange", "FrameResult", "Segmenter", "load"]

_HOMES = {
    "FrameRange": "cstm.data.frames.frame_range",
    "FrameResult": "cstm.inference.result",
    "Segmenter": "cstm.inference.segmenter",
    "load": "cstm.inference.load",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: it brings torch along, which takes seconds."""
    if name == "__version__":
        return import_module("importlib.metadata").version("cstm")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'cstm' has no attribute {name!r}")
