"""One training loop, called for the spatial network, the temporal network and the joint decoder."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from cstm.config import Experiment, Schedule
from cstm.data.prepared import Batch, PreparedSamples
from cstm.data.transforms import unit_range
from cstm.data.words import Vocabulary
from cstm.model.network import ActorSegmenter
from cstm.training.checkpoint import Checkpoint, save_checkpoint
from cstm.training.loss import MotionTask, segmentation_loss

Validate = Callable[[ActorSegmenter], Mapping[str, Any]]


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


def fit(
    fabric: Fabric,
    network: ActorSegmenter,
    samples: PreparedSamples,
    vocabulary: Vocabulary,
    experiment: Experiment,
    schedule: Schedule,
    folder: Path,
    provenance: Mapping[str, Any],
    validate: Validate | None = None,
    compiled: bool = False,
) -> Iterator[Step]:
    """Train a network's unfrozen parameters, yielding after every step.

    After every epoch ``folder`` holds ``last.safetensors``, ``state.pt`` (to resume from) and one
    more line in ``metrics.jsonl``; a run that finds a ``state.pt`` goes on from there. The order
    of samples depends on seed and epoch alone.

    Raises:
        ValueError: the loss is not a number; the message names the samples of that batch.
    """
    torch.manual_seed(schedule.seed)
    motion = _motion_task(network, schedule)
    model = nn.ModuleDict({"network": network} | ({"motion": motion} if motion else {}))
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=schedule.learning_rate)
    model.to(fabric.device)
    forward = torch.compile(network) if compiled else network

    settings = {"model": asdict(experiment.model), "schedule": asdict(schedule)}
    start = _resume(folder, model, optimizer, settings)
    if start >= schedule.epochs:
        return

    steps_per_epoch = max(1, len(samples.pairs) // schedule.batch)
    writer = SummaryWriter(str(folder / "tensorboard"), purge_step=start * steps_per_epoch)
    for epoch in range(start, schedule.epochs):
        train_mode(network)
        began, totals = time.perf_counter(), {}
        for number, batch in enumerate(_batches(samples, vocabulary, schedule, epoch)):
            step = epoch * steps_per_epoch + number
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps_per_epoch, schedule)
            with fabric.autocast():
                loss, values = _losses(forward, motion, batch, schedule, fabric.device)
            if not torch.isfinite(loss):
                raise ValueError(f"the loss is {loss.item()} at step {step}, on {batch.name}")
            optimizer.zero_grad(set_to_none=True)
            fabric.backward(loss)
            nn.utils.clip_grad_norm_(trainable, max_norm=10.0)
            optimizer.step()
            for name, value in values.items():
                totals.setdefault(name, []).append(value)
            rate = schedule.batch * (number + 1) / (time.perf_counter() - began)
            if step % 20 == 0:
                for name, value in values.items():
                    writer.add_scalar(f"train/{name}", value, step)
                writer.add_scalar("train/samples_per_second", rate, step)
            yield Step(epoch, step, steps_per_epoch * schedule.epochs, values, rate)

        metrics: dict[str, Any] = {name: _mean(values) for name, values in totals.items()}
        metrics |= {"epoch": epoch + 1, "seconds": round(time.perf_counter() - began, 1)}
        if validate is not None:
            metrics |= {"validation": dict(validate(network.eval()))}
        for name, value in metrics.get("validation", {}).items():
            if isinstance(value, float):
                writer.add_scalar(f"validation/{name}", value, (epoch + 1) * steps_per_epoch)
        trace = {**provenance, "epochs": epoch + 1, "metrics": metrics}
        save_checkpoint(
            folder / "last.safetensors", Checkpoint(network, vocabulary, experiment, trace)
        )
        state = {
            "settings": json.dumps(settings),
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": epoch + 1,
        }
        torch.save(state, folder / "state.partial")
        (folder / "state.partial").replace(folder / "state.pt")
        with (folder / "metrics.jsonl").open("a") as lines:
            lines.write(json.dumps(metrics) + "\n")
    writer.close()


def _resume(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, settings: Mapping[str, Any]
) -> int:
    """Take up what an earlier run left in its folder; returns the number of its whole epochs."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "state.pt"
    if not file.exists():
        return 0
    try:
        state = torch.load(file, weights_only=True)
        before = json.loads(state["settings"])
    except Exception as error:
        raise ValueError(
            f"{file} can't be read ({str(error).splitlines()[0]}); delete {folder} to train anew"
        ) from error
    now = json.loads(json.dumps(settings))
    changed = [
        name
        for part, values in now.items()
        for name, value in values.items()
        if before[part].get(name) != value
    ]
    if changed:
        raise ValueError(
            f"{folder} was trained with another {' and '.join(changed)}; choose another --out"
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["epoch"]


def _mean(values: Sequence[float]) -> float | None:
    """Mean of the numbers there are; None where there are none."""
    numbers = [value for value in values if not math.isnan(value)]
    return sum(numbers) / len(numbers) if numbers else None


def train_mode(network: ActorSegmenter) -> None:
    """Put a network in training mode, except for a frozen encoder: its BatchNorm stays as it is."""
    network.train()
    for stream in (network.spatial, network.temporal):
        if stream is not None and not any(p.requires_grad for p in stream.parameters()):
            stream.eval()


def _motion_task(network: ActorSegmenter, schedule: Schedule) -> MotionTask | None:
    if network.temporal is None or not schedule.motion_weight:
        return None
    return MotionTask(network.temporal.backbone.widths)


def _batches(
    samples: PreparedSamples, vocabulary: Vocabulary, schedule: Schedule, epoch: int
) -> Iterator[Batch]:
    """Whole batches of one epoch; the remainder comes along in the next epoch's shuffle."""
    order = samples.epoch_order(schedule.seed, epoch, schedule.sentences_per_frame)
    random = np.random.default_rng([schedule.seed, epoch, 1])
    whole = max(1, len(order) // schedule.batch)
    for start in range(0, whole * schedule.batch, schedule.batch):
        indices = order[start : start + schedule.batch]
        # The sentences of one frame are mirrored together, or the mirror would tell them apart.
        heads = {samples.frame_of(i): bool(random.integers(2)) for i in indices}
        mirrored = [schedule.flip and heads[samples.frame_of(i)] for i in indices]
        yield samples.batch(indices, vocabulary, mirrored)


def _losses(
    forward: Callable[..., Any],
    motion: MotionTask | None,
    batch: Batch,
    schedule: Schedule,
    device: torch.device,
) -> tuple[torch.Tensor, dict[str, float]]:
    clip, words, mask, action, direction = (
        tensor.to(device, non_blocking=True) for tensor in batch[:5]
    )
    responses = forward(unit_range(clip), words)
    target = mask.float()
    loss = segmentation_loss(responses.maps, target, schedule.positive_weight, schedule.dice_weight)
    values = {"loss": loss.item()}
    if motion is not None:
        motion_loss, accuracies = motion(responses.temporal, action, direction)
        loss = loss + schedule.motion_weight * motion_loss
        values |= {"motion_loss": motion_loss.item(), **accuracies}
    return loss, values
