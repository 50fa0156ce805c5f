"""What every backbone is to the rest: five modules, their widths, and how it wants its pixels."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class PixelScale(nn.Module):
    """Map pixels from [0, 1] to what a backbone's weights were trained on: (x - mean) / deviation.

    Constants, not weights: they are not in the state dict.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation), persistent=False)

    def forward(
        self, pixels: Float[Tensor, "batch channel *grid"]
    ) -> Float[Tensor, "batch channel *grid"]:
        """Scale each colour channel."""
        shape = (-1, *[1] * (pixels.dim() - 2))
        return (pixels - self.mean.view(shape)) / self.deviation.view(shape)


class Backbone(nn.Module):
    """Five stages, each halving height and width.

    Args:
        stages: five groups of named modules, run one after the other within a stage, each stage fed
            with the (modulated) output of the one before. The names are those of the published
            weights, so that a key of ours without ``stages.N.`` is a key of theirs.
        widths: output channels of the stages.
        dimensions: 2 for features (batch channel height width) of frames, 3 for features
            (batch channel time height width) of clips.
        motion_stages: stages (1-5) from which the auxiliary motion task of training reads.
    """

    def __init__(
        self,
        stages: Sequence[Mapping[str, nn.Module]],
        widths: Sequence[int],
        dimensions: int,
        motion_stages: tuple[int, ...] = (2, 3, 4),
    ) -> None:
        super().__init__()
        assert len(stages) == len(widths) == 5
        self.stages = nn.ModuleList(nn.Sequential(OrderedDict(stage)) for stage in stages)
        self.widths = tuple(widths)
        self.dimensions = dimensions
        self.motion_stages = motion_stages

    def forward(
        self, pixels: Float[Tensor, "batch 3 *grid"]
    ) -> Float[Tensor, "batch channel *_grid"]:
        """Feature of the last stage, of pixels in [0, 1] and no sentence."""
        feature = pixels
        for stage in self.stages:
            feature = stage(feature)
        return feature


def same_padding(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> list[int]:
    """TensorFlow's SAME padding for (time,) height, width, in the order of ``functional.pad``.

    The output has ceil(size / stride) cells; an odd cell of padding goes to the far end.
    """
    pads: list[int] = []
    for cells, k, s in zip(size, kernel, stride, strict=True):
        total = max((-(-cells // s) - 1) * s + k - cells, 0)
        pads = [total // 2, total - total // 2, *pads]
    return pads


LAYERS = {2: (nn.Conv2d, nn.BatchNorm2d), 3: (nn.Conv3d, nn.BatchNorm3d)}
"""Convolution and norm of features of frames, and of clips."""

IMAGENET_SCALE = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of torchvision's ImageNet weights."""

SYMMETRIC_SCALE = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Mean and deviation that bring [0, 1] to [-1, 1], as the Inception family was trained."""
