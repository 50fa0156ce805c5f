"""Samples a second: what the reader and prepared batches give, against what training takes.

Run by hand, on a machine that does nothing else::

    python benchmarks/feeding.py tiny --root world --data synthetic \
        --prepared runs/tiny/prepared/synthetic-world-8x2-128
"""

import itertools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

import torch
import tyro
from torch.utils.data import DataLoader

from cstm.bounds import at_least
from cstm.config import DataFormat
from cstm.data.datasets import open_dataset
from cstm.data.feeding.mixture import Mixture
from cstm.data.feeding.prepared import PreparedSamples
from cstm.data.feeding.rows import Batch
from cstm.experiments import get_experiment
from cstm.processes import pick_device
from cstm.training.batches import Share, batches
from cstm.training.fit import parameter_groups
from cstm.training.objective import Objective
from cstm.training.stages import build_stage, stages_of
from cstm.training.vocabulary import vocabulary_of

ROUNDS = 5


def rate(steps: Iterable[int], count: int) -> float:
    """Median samples a second of rounds of ``count`` steps, which tell how many samples they are.

    The first step, which starts workers or allocates memory, does not count.
    """
    source = iter(steps)
    next(source)
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        done = sum(next(source) for _ in range(count))
        rates.append(done / (time.perf_counter() - start))
    return median(rates)


def main(
    experiment: tyro.conf.Positional[str],
    root: Path,
    prepared: Path,
    data: DataFormat = "a2d",
    count: int = 10,
    workers: int = 2,
    reduced: bool = False,
) -> None:
    """Print medians of five rounds of ``count`` batches, and their ratios to the training step.

    That of the first stage is the cheapest of all, and so the hardest to keep up with; ``reduced``
    computes it in bfloat16 where that is as good, as `--precision bf16-mixed` does.
    ``prepared`` is one of the folders in which `cstm train` keeps decoded clips.
    """
    at_least(1, count=count)
    settings, device = get_experiment(experiment), pick_device("auto")
    samples = open_dataset(data, root, "train", settings.clip)
    ready = PreparedSamples(prepared, samples)
    stage = stages_of(settings)[0]
    vocabulary = vocabulary_of(ready.pairs, [stage.schedule])
    size, mixture = stage.schedule.batch, Mixture([ready], [1.0])

    def fed() -> Iterator[Batch]:
        for epoch in itertools.count():
            for (batch,) in batches(mixture, vocabulary, stage.schedule, epoch, 0, Share()):
                yield batch

    def steps() -> Iterator[int]:
        network = build_stage(stage, vocabulary, Path())
        objective = Objective(network, stage.schedule).to(device).train()
        optimizer = torch.optim.Adam(parameter_groups(objective), lr=1e-4)
        for batch in fed():
            with torch.autocast(device.type, torch.bfloat16, enabled=reduced):
                loss, _ = objective(*(tensor.to(device) for tensor in batch[:-1]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()  # waits for the device
            yield size

    loader = DataLoader(samples, size, collate_fn=len, num_workers=workers)  # pyright: ignore[reportArgumentType]
    reading = rate(itertools.chain.from_iterable(itertools.repeat(loader)), count)
    feeding = rate((len(batch.name) for batch in fed()), count)
    taking = rate(steps(), count)
    print(f"training, {stage.name:18} {taking:9.1f} samples/s")
    print(f"reader, {workers:2} workers {reading:18.1f}  {reading / taking:.1f}×")
    print(f"prepared batches {feeding:20.1f}  {feeding / taking:.1f}×")


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except ValueError as error:
        raise SystemExit(str(error)) from None
