"""Commands for people with a dataset: synthesize, train, evaluate, profile."""

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

from rich.console import Console
from tyro.conf import Positional, arg

from cstm.config import DataFormat, Device, Experiment, Split
from cstm.experiments import get_experiment


def synthesize(
    root: Positional[Path],
    *,
    clips: int = 2000,
    test_clips: int = 300,
    seed: int = 0,
    size: tuple[int, int] = (320, 240),
    frames: int = 32,
    workers: int | None = None,
) -> None:
    """Draw a small world to train on, in the exact on-disk format of A2D Sentences.

    Args:
        root: Folder to write; it must be new or empty.
        clips: Training clips.
        test_clips: Test clips; their seeds never meet those of training.
        seed: The same seed gives the same files, whatever the number of workers.
        size: Width and height of the clips in pixels.
        frames: Frames of a clip, at 24 a second.
        workers: Processes; one for each processor if not given.
    """
    from cstm.data.synthetic import synthesize as write_world

    write_world(root, clips, test_clips, seed=seed, size=size, frames=frames, workers=workers)
    print(f"{clips} training and {test_clips} test clips written to {root}")


def train(
    experiment: Positional[str],
    *,
    root: Path,
    out: Path,
    data: DataFormat = "a2d",
    prepared: Path | None = None,
    validation_samples: int = 300,
    device: Device = "auto",
    precision: Literal["32-true", "bf16-mixed"] = "32-true",
    compiled: bool = False,
    vectors: Path | None = None,
    settings: Annotated[Experiment, arg(name="")] = Experiment(),  # noqa: B008
) -> None:
    """Train an experiment by the paper's two stages, or resume a run where it was stopped.

    First the spatial and the temporal network, each on its own; then both encoders are fixed and
    a fresh decoder is trained on them. OUT/cstm.safetensors is the result.

    Example: cstm train tiny --data synthetic --root world --out runs/tiny

    Args:
        experiment: Name of the experiment: paper, fast, tiny, or a row of Table 3.
        root: Folder of the dataset.
        out: Folder of the run; give the same one again to resume.
        data: Format of the dataset; synthetic is A2D's with the side files of `cstm synthesize`.
        prepared: Where decoded clips are kept; runs can share it. OUT/prepared if not given.
        validation_samples: Test samples evaluated after every epoch; 0 for none.
        device: Where to compute; auto takes a GPU if there is one.
        precision: Of the computation; weights stay in single precision.
        compiled: Compile the network first: minutes once, then up to twice as fast.
        vectors: GloVe text file (.txt, .gz, .zip), kept fixed; vectors are learned if not given.
        settings: Settings of the experiment, all of which can be changed here.
    """
    from lightning_fabric import Fabric

    from cstm.inference.load import pick_device
    from cstm.training.run import Run
    from cstm.training.run import train as train_run
    from cstm.training.watch import watch

    if not root.is_dir():
        raise ValueError(f"no dataset at {root}; give its folder as --root")
    run = Run(
        experiment=settings,
        name=experiment,
        data=data,
        root=root,
        out=out,
        prepared=prepared or out / "prepared",
        validation_samples=validation_samples,
        compiled=compiled,
        vectors=vectors,
    )
    fabric = Fabric(accelerator=pick_device(device).type, devices=1, precision=precision)
    watch(train_run(run, fabric))
    print(f"trained {experiment}: {out / 'cstm.safetensors'}")


def evaluate(
    weights: Positional[str],
    *,
    root: Path,
    data: DataFormat = "a2d",
    split: Split = "test",
    samples: int | None = None,
    device: Device = "auto",
    batch: int = 16,
    workers: int = 2,
    json: bool = False,
) -> None:
    """Measure a network on a dataset: P@0.5-0.9, AP, overall and mean IoU at native resolution.

    The ratio protocol of A2D Sentences' authors, as the paper uses it. Where the sentences have
    tags or look-alikes, the numbers are broken down by them.

    Args:
        weights: Name of weights that come with the package, or a checkpoint's path.
        root: Folder of the dataset.
        data: Format of the dataset; synthetic is A2D's with the side files of `cstm synthesize`.
        split: Part of the dataset.
        samples: Only so many samples, spread evenly; all if not given.
        device: Where to compute; auto takes a GPU if there is one.
        batch: Samples computed at once.
        workers: Processes that decode.
        json: Print JSON instead of tables.
    """
    from cstm.data.datasets import open_dataset
    from cstm.evaluation.evaluate import evaluate as run_over
    from cstm.evaluation.evaluate import spread
    from cstm.evaluation.metrics import RatioProtocol
    from cstm.evaluation.tables import metric_tables
    from cstm.inference.load import find_weights, pick_device
    from cstm.progress import track
    from cstm.training.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(find_weights(weights))
    network = checkpoint.network.to(pick_device(device))
    dataset = open_dataset(data, root, split, checkpoint.experiment.clip)
    indices = spread(len(dataset), len(dataset) if samples is None else samples)
    metric = RatioProtocol()
    counts = run_over(
        network,
        checkpoint.vocabulary,
        dataset,
        checkpoint.experiment.clip,
        metric,
        indices,
        batch,
        workers,
    )
    track(counts, len(indices), "evaluating")
    result = metric.compute()
    if json:
        print(json_format.dumps(result))
    else:
        Console().print(*metric_tables(result))


def profile(experiment: Positional[str], *, json: bool = False) -> None:
    """Count parameters and multiply-adds of an experiment, in seconds and without running it.

    Args:
        experiment: Name of the experiment: paper, fast, tiny, or a row of Table 3.
        json: Print JSON instead of a table.
    """
    from cstm.evaluation.cost import profile as count
    from cstm.evaluation.tables import cost_table

    settings = get_experiment(experiment)
    cost = count(settings)
    if json:
        print(json_format.dumps(cost))
    else:
        Console().print(cost_table(experiment, settings.clip, cost))
