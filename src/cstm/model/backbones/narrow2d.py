"""A narrow encoder of frames, small enough to train from nothing on two cores."""

from cstm.model.backbones.backbone import Backbone
from cstm.model.backbones.narrow import narrow


def narrow2d(width: int) -> Backbone:
    """Build five stages of 3×3 convolutions."""
    return narrow(width, strides=[(2, 2)] * 5, kernels=[(3, 3), (3, 3)])
