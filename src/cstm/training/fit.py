"""One training loop, called for the spatial network, the temporal network and the joint decoder."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn import Parameter
from torch.utils.tensorboard import SummaryWriter

from cstm.data.feeding.rows import Batch
from cstm.model.network import STREAMS, ActorSegmenter
from cstm.processes import mean_over_processes
from cstm.schedule import Schedule
from cstm.training.average import Average
from cstm.training.batch_norm import synchronize
from cstm.training.batches import Share, batches, steps_of_epoch
from cstm.training.checkpoint import Checkpoint, save_checkpoint
from cstm.training.objective import Objective
from cstm.training.plan import Pace, Task
from cstm.training.state import State

Validate = Callable[[ActorSegmenter], Mapping[str, Any]]

GRADIENT_NORM = 10.0
"""Gradients are clipped to this norm, which only a wild step reaches."""


@dataclass(frozen=True)
class Step:
    """What one optimizer step tells whoever watches."""

    epoch: int
    step: int
    steps: int
    """Steps of the whole run."""
    values: Mapping[str, float]
    """Losses and accuracies."""
    samples_per_second: float


def learning_rate(step: int, steps_per_epoch: int, schedule: Schedule) -> float:
    """Learning rate of a step, counted from 0: warm-up, then step or cosine decay (section 4.2)."""
    warm_up = min(1.0, (step + 1) / max(1, schedule.warm_up_steps))
    if schedule.decay == "step":
        decay = 0.1 ** (step // steps_per_epoch // schedule.decay_epochs)
    else:
        decay = 0.5 * (1 + math.cos(math.pi * step / (steps_per_epoch * schedule.epochs)))
    return schedule.learning_rate * warm_up * decay


def parameter_groups(objective: Objective) -> list[dict[str, Any]]:
    """Parameters that learn, each group with the ``factor`` on its learning rate."""
    network, schedule = objective.network, objective.schedule
    factors: dict[Parameter, float] = {}
    for name in STREAMS:
        stream = getattr(network, name)
        if stream is not None:
            rates: dict[nn.Module, float] = {
                stream.backbone: schedule.rate_of_backbone(name),
                stream.language: schedule.language_rate,
                stream.cmam: schedule.language_rate,
            }
            for part, factor in rates.items():
                factors |= dict.fromkeys(part.parameters(), factor)
    groups: dict[float, list[Parameter]] = {}
    for parameter in objective.parameters():
        if parameter.requires_grad:
            groups.setdefault(factors.get(parameter, 1.0), []).append(parameter)
    return [{"params": parameters, "factor": factor} for factor, parameters in groups.items()]


def fit(
    fabric: Fabric, task: Task, folder: Path, pace: Pace, validate: Validate | None = None
) -> Iterator[Step]:
    """Train a network's unfrozen parameters, yielding after every step.

    ``folder`` holds ``state.pt``, from which a run that was stopped at any moment goes on with the
    very numbers it would have had; and after every epoch ``last.safetensors``, ``best.safetensors``
    (by the mean IoU of ``validate``; of the averaged weights, if the schedule asks for them), one
    more line in ``metrics.jsonl``, and TensorBoard's files.

    Raises:
        ValueError: the loss or a gradient is not a number; the message names the samples of that
            batch. Or the folder holds a run with other settings.
    """
    schedule = task.schedule
    share = Share(fabric.global_rank, fabric.world_size, pace.accumulate)
    torch.manual_seed(schedule.seed)
    objective = Objective(task.network, schedule, task.teacher)
    synchronize(objective)
    if pace.compiled:
        task.network.compile()
    adam = torch.optim.Adam(parameter_groups(objective), lr=schedule.learning_rate)
    model, optimizer = fabric.setup(objective, adam)
    average = None
    if schedule.average:
        settled = schedule.warm_up_steps + schedule.probing_steps
        average = Average(task.network, schedule.average, settled)
    kept = task.network if average is None else average.network
    state = State(folder, fabric, objective, optimizer, average, task)
    progress = state.resume()

    steps = steps_of_epoch(task.samples, schedule)
    batch = min(schedule.batch, task.samples.epoch_size)
    if progress.step >= steps * schedule.epochs:
        return
    writer = None
    if fabric.is_global_zero:
        writer = SummaryWriter(str(folder / "tensorboard"), purge_step=progress.step)
    saved = time.monotonic()
    for epoch in range(progress.step // steps, schedule.epochs):
        model.train()
        began, first, rate = time.perf_counter(), progress.step % steps, 0.0
        shares = batches(task.samples, task.vocabulary, schedule, epoch, first, share, pace.workers)
        for parts in shares:
            step = progress.step
            for group in optimizer.param_groups:
                group["lr"] = group["factor"] * learning_rate(step, steps, schedule)
            objective.probing = step < schedule.probing_steps
            values = _optimize(fabric, model, optimizer, parts, step)
            if average is not None:
                average.update(task.network, step)
            progress.note(values)
            done = step + 1 - epoch * steps - first
            rate = batch * done / (time.perf_counter() - began)
            if writer is not None and step % 20 == 0:
                for name, value in values.items():
                    writer.add_scalar(f"train/{name}", value, step)
                writer.add_scalar("train/samples_per_second", rate, step)
            yield Step(epoch, step, steps * schedule.epochs, values, rate)
            if progress.step % steps and time.monotonic() - saved >= 60 * pace.save_minutes:
                state.save()
                saved = time.monotonic()

        metrics: dict[str, Any] = {"epoch": epoch + 1, **progress.means()}
        metrics["samples_per_second"] = round(rate, 1)
        if validate is not None:
            model.eval()
            metrics["validation"] = dict(validate(kept))
        if writer is not None:
            for name, value in numbers(metrics.get("validation", {}), "validation"):
                writer.add_scalar(name, value, progress.step)
            writer.flush()
        progress.end_epoch(metrics)
        if fabric.is_global_zero:
            trace = {**task.provenance, "epochs": epoch + 1, "metrics": dict(numbers(metrics))}
            checkpoint = Checkpoint(kept, task.vocabulary, task.experiment, trace)
            save_checkpoint(folder / "last.safetensors", checkpoint)
            if progress.best_epoch() == epoch + 1:
                save_checkpoint(folder / "best.safetensors", checkpoint)
        state.save()
        saved = time.monotonic()
    if writer is not None:
        writer.close()


def numbers(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Metrics by path (``validation/ratio/mean_iou``), without breakdowns (``by_…``)."""
    if "protocol" in metrics:
        prefix = f"{prefix}/{metrics['protocol']}" if prefix else metrics["protocol"]
    for name, value in metrics.items():
        path = f"{prefix}/{name}" if prefix else name
        if isinstance(value, Mapping) and not name.startswith("by_"):
            yield from numbers(value, path)
        elif isinstance(value, float):
            yield path, value


