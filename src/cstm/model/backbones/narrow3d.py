"""A narrow encoder of clips, small enough to train from nothing on two cores."""

from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones.backbone import SYMMETRIC_SCALE, Backbone, PixelScale
from cstm.model.backbones.narrow2d import narrow_widths


class Residual3d(nn.Module):
    """x + a 3×3 convolution within frames and a 3-wide one across them: (2+1)D, half the cost."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(channels, channels, (1, 3, 3), padding=(0, 1, 1), bias=False),
            nn.BatchNorm3d(channels),
            nn.ReLU(),
            nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0), bias=False),
            nn.BatchNorm3d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the body's output to a feature (batch channel time height width), and rectify."""
        return functional.relu(x + self.body(x))


def narrow3d(width: int) -> Backbone:
    """Build five stages as in :func:`~cstm.model.backbones.narrow2d.narrow2d`, over time too.

    Frames 8/8/4/2/1 of 8: the first two stages keep every frame, since what a sentence says of
    motion must be read there, at a pixel or two from frame to frame.
    """
    widths, time_strides = narrow_widths(width), (1, 1, 2, 2, 2)
    stages: list[dict[str, nn.Module]] = []
    for channels, out_channels, stride in zip((3, *widths), widths, time_strides, strict=False):
        stage: dict[str, nn.Module] = {
            "halve": nn.Conv3d(channels, out_channels, 3, (stride, 2, 2), padding=1, bias=False),
            "norm": nn.BatchNorm3d(out_channels),
            "relu": nn.ReLU(),
        }
        stages.append(stage | ({"residual": Residual3d(out_channels)} if stages else {}))
    stages[0] = {"scale": PixelScale(*SYMMETRIC_SCALE), **stages[0]}
    return Backbone(stages, widths, dimensions=3)
