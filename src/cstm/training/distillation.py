"""Learning without forgetting: an encoder that learns little data keeps what it knew of much."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones import Backbone
from cstm.processes import mean_over_processes
from cstm.training.loss import unit_variance


class Distillation(nn.Module):
    """Tell from the encoder's last stage what its published backbone makes of the frame.

    A 1×1 convolution of the last stage's feature, modulated as it is, should be that of the
    backbone with the weights that it started from, channel by channel of mean 0 and variance 1
    over the batch of all processes. Those weights know a thousand classes; a few hundred
    photographs of a dozen would have them forgotten. Li and Hoiem, Learning without Forgetting
    (ECCV 2016), by features instead of classes.

    Args:
        teacher: the backbone with its published weights, which stay.
    """

    def __init__(self, teacher: Backbone) -> None:
        super().__init__()
        self.teacher = teacher.requires_grad_(False)
        self.head = nn.Conv2d(teacher.widths[-1], teacher.widths[-1], 1)

    def train(self, mode: bool = True) -> "Distillation":
        """Switch to training mode, all but the teacher."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(
        self,
        feature: Float[Tensor, "batch channel _height _width"],
        frame: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, ""]:
        """Mean squared difference between both, of the last stage's feature of a frame in [0, 1].

        0 where all is told, 1 where nothing is.
        """
        with torch.no_grad():
            wanted = _normalised(self.teacher(frame))
        return functional.mse_loss(self.head(unit_variance(feature)).to(wanted.dtype), wanted)


def _normalised(
    feature: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, "batch channel height width"]:
    """Mean 0 and variance 1 of every channel over all processes, in single precision at least."""
    x = feature.to(torch.promote_types(feature.dtype, torch.float32))
    centred = x - mean_over_processes(x.mean((0, 2, 3)))[:, None, None]
    variance = mean_over_processes(centred.square().mean((0, 2, 3)))[:, None, None]
    return centred * torch.rsqrt(variance + 1e-5)