def _optimize(
    fabric: Fabric,
    model: Any,
    optimizer: torch.optim.Optimizer,
    parts: Sequence[Batch],
    step: int,
) -> dict[str, float]:
    """Take one step over the parts of a batch; returns the means of what is to be watched."""
    optimizer.zero_grad(set_to_none=True)
    seen: dict[str, list[torch.Tensor]] = {}
    names = [name for part in parts for name in part.name]
    for number, part in enumerate(parts, start=1):
        tensors = [tensor.to(fabric.device, non_blocking=True) for tensor in part[:-1]]
        with fabric.no_backward_sync(model, enabled=number < len(parts)):
            loss, values = model(*tensors)
            if not torch.isfinite(loss):
                raise ValueError(f"the loss is {loss.item()} at step {step}, on {part.name}")
            fabric.backward(loss / len(parts))
        for name, value in values.items():
            seen.setdefault(name, []).append(value)
    norm = fabric.clip_gradients(model, optimizer, max_norm=GRADIENT_NORM, error_if_nonfinite=False)
    assert norm is not None
    scaler = getattr(fabric.strategy.precision, "scaler", None)
    # In half precision the first steps overflow and are skipped, until the loss scale fits.
    if not torch.isfinite(norm) and (scaler is None or scaler.get_scale() < 1):
        raise ValueError(f"a gradient is not a number at step {step}, on {names}")
    optimizer.step()
    means = mean_over_processes(
        torch.stack([torch.stack(values).nanmean() for values in seen.values()])
    )
    return dict(zip(seen, means.tolist(), strict=True))
