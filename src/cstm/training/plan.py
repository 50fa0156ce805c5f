"""What training is asked to do: a whole run, each network of it, and how it is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cstm.bounds import at_least
from cstm.config import Experiment
from cstm.data.feeding.mixture import Mixture, Source
from cstm.data.language.words import Vocabulary
from cstm.model.backbones import Backbone
from cstm.model.network import STREAMS, ActorSegmenter, StreamName
from cstm.model.pretrained import Take
from cstm.schedule import Schedule
from cstm.training.stages import stages_of


@dataclass(frozen=True)
class Pace:
    """How a task is computed, which its result does not depend on.

    Except for what sees the parts of an accumulated batch one at a time: BatchNorm, and the means
    of the auxiliary losses (motion, class, distillation); and where there are fewer samples than a
    batch takes, of which some come twice until all parts are alike.
    """

    accumulate: int = 1
    """Parts in which each process computes its share of a batch, one after the other."""
    compiled: bool = False
    """Whether the network is compiled first, which takes minutes and a C++ compiler."""
    save_minutes: float = 10.0
    """At most so much work is lost when the process is killed; epochs are always saved."""
    workers: int = 0
    """Processes that read or draw every sample when it is due; 0: all are decoded once, before."""

    def __post_init__(self) -> None:
        at_least(1, accumulate=self.accumulate)
        at_least(0, save_minutes=self.save_minutes, workers=self.workers)


@dataclass(frozen=True)
class Run:
    """Where a run gets its samples and where it leaves its results."""

    experiment: Experiment
    name: str
    """The experiment's name, for the provenance."""
    sources: tuple[Source, ...]
    """Datasets, each with the split train; those that have test are validated on."""
    out: Path
    prepared: Path
    """Folder for the decoded samples; runs with the same clip settings can share it."""
    composed_clips: range | None = None
    """Numbers of the composed clips to train on; the usual ones if None."""
    composed_motions: Mapping[str, float] = field(default_factory=dict)
    """Motions that are drawn more often in them than usual, and how many times as often."""
    validation_samples: int = 300
    """Samples of each test split, spread evenly, evaluated after every epoch; 0 for none."""
    start: Path | None = None
    """Checkpoint of a network of the same kind to go on from; None to train one from its backbones.
    """
    vectors: Path | None = None
    """File in GloVe's text format, or ``glove``, the published one; None to learn word vectors."""
    words: int = 0
    """How many of that file's commonest words to know besides those of the sentences."""
    spatial_weights: str | None = None
    """What its backbone starts from: see :func:`cstm.model.pretrained.find_backbone_weights`."""
    temporal_weights: str | None = None
    take: Take = "whole"
    """Whether the backbones' files must fit as a whole."""
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        at_least(0, validation_samples=self.validation_samples, words=self.words)
        if self.words and self.vectors is None:
            raise ValueError("--words are of a file of word vectors; name it with --vectors")
        for stream in STREAMS:
            if self.weights_of(stream) and getattr(self.experiment.model, stream, stream) is None:
                raise ValueError(
                    f"{self.name} has no {stream} encoder; leave out --{stream}-weights"
                )
        if self.start is not None:
            (stage,) = stages_of(self.experiment, start=True)
            distils = stage.schedule.distillation_weight
            if self.temporal_weights or (self.spatial_weights and not distils):
                stream = "temporal" if self.temporal_weights else "spatial"
                raise ValueError(
                    f"with --start all weights are those of {self.start.name}; leave out "
                    f"--{stream}-weights"
                )

    def weights_of(self, stream: StreamName) -> str | None:
        """What is named for a backbone; None for the published weights."""
        return {"spatial": self.spatial_weights, "temporal": self.temporal_weights}[stream]


@dataclass(frozen=True)
class Task:
    """One network to fit, and all that its weights depend on."""

    network: ActorSegmenter
    samples: Mixture
    vocabulary: Vocabulary
    experiment: Experiment
    schedule: Schedule
    origin: Mapping[str, Any]
    """What else decides the weights: data, words, vectors, what the encoders start from."""
    provenance: Mapping[str, Any]
    teacher: Backbone | None = None
    """The spatial backbone as published, where the schedule distils from it."""
