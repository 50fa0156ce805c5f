"""Training clips composed of any photographs with instance masks in COCO's format."""

from cstm.data.composed.clips import ComposedClips

__all__ = ["ComposedClips"]
