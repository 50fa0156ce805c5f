"""Commands that measure: evaluate, profile."""

import json as json_format
from pathlib import Path

from rich.console import Console
from tyro.conf import Positional

from cstm.config import DataFormat, Device, Split
from cstm.experiments import get_experiment


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
    from cstm.inference.load import find_weights
    from cstm.processes import pick_device
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
