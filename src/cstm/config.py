"""Settings as frozen dataclasses: what a network is made of, and what it is fed."""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from cstm.bounds import at_least, at_most
from cstm.schedule import Schedule

SpatialBackbone = Literal["inception_v3", "resnet50", "efficientnet_lite0", "narrow2d"]
TemporalBackbone = Literal["i3d", "s3d", "i3d_short", "narrow3d"]
AttentionStyle = Literal["written", "pooled"]
ModulationStyle = Literal["written", "centred"]
CoordinatesStyle = Literal["convolved", "added"]
Fusion = Literal["lgfs", "add", "max"]
DecoderStyle = Literal["full", "lean", "refined"]
DataFormat = Literal["a2d", "jhmdb", "synthetic", "composed", "own"]
Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
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
    was in the target frame, so that only actors move (:mod:`cstm.data.frames.camera_motion`)."""

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
    attention: AttentionStyle = "written"
    """CMAM by the word × position map A of equations 1-4 as written, or by its pooled identity."""
    modulation: ModulationStyle = "written"
    """Gates of CMAM: 1 + σ as equation 6 has it, or 2σ, which begins at 1: see CMAM."""
    coordinates: CoordinatesStyle = "convolved"
    """Coordinates concatenated before a 3×3 convolution, or added after a learned 1×1."""
    fusion: Fusion = "lgfs"
    """How the decoder merges the two encoders (Table 3b)."""
    decoder: DecoderStyle = "full"
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
class Experiment:
    """A network, its input, and the schedules of the paper's two training stages."""

    model: ModelConfig | ReleasedConfig = field(default_factory=ModelConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)
    encoders: Schedule = field(default_factory=Schedule)
    """Stage one: the spatial and the temporal network, each on its own; lite has none."""
    decoder: Schedule = field(default_factory=lambda: Schedule(epochs=4))
    """Stage two: a fresh decoder on both encoders; of lite, the whole network at once."""
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
            ValueError: a size below 32, or larger than any picture.
        """
        at_least(32, size=size)
        at_most(32_768, size=size)
        asked = {"size": size, "resize": resize, "camera_motion": camera_motion}
        changed = {name: value for name, value in asked.items() if value is not None}
        return replace(self, clip=replace(self.clip, **changed))
