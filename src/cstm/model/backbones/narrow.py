"""What the two narrow encoders share; small enough to train from nothing on two cores."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones.backbone import LAYERS, SYMMETRIC_SCALE, Backbone, PixelScale


class Residual(nn.Module):
    """x + convolutions of x with the kernels given, and BatchNorm after each."""

    def __init__(self, channels: int, kernels: Sequence[tuple[int, ...]]) -> None:
        super().__init__()
        convolution, norm = LAYERS[len(kernels[0])]
        body: list[nn.Module] = []
        for kernel in kernels:
            padding = tuple(side // 2 for side in kernel)
            body += [
                convolution(channels, channels, kernel, padding=padding, bias=False),
                norm(channels),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*body[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Add the body's output to a feature (batch channel *grid), and rectify."""
        return functional.relu(x + self.body(x))


def narrow(
    width: int, strides: Sequence[tuple[int, ...]], kernels: Sequence[tuple[int, ...]]
) -> Backbone:
    """Build five stages of a strided convolution and, from the second on, a residual block.

    Args:
        width: channels of the first stage; the others have 2, 4, 6 and 8 times as many.
        strides: of each stage's first convolution, which is 3 wide, over (time,) height, width.
        kernels: of the residual blocks.
    """
    convolution, norm = LAYERS[len(strides[0])]
    widths = [width, 2 * width, 4 * width, 6 * width, 8 * width]
    stages: list[dict[str, nn.Module]] = []
    for channels, out_channels, stride in zip([3, *widths], widths, strides, strict=False):
        stage: dict[str, nn.Module] = {
            "halve": convolution(channels, out_channels, 3, stride, padding=1, bias=False),
            "norm": norm(out_channels),
            "relu": nn.ReLU(),
        }
        stages.append(stage | ({"residual": Residual(out_channels, kernels)} if stages else {}))
    stages[0] = {"scale": PixelScale(*SYMMETRIC_SCALE), **stages[0]}
    return Backbone(stages, widths, dimensions=len(strides[0]))
