"""Backbones: five stages each, with their widths; every one in a file of its own."""

from typing import get_args

from cstm.config import SpatialBackbone, TemporalBackbone
from cstm.model.backbones.backbone import Backbone

__all__ = ["Backbone", "build_spatial", "build_temporal"]


def build_spatial(name: SpatialBackbone, width: int) -> Backbone:
    """Build an encoder of single frames; ``width`` matters to ``narrow2d`` alone."""
    match name:
        case "inception_v3":
            from cstm.model.backbones.inception_v3 import inception_v3

            return inception_v3()
        case "resnet50":
            from cstm.model.backbones.resnet50 import resnet50

            return resnet50()
        case "efficientnet_lite0":
            from cstm.model.backbones.efficientnet_lite0 import efficientnet_lite0

            return efficientnet_lite0()
        case "narrow2d":
            from cstm.model.backbones.narrow import narrow2d

            return narrow2d(width)
    raise ValueError(f"no spatial backbone {name!r}; expected one of {get_args(SpatialBackbone)}")


def build_temporal(name: TemporalBackbone, width: int) -> Backbone:
    """Build an encoder of clips; ``width`` matters to ``narrow3d`` alone."""
    match name:
        case "i3d":
            from cstm.model.backbones.i3d import i3d

            return i3d()
        case "i3d_short":
            from cstm.model.backbones.i3d import i3d_short

            return i3d_short()
        case "s3d":
            from cstm.model.backbones.s3d import s3d

            return s3d()
        case "narrow3d":
            from cstm.model.backbones.narrow import narrow3d

            return narrow3d(width)
    raise ValueError(f"no temporal backbone {name!r}; expected one of {get_args(TemporalBackbone)}")
