"""A network and its losses as one module: a batch in, a number to make smaller out."""

from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cstm.data.frames.transforms import unit_range
from cstm.data.language.nouns import CATEGORIES
from cstm.data.sample import ACTIONS, DIRECTIONS
from cstm.model.backbones import Backbone
from cstm.model.network import ActorSegmenter
from cstm.model.stream import target_frame
from cstm.schedule import Schedule
from cstm.training.distillation import Distillation
from cstm.training.loss import DenseTask, presence_loss, segmentation_loss

CLASS_STAGES = (3, 4, 5)
"""Of the spatial encoder, where features say what a thing is."""


class Objective(nn.Module):
    """What training differentiates, in one forward pass (several processes need it in one).

    Args:
        network: the network to train; an encoder whose weights are all fixed stays in evaluation
            mode; the BatchNorm statistics of a fixed stage stay as they are.
        schedule: the weights of the losses, and whether the backbones' BatchNorm learns.
        teacher: the spatial backbone as published, where the schedule distils from it.
    """

    def __init__(
        self, network: ActorSegmenter, schedule: Schedule, teacher: Backbone | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.schedule = schedule
        self.probing = False
        """Whether the auxiliary losses teach their own heads alone (Kumar et al., ICLR 2022)."""
        self.motion = self.classes = self.distillation = None
        if network.temporal is not None and schedule.motion_weight:
            backbone = network.temporal.backbone
            kinds = {"action": len(ACTIONS), "direction": len(DIRECTIONS)}
            self.motion = DenseTask(backbone.widths, backbone.motion_stages, kinds)
        if network.spatial is not None and schedule.class_weight:
            kinds = {"category": len(CATEGORIES)}
            self.classes = DenseTask(network.spatial.backbone.widths, CLASS_STAGES, kinds)
        if teacher is not None:
            self.distillation = Distillation(teacher)

    def train(self, mode: bool = True) -> "Objective":
        """Switch to training mode, all but a fixed encoder and fixed statistics."""
        super().train(mode)
        for stream in (self.network.spatial, self.network.temporal):
            if stream is None:
                continue
            if not any(p.requires_grad for p in stream.parameters()):
                stream.eval()
            for stage in stream.backbone.stages:
                is_fixed = not any(p.requires_grad for p in stage.parameters())
                if is_fixed or self.schedule.batch_norm == "fixed":
                    for module in stage.modules():
                        if isinstance(module, _BatchNorm):
                            module.eval()
        return self

    def forward(
        self,
        clip: UInt8[Tensor, "batch time 3 size size"],
        words: Int[Tensor, "batch word"],
        mask: UInt8[Tensor, "batch size size"],
        action: UInt8[Tensor, "batch size size"],
        direction: UInt8[Tensor, "batch size size"],
        category: UInt8[Tensor, "batch size size"],
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return the loss, and what to watch: losses and accuracies by name."""
        weights = self.schedule
        seen = unit_range(clip)
        responses = self.network(seen, words)
        loss = segmentation_loss(
            responses.maps, mask.float(), weights.positive_weight, weights.dice_weight
        )
        values = {"loss": loss.detach()}
        spatial, temporal = (
            [feature.detach() for feature in stages] if stages and self.probing else stages
            for stages in (responses.spatial, responses.temporal)
        )
        if self.motion is not None:
            labels = {"action": action, "direction": direction}
            motion_loss, accuracies = self.motion(temporal, labels)
            loss = loss + weights.motion_weight * motion_loss
            values |= {"motion_loss": motion_loss.detach(), **accuracies}
        if self.classes is not None:
            class_loss, accuracies = self.classes(spatial, {"category": category})
            loss = loss + weights.class_weight * class_loss
            values |= {"class_loss": class_loss.detach(), **accuracies}
        if self.distillation is not None:
            frame = target_frame(seen.movedim(1, 2))
            distilled = self.distillation(spatial[-1], frame)
            loss = loss + weights.distillation_weight * distilled
            values["distillation_loss"] = distilled.detach()
        if responses.presence is not None:
            # Even with a weight of 0: processes that share a network wait for every gradient.
            present_loss = presence_loss(responses.presence, mask.float())
            loss = loss + weights.presence_weight * present_loss
            right = (responses.presence > 0) == mask.flatten(1).any(1)
            values |= {"presence_loss": present_loss.detach(), "presence": right.float().mean()}
        return loss, values
