"""S3D (separable 3D Inception), torchvision's, cut where I3D is."""

from itertools import pairwise

from torch.nn import MaxPool3d
from torchvision.models import video

from cstm.model.backbones.backbone import Backbone, PixelScale

_SCALE = ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989))
"""Mean and deviation of torchvision's Kinetics-400 weights."""


def s3d() -> Backbone:
    """Build the trunk through Mixed_5c: widths 64/192/480/832/1024."""
    layers = dict(video.s3d(weights=None).features.named_children())
    # torchvision's last pool is the one that rounds down, and wants two frames of its own.
    last_pool = layers["13"]
    assert isinstance(last_pool, MaxPool3d)
    last_pool.ceil_mode = True
    ends = (0, 1, 4, 7, 13, 16)
    stages = [
        {str(number): layers[str(number)] for number in range(start, end)}
        for start, end in pairwise(ends)
    ]
    stages[0] = {"scale": PixelScale(*_SCALE), **stages[0]}
    return Backbone(stages, (64, 192, 480, 832, 1024), dimensions=3)
