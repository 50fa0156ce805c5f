"""Inception V3 with SAME padding: sizes 160/80/40/20/10 at 320, torchvision's weights still fit.

Torchvision's stem and reductions have no padding (VALID), which loses the border and leaves
stages that don't line up with the temporal encoder's. Padding has no weights, so it can be added.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import inception

from cstm.model.backbones.backbone import SYMMETRIC_SCALE, Backbone, PixelScale


def _pad(*convolutions: nn.Module) -> None:
    """Give 3×3 convolutions the padding that halves (or keeps) the size exactly."""
    for convolution in convolutions:
        assert isinstance(convolution, inception.BasicConv2d)
        convolution.conv.padding = (1, 1)


class _ReductionB(inception.InceptionB):
    """Mixed_6a, 40 to 20 cells."""

    def __init__(self) -> None:
        super().__init__(288)
        _pad(self.branch3x3, self.branch3x3dbl_3)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, _pool(x)], dim=1)


class _ReductionD(inception.InceptionD):
    """Mixed_7a, 20 to 10 cells."""

    def __init__(self) -> None:
        super().__init__(768)
        _pad(self.branch3x3_2, self.branch7x7x3_4)

    def forward(self, x: Tensor) -> Tensor:
        single = self.branch3x3_2(self.branch3x3_1(x))
        factored = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return torch.cat([single, self.branch7x7x3_4(factored), _pool(x)], dim=1)


def _pool(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, 3, stride=2, padding=1)


def inception_v3() -> Backbone:
    """Build the trunk through Mixed_7c: widths 64/192/288/768/2048."""
    block = inception.BasicConv2d
    stages: list[dict[str, nn.Module]] = [
        {
            "scale": PixelScale(*SYMMETRIC_SCALE),
            "Conv2d_1a_3x3": block(3, 32, kernel_size=3, stride=2, padding=1),
            "Conv2d_2a_3x3": block(32, 32, kernel_size=3, padding=1),
            "Conv2d_2b_3x3": block(32, 64, kernel_size=3, padding=1),
        },
        {
            "maxpool1": nn.MaxPool2d(3, stride=2, padding=1),
            "Conv2d_3b_1x1": block(64, 80, kernel_size=1),
            "Conv2d_4a_3x3": block(80, 192, kernel_size=3, padding=1),
        },
        {
            "maxpool2": nn.MaxPool2d(3, stride=2, padding=1),
            "Mixed_5b": inception.InceptionA(192, pool_features=32),
            "Mixed_5c": inception.InceptionA(256, pool_features=64),
            "Mixed_5d": inception.InceptionA(288, pool_features=64),
        },
        {
            "Mixed_6a": _ReductionB(),
            "Mixed_6b": inception.InceptionC(768, channels_7x7=128),
            "Mixed_6c": inception.InceptionC(768, channels_7x7=160),
            "Mixed_6d": inception.InceptionC(768, channels_7x7=160),
            "Mixed_6e": inception.InceptionC(768, channels_7x7=192),
        },
        {
            "Mixed_7a": _ReductionD(),
            "Mixed_7b": inception.InceptionE(1280),
            "Mixed_7c": inception.InceptionE(2048),
        },
    ]
    return Backbone(stages, (64, 192, 288, 768, 2048), dimensions=2)
