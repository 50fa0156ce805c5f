"""Settings as frozen dataclasses: what a network is made of, what it is fed, how it is trained."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

SpatialBackbone = Literal["inception_v3", "resnet50", "efficientnet_lite0", "narrow2d"]
TemporalBackbone = Literal["i3d", "s3d", "i3d_short", "narrow3d"]
DataFormat = Literal["a2d", "jhmdb", "synthetic", "composed", "own"]
Split = Literal["train", "test"]
Protocol = Literal["ratio", "coco", "released"]
Device = Literal["auto", "cpu", "cuda"]
Output = Literal[
    "masks", "overlay", "together", "picture", "json", "indexed", "cutout", "numpy", "coco"
]
USUAL_OUTPUTS: tuple[Output, ...] = ("masks", "overlay", "picture", "json")
Precision = Literal["32-true", "bf16-mixed", "16-mixed", "64-true"]
Looks = Literal[1, 2]
"""How often a small actor is looked at: the second time nearer."""
PrecisionInUse = Literal["auto", "32-true", "bf16-mixed"]
Resize = Literal["pad", "fit", "squash"]
CameraMotion = Literal["kept", "compensated"]


def at_least(least: int, **settings: int | float) -> None:
    """Refuse settings below a bound, and those that are no finite number."""
    for name, value in settings.items():
        if not least <= value < math.inf:
            raise ValueError(f"{name} should be at least {least}, got {value}")


@dataclass(frozen=True)
class ClipConfig:
    """What one look at a video is: how many frames, how far apart, at which size.

    The window of ``frames`` frames, ``step`` apart, has the target frame at index ``frames // 2``
    (section 4.2: "the annotated target frame is in the middle"). Frame numbers outside the video
    are clamped to its ends. Frames are brought to ``size`` × ``size`` pixels, or fitted into them.
    """

    frames: int = 8
    """Frames of a clip; the target is number frames // 2, counted from 0."""
    step: int = 2
    """Frames of the video from one frame of the clip to the next."""
    size: int = 320
    """Longer side of the network's input in pixels; a multiple of 32 lines the stages up."""
    resize: Resize = "pad"
    """Pad: shape kept, zeros around to a square (section 4.2). Fit: shape kept to multiples of 32
    and no padding, which saves its time; in training as pad. Squash: to the square, as in the
    release."""
    camera_motion: CameraMotion = "kept"
    """Kept: a clip is seen as it was filmed. Compensated: all its frames as from where the camera
    was in the target frame, so that only actors move (:mod:`cstm.data.camera_motion`)."""

    def __post_init__(self) -> None:
        at_least(1, frames=self.frames, step=self.step, size=self.size)

    @property
    def in_training(self) -> "ClipConfig":
        """What training sees, whose batches hold frames of all shapes."""
        return replace(self, resize="pad") if self.resize == "fit" else self


