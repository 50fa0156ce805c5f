"""A whole training run: data made ready once, then every stage, each where it was left."""

import platform
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor

from cstm.config import DataFormat, Experiment
from cstm.data.datasets import open_dataset
from cstm.data.prepared import PreparedSamples, prepare
from cstm.data.words import UNKNOWN, Vocabulary, read_word_vectors
from cstm.evaluation.evaluate import evaluate, spread
from cstm.evaluation.metrics import RatioProtocol
from cstm.model.network import ActorSegmenter
from cstm.progress import track
from cstm.training.checkpoint import load_checkpoint, save_checkpoint
from cstm.training.fit import Step, fit
from cstm.training.stages import Stage, build_network, stages_of


@dataclass(frozen=True)
class Run:
    """Where a run gets its samples and where it leaves its results."""

    experiment: Experiment
    name: str
    """The experiment's name, for the provenance."""
    data: DataFormat
    root: Path
    """The dataset's folder, with the splits train and test."""
    out: Path
    prepared: Path
    """Folder for the decoded samples; runs with the same clip settings can share it."""
    validation_samples: int = 300
    """Samples of the test split, spread evenly, evaluated after every epoch; 0 for none."""
    compiled: bool = False
    vectors: Path | None = None
    """GloVe text file; None to learn word vectors."""


def train(run: Run, fabric: Fabric) -> Iterator[tuple[Stage, Step]]:
    """Train all stages of an experiment, yielding after every step.

    Raises a ValueError if ``out`` holds a run with other settings.

    Finished stages are left as they are and an unfinished one goes on after its last whole epoch,
    so that the same call resumes a run. At the end ``out/cstm.safetensors`` holds the network.
    """
    clip = run.experiment.clip
    folder = run.prepared / f"{clip.frames}x{clip.step}-{clip.size}"
    samples = open_dataset(run.data, run.root, "train", clip)
    if not folder.exists():
        frames = len({(pair.video, pair.frame) for pair in samples.pairs})
        track(prepare(samples, clip, folder), frames, "decoding clips")
    prepared = PreparedSamples(folder, samples)
    vocabulary = Vocabulary.of_sentences(prepared.sentences)
    vectors = None
    if run.vectors is not None:
        vectors = pretrained_vectors(run.vectors, vocabulary, run.experiment.model.word_channels)
    test = open_dataset(run.data, run.root, "test", clip) if run.validation_samples else None

    def validate(network: ActorSegmenter) -> dict[str, Any]:
        assert test is not None
        metric = RatioProtocol()
        indices = spread(len(test), run.validation_samples)
        counts = evaluate(network, vocabulary, test, clip, metric, indices)
        track(counts, len(indices), "validating")
        return {name: v for name, v in metric.compute().items() if not isinstance(v, dict)}

    stages = stages_of(run.experiment)
    for stage in stages:
        network = build_network(stage, vocabulary, run.out, vectors)
        steps = fit(
            fabric,
            network,
            prepared,
            vocabulary,
            replace(run.experiment, model=stage.model),
            stage.schedule,
            run.out / stage.name,
            provenance(run, stage),
            validate if run.validation_samples else None,
            run.compiled,
        )
        for step in steps:
            yield stage, step
    final = load_checkpoint(run.out / stages[-1].name / "last.safetensors")
    save_checkpoint(run.out / "cstm.safetensors", final)


def pretrained_vectors(
    path: Path, vocabulary: Vocabulary, channels: int
) -> Float[Tensor, "vocabulary channel"]:
    """Word vectors in the vocabulary's order; padding and words that the file lacks have zeros.

    Raises:
        ValueError: the file is no GloVe file, or its vectors are of another width.
    """
    found = read_word_vectors(path, vocabulary.words)
    if not found:
        raise ValueError(
            f"{path} has none of the {len(vocabulary.words)} words of the dataset's sentences; "
            "expected GloVe's text format, with lower-case words"
        )
    table = torch.zeros(len(vocabulary), channels)
    for number, word in enumerate(vocabulary.words, start=UNKNOWN + 1):
        if word not in found:
            continue
        if len(found[word]) != channels:
            raise ValueError(
                f"{path} holds vectors of {len(found[word])} numbers and the network expects "
                f"{channels}; set --model.word-channels {len(found[word])}"
            )
        table[number] = torch.from_numpy(found[word])
    return table


def provenance(run: Run, stage: Stage) -> dict[str, Any]:
    """Say where the weights of a stage come from."""
    return {
        "experiment": run.name,
        "stage": stage.name,
        "data": f"{run.data}: {run.root.name}",
        "date": time.strftime("%Y-%m-%d"),
        "revision": _revision(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "hardware": _hardware(),
    }


def _hardware() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU threads ({platform.machine()})"


def _revision() -> str | None:
    """Git revision of the code, where it runs from a checkout of its own."""
    here = Path(__file__).resolve().parents[3]
    if not (here / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(here), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
