"""Named experiments as data: the paper's network, its ablations (Table 3), and lighter ones."""

from dataclasses import replace

from cstm.config import ClipConfig, Experiment, ModelConfig, ReleasedConfig
from cstm.faults import hint
from cstm.schedule import Schedule

PAPER = ModelConfig()
"""Inception V3 + I3D + CMAM in every stage + LGFS: the network of Tables 1-4."""

WITHOUT_CMAM = replace(PAPER, cmam_stages=())
"""Language meets vision in the decoder only (Table 3a, rows 1-4)."""

FAST = replace(PAPER, attention="pooled", coordinates="added", decoder="lean", decoder_channels=128)
"""The paper's encoders and equations 1-9 in their cheap exact forms, and a lean decoder."""

LITE = replace(
    FAST,
    spatial="efficientnet_lite0",
    temporal="i3d_short",
    # The temporal stage 1 is pixels: nothing that a word could be about.
    cmam_stages=(2, 3, 4, 5),
    modulation="centred",
    decoder="refined",
    decoder_channels=96,
    language_channels=192,
    relation_channels=96,
    presence="pooled",
)
"""Light pretrained encoders, as the paper's outlook asks for, and an answer to "is it there?"."""

TINY = replace(
    FAST,
    spatial="narrow2d",
    temporal="narrow3d",
    width=16,
    decoder_channels=32,
    word_channels=64,
    language_channels=64,
    relation_channels=64,
)
"""Narrow enough to train from nothing on two cores."""

_TINY_SCHEDULE = Schedule(
    epochs=2,
    batch=16,
    learning_rate=2e-3,
    decay="cosine",
    warm_up_steps=100,
    sentences_per_frame=2,
    dice_weight=1.0,
    motion_weight=0.5,
    flip=True,
)

_LITE_SCHEDULE = Schedule(
    epochs=2,
    batch=8,
    learning_rate=1e-3,
    backbone_rate=0.1,
    frozen_stages=2,
    batch_norm="fixed",
    average=0.998,
    decay="cosine",
    warm_up_steps=100,
    sentences_per_frame=2,
    dice_weight=1.0,
    motion_weight=0.5,
    presence_weight=0.5,
    flip=True,
    photometry=True,
    zoom=True,
    wording=True,
)

EXPERIMENTS: dict[str, Experiment] = {
    "paper": Experiment(PAPER),
    "fast": Experiment(FAST),
    "lite": Experiment(
        LITE,
        clip=ClipConfig(resize="fit", camera_motion="compensated"),
        encoders=_LITE_SCHEDULE,
        decoder=_LITE_SCHEDULE,
        # Both backbones are pretrained: a stage one of their own would cost more than it brings.
        joint="alone",
    ),
    "tiny": Experiment(
        TINY,
        clip=ClipConfig(size=128),
        encoders=_TINY_SCHEDULE,
        decoder=replace(_TINY_SCHEDULE, epochs=1, motion_weight=0.0),
    ),
    "table3a-spatial": Experiment(replace(WITHOUT_CMAM, temporal=None)),
    "table3a-temporal": Experiment(replace(WITHOUT_CMAM, spatial=None)),
    "table3a-both": Experiment(replace(WITHOUT_CMAM, fusion="add")),
    "table3a-lgfs": Experiment(WITHOUT_CMAM),
    "table3b-max": Experiment(replace(WITHOUT_CMAM, fusion="max")),
    "table3c-5": Experiment(replace(PAPER, cmam_stages=(5,))),
    "table3c-45": Experiment(replace(PAPER, cmam_stages=(4, 5))),
    "table3c-345": Experiment(replace(PAPER, cmam_stages=(3, 4, 5))),
    "table3c-2345": Experiment(replace(PAPER, cmam_stages=(2, 3, 4, 5))),
    "table3d-r50-s3d": Experiment(replace(PAPER, spatial="resnet50", temporal="s3d")),
    "table3d-r50-i3d": Experiment(replace(PAPER, spatial="resnet50")),
    "table3d-iv3-s3d": Experiment(replace(PAPER, temporal="s3d")),
    "released": Experiment(ReleasedConfig(), ClipConfig(resize="squash")),
}
"""Every experiment by its name; ``paper`` is also the last row of Table 3a, 3c and 3d.

``released`` is the authors' network, for the weights they published; it can't be trained.
"""


def get_experiment(name: str) -> Experiment:
    """Look an experiment up by name.

    Raises:
        ValueError: there is none of that name; the message says which come close.
    """
    if name in EXPERIMENTS:
        return EXPERIMENTS[name]
    raise ValueError(f"no experiment is named {name!r}; {hint(name, EXPERIMENTS)}")
