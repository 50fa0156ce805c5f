"""Learning without forgetting: an encoder that learns little data keeps what it knew of much."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones import Backbone
from cstm.training.loss import unit_variance


class Distillation(nn.Module):
    """Tell from the encoder's last stage what its published backbone makes of the frame.

    A 1×1 convolution of the last stage's feature, modulated as it is, should be that of the
    backbone with the weights that it started from, channel by channel of mean 0 and variance 1
    over the batch. Those weights know a thousand classes; a few hundred photographs of a dozen
    would have them forgotten. Li and Hoiem, Learning without Forgetting (ECCV 2016), by features
    instead of classes.

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
            taught = self.teacher(frame).float()
            wanted = functional.batch_norm(taught, None, None, training=True)
        return functional.mse_loss(self.head(unit_variance(feature)).float(), wanted)
