"""A narrow encoder of clips, small enough to train from nothing on two cores."""

from cstm.model.backbones.backbone import Backbone
from cstm.model.backbones.narrow import narrow


def narrow3d(width: int) -> Backbone:
    """Build five stages over time, too; a residual block is (2+1)D, which halves its cost.

    Frames 8/8/4/2/1 of 8: the first two stages keep every frame, since what a sentence says of
    motion must be read there, at a pixel or two from frame to frame.
    """
    strides = [(stride, 2, 2) for stride in (1, 1, 2, 2, 2)]
    return narrow(width, strides, kernels=[(1, 3, 3), (3, 1, 1)])
