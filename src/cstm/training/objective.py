"""A network and its losses as one module: a batch in, a number to make smaller out."""

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cstm.config import Schedule
from cstm.data.transforms import unit_range
from cstm.model.network import ActorSegmenter
from cstm.training.loss import MotionTask, segmentation_loss


class Objective(nn.Module):
    """What training differentiates, in one forward pass (several processes need it in one).

    Args:
        network: the network to train; an encoder whose weights are all fixed stays in evaluation
            mode, and so do its BatchNorm statistics.
        schedule: the weights of the losses.
    """

    def __init__(self, network: ActorSegmenter, schedule: Schedule) -> None:
        super().__init__()
        self.network = network
        self.schedule = schedule
        self.motion = None
        if network.temporal is not None and schedule.motion_weight:
            self.motion = MotionTask(network.temporal.backbone.widths)

    def train(self, mode: bool = True) -> "Objective":
        """Switch to training mode, all but a fixed encoder."""
        super().train(mode)
        for stream in (self.network.spatial, self.network.temporal):
            if stream is not None and not any(p.requires_grad for p in stream.parameters()):
                stream.eval()
        return self

    def forward(
        self,
        clip: UInt8[Tensor, "batch time 3 size size"],
        words: Tensor,
        mask: UInt8[Tensor, "batch size size"],
        action: UInt8[Tensor, "batch size size"],
        direction: UInt8[Tensor, "batch size size"],
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return the loss, and what to watch: losses and accuracies by name."""
        weights = self.schedule
        responses = self.network(unit_range(clip), words)
        loss = segmentation_loss(
            responses.maps, mask.float(), weights.positive_weight, weights.dice_weight
        )
        values = {"loss": loss.detach()}
        if self.motion is not None:
            motion_loss, accuracies = self.motion(responses.temporal, action, direction)
            loss = loss + weights.motion_weight * motion_loss
            values |= {"motion_loss": motion_loss.detach(), **accuracies}
        return loss, values
