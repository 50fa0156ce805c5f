"""Narrow encoders, small enough to train from nothing on two cores."""

from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones.backbone import SYMMETRIC_SCALE, Backbone, PixelScale


class Residual2d(nn.Module):
    """x + two 3×3 convolutions of x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the body's output and rectify."""
        return functional.relu(x + self.body(x))


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
        """Add the body's output and rectify."""
        return functional.relu(x + self.body(x))


def _widths(width: int) -> tuple[int, int, int, int, int]:
    return width, 2 * width, 4 * width, 6 * width, 8 * width


def narrow2d(width: int) -> Backbone:
    """Build five stages of a strided 3×3 convolution and, from the second on, a residual block."""
    widths = _widths(width)
    stages: list[dict[str, nn.Module]] = []
    for channels, out_channels in zip((3, *widths), widths, strict=False):
        stage: dict[str, nn.Module] = {
            "halve": nn.Conv2d(channels, out_channels, 3, stride=2, padding=1, bias=False),
            "norm": nn.BatchNorm2d(out_channels),
            "relu": nn.ReLU(),
        }
        stages.append(stage | ({"residual": Residual2d(out_channels)} if stages else {}))
    stages[0] = {"scale": PixelScale(*SYMMETRIC_SCALE), **stages[0]}
    return Backbone(stages, widths, dimensions=2)


def narrow3d(width: int) -> Backbone:
    """Build five stages as in :func:`narrow2d`, over time too.

    Frames 8/8/4/2/1 of 8: the first two stages keep every frame, since what a sentence says of
    motion must be read there, at a pixel or two from frame to frame.
    """
    widths, time_strides = _widths(width), (1, 1, 2, 2, 2)
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