@dataclass(frozen=True)
class ModelConfig:
    """The parts of a network.

    Either encoder may be absent: the spatial-only and temporal-only networks of training stage
    one are the same class as the joint one. A network without CMAM gets its language by
    concatenation in the decoder, as the baselines of Table 3a do.
    """

    spatial: SpatialBackbone | None = "inception_v3"
    """Encoder of the target frame; None for a temporal-only network."""
    temporal: TemporalBackbone | None = "i3d"
    """Encoder of the clip; None for a spatial-only network."""
    cmam_stages: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Encoder stages (1-5) followed by a CMAM (Table 3c)."""
    attention: Literal["written", "pooled"] = "written"
    """CMAM by the word × position map A of equations 1-4 as written, or by its pooled identity."""
    modulation: Literal["written", "centred"] = "written"
    """Gates of CMAM: 1 + σ as equation 6 has it, or 2σ, which begins at 1: see CMAM."""
    coordinates: Literal["convolved", "added"] = "convolved"
    """Coordinates concatenated before a 3×3 convolution, or added after a learned 1×1."""
    fusion: Literal["lgfs", "add", "max"] = "lgfs"
    """How the decoder merges the two encoders (Table 3b)."""
    decoder: Literal["full", "lean", "refined"] = "full"
    """Full: 3×3 laterals, two 3×3 per response head. Lean: 1×1 laterals, one 3×3. Refined: 1×1
    laterals, residual blocks on the sums of equation 9, a narrow finest stage."""
    decoder_channels: int = 256
    """Channels of the decoder's features; of a refined one's finest stage a third."""
    word_channels: int = 300
    """Width of a word vector."""
    language_channels: int = 300
    """C_L, width of the linguistic feature."""
    relation_channels: int = 300
    """C_M, width of the subspace in which words and positions are compared."""
    width: int = 16
    """Channels of the first stage of the narrow backbones."""
    presence: Literal["none", "pooled"] = "none"
    """Pooled: the decoder also tells whether the actor is on the frame at all."""
    presence_threshold: float = 0.5
    """There is a mask where the decoder's probability of the actor being there, before calibration,
    is at least this."""

    def __post_init__(self) -> None:
        at_least(
            1,
            decoder_channels=self.decoder_channels,
            word_channels=self.word_channels,
            language_channels=self.language_channels,
            relation_channels=self.relation_channels,
            width=self.width,
        )
        if self.decoder == "refined":
            at_least(3, decoder_channels=self.decoder_channels)
        if self.spatial is None and self.temporal is None:
            raise ValueError("a network needs a spatial or a temporal encoder; both are None")
        if any(stage not in range(1, 6) for stage in self.cmam_stages):
            raise ValueError(f"cmam_stages are numbers from 1 to 5, got {self.cmam_stages}")
        if len(set(self.cmam_stages)) < len(self.cmam_stages):
            raise ValueError(f"each of cmam_stages stands there once, got {self.cmam_stages}")
        if not 0 < self.presence_threshold < 1:
            raise ValueError(
                f"presence_threshold should be between 0 and 1, got {self.presence_threshold}"
            )


@dataclass(frozen=True)
class ReleasedConfig:
    """The network that the paper's authors released: nothing in it is to be chosen."""

    layout: Literal["released"] = "released"
    """Tells it from a :class:`ModelConfig` where settings are written down."""


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
            0,
            samples=self.samples,
            seed=self.seed,
            frozen_stages=self.frozen_stages,
            learning_rate=self.learning_rate,
            backbone_rate=self.backbone_rate,
            spatial_rate=self.spatial_rate,
            temporal_rate=self.temporal_rate,
            language_rate=self.language_rate,
            warm_up_steps=self.warm_up_steps,
            positive_weight=self.positive_weight,
            dice_weight=self.dice_weight,
            motion_weight=self.motion_weight,
            class_weight=self.class_weight,
            distillation_weight=self.distillation_weight,
            probing_steps=self.probing_steps,
            presence_weight=self.presence_weight,
        )
        if self.frozen_stages > 5:
            raise ValueError(f"an encoder has five stages, got frozen_stages {self.frozen_stages}")
        if self.seed >= 2**63:
            raise ValueError(f"seed should be below 2**63, got {self.seed}")
        if not 0 <= self.average <= 1:
            raise ValueError(f"average should be at least 0 and at most 1, got {self.average}")

    def rate_of_backbone(self, stream: Literal["spatial", "temporal"]) -> float:
        """Factor on the learning rate of one encoder's backbone."""
        of_stream = {"spatial": self.spatial_rate, "temporal": self.temporal_rate}
        return self.backbone_rate * of_stream[stream]


@dataclass(frozen=True)
class Experiment:
    """A network, its input, and the schedules of the paper's two training stages."""

    model: ModelConfig | ReleasedConfig = field(default_factory=ModelConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)
    encoders: Schedule = field(default_factory=Schedule)
    """Stage one: the spatial and the temporal network, each on its own; lite has none."""
    decoder: Schedule = field(default_factory=lambda: Schedule(epochs=4))
    """Stage two: a fresh decoder on both encoders; of lite and --start, the whole network."""
    joint: Literal["decoder", "all", "alone"] = "decoder"
    """What stage two trains: the decoder on fixed encoders (section 4.2), or all together. Alone:
    all together from the backbones' weights, without a stage one."""

    def __post_init__(self) -> None:
        if isinstance(self.model, ReleasedConfig) and (
            self.clip.frames != 8 or self.clip.size % 32
        ):
            raise ValueError(
                "the released network takes clips of 8 frames, at a size that is a multiple of 32, "
                f"got {self.clip.frames} at {self.clip.size}"
            )

    def seeing(
        self,
        size: int | None = None,
        resize: Resize | None = None,
        camera_motion: CameraMotion | None = None,
    ) -> "Experiment":
        """The same for frames of another size, or brought to it in another way; None: as now.

        Raises:
            ValueError: a size below 32.
        """
        if size is not None:
            at_least(32, size=size)
        asked = {"size": size, "resize": resize, "camera_motion": camera_motion}
        changed = {name: value for name, value in asked.items() if value is not None}
        return replace(self, clip=replace(self.clip, **changed))
