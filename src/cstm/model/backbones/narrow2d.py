"""A narrow encoder of frames, small enough to train from nothing on two cores."""

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
        """Add the body's output to a feature (batch channel height width), and rectify."""
        return functional.relu(x + self.body(x))


def narrow_widths(width: int) -> tuple[int, int, int, int, int]:
    """Widths of the five stages, given that of the first."""
    return width, 2 * width, 4 * width, 6 * width, 8 * width


def narrow2d(width: int) -> Backbone:
    """Build five stages of a strided 3×3 convolution and, from the second on, a residual block."""
    widths = narrow_widths(width)
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
