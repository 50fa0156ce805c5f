"""An experiment that trains in seconds and has every part that a run must keep."""

from dataclasses import replace

from cstm.config import ClipConfig, Experiment
from cstm.experiments import get_experiment
from cstm.schedule import Schedule

SCHEDULE = Schedule(
    epochs=2, batch=4, learning_rate=1e-3, sentences_per_frame=2, motion_weight=0.5, flip=True,
    backbone_rate=0.5, average=0.9, presence_weight=0.5, class_weight=0.5,
)  # fmt: skip
EXPERIMENT = Experiment(
    model=replace(get_experiment("tiny").model, width=4, decoder_channels=8, presence="pooled"),
    clip=ClipConfig(size=64),
    encoders=SCHEDULE,
    decoder=replace(SCHEDULE, epochs=1, motion_weight=0.0),
)
