"""How one network is trained, as a frozen dataclass."""

from dataclasses import dataclass, fields
from typing import Literal

from cstm.bounds import at_least, at_most


@dataclass(frozen=True)
class Schedule:
    """How one network is trained.

    Section 4.2: Adam, learning rate 5e-4 divided by 10 every 8 epochs, batches of 8.
    """

    epochs: int = 12
    """How often every sample is seen."""
    samples: int = 0
    """Samples of an epoch, others in each; 0 for all that there are."""
    batch: int = 8
    """Samples in a step."""
    learning_rate: float = 5e-4
    """Adam's, after warm-up."""
    backbone_rate: float = 1.0
    """Factor on the learning rate of the backbones: small where they are trained already."""
    spatial_rate: float = 1.0
    """Another factor, on that of the spatial backbone alone; 0: it keeps its weights."""
    temporal_rate: float = 1.0
    """Another factor, on that of the temporal backbone alone; 0: it keeps its weights."""
    language_rate: float = 1.0
    """Factor on the learning rate of what reads sentences: both sentence encoders, and CMAM."""
    frozen_stages: int = 0
    """So many of the first stages of each encoder keep the weights they start with."""
    batch_norm: Literal["trained", "fixed"] = "trained"
    """Fixed: backbones keep the BatchNorm statistics they start with; its scales still learn."""
    average: float = 0.0
    """Decay of a moving average of the weights, which is validated and kept; 0 switches it off. 1:
    the mean of all steps after the first ``warm_up_steps`` + ``probing_steps``; best with a
    learning rate that never falls."""
    decay: Literal["step", "cosine"] = "step"
    """Step: divided by 10 every ``decay_epochs``. Cosine: to zero over the whole run."""
    decay_epochs: int = 8
    """Epochs between two divisions by 10."""
    warm_up_steps: int = 0
    """Steps in which the learning rate rises to its value."""
    sentences_per_frame: int = 1
    """How many sentences of one frame share a batch, so that only language can tell them apart."""
    positive_weight: float = 1.5
    """Weight of the actor's pixels in the binary cross-entropy."""
    dice_weight: float = 0.0
    """Weight of a dice loss on the finest response map."""
    motion_weight: float = 0.0
    """Weight of the auxiliary action and direction loss on temporal features; 0 switches it off."""
    class_weight: float = 0.0
    """Weight of the auxiliary class loss on spatial features; 0 switches it off."""
    distillation_weight: float = 0.0
    """Weight of a loss that holds the spatial encoder to what its published backbone, trained on a
    million photographs, tells of a frame; 0 switches it off."""
    probing_steps: int = 0
    """Steps in which the fresh heads of the auxiliary losses learn alone, and pull no features."""
    presence_weight: float = 0.0
    """Weight of the loss on whether the actor is there (a network with presence needs it)."""
    flip: bool = False
    """Mirror half of the clips, left and right swapped in their sentences (no-flip: never)."""
    photometry: bool = False
    """Vary exposure, contrast, colour cast, sharpness and compression from clip to clip."""
    zoom: bool = False
    """Show some generated clips nearer, where the border may cut actors, or farther away."""
    wording: bool = False
    """Say generated sentences as people do: a man, a girl; on the grass, holding a ball."""
    seed: int = 0
    """Of the initial weights and the order of samples."""

    def __post_init__(self) -> None:
        at_least(
            1,
            epochs=self.epochs,
            batch=self.batch,
            decay_epochs=self.decay_epochs,
            sentences_per_frame=self.sentences_per_frame,
        )
        at_least(
            0, **{f.name: getattr(self, f.name) for f in fields(self) if f.type in (int, float)}
        )
        if self.seed >= 2**63:
            raise ValueError(f"seed should be below 2**63, got {self.seed}")
        at_most(1, average=self.average)
        at_most(5, frozen_stages=self.frozen_stages)  # an encoder's

    def rate_of_backbone(self, stream: Literal["spatial", "temporal"]) -> float:
        """Factor on the learning rate of one encoder's backbone."""
        of_stream = {"spatial": self.spatial_rate, "temporal": self.temporal_rate}
        return self.backbone_rate * of_stream[stream]
