"""One training loop, called for the spatial network, the temporal network and the joint decoder."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
    use_channels_last(network)
    motion = _motion_task(network, schedule)
    model = nn.ModuleDict({"network": network} | ({"motion": motion} if motion else {}))
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=schedule.learning_rate)
    model.to(fabric.device)
    forward = torch.compile(network) if compiled else network

    folder.mkdir(parents=True, exist_ok=True)
    state_file = folder / "state.pt"
    start = 0
    if state_file.exists():
        state = torch.load(state_file, map_location=fabric.device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["epoch"]

    writer = SummaryWriter(str(folder / "tensorboard"), purge_step=None)
    steps_per_epoch = max(1, len(samples.pairs) // schedule.batch)
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
            loss.backward()
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

        metrics: dict[str, Any] = {name: float(np.nanmean(v)) for name, v in totals.items()}
        metrics |= {"epoch": epoch + 1, "seconds": round(time.perf_counter() - began, 1)}
        if validate is not None:
            metrics |= {"validation": dict(validate(network.eval()))}
        for name, value in (metrics.get("validation") or {}).items():
            if isinstance(value, float):
                writer.add_scalar(f"validation/{name}", value, (epoch + 1) * steps_per_epoch)
        trace = {**provenance, "epochs": epoch + 1, "metrics": metrics}
        checkpoint = Checkpoint(network, vocabulary, experiment, trace)
        save_checkpoint(folder / "last.safetensors", checkpoint)
        state = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": epoch + 1,
        }
        with (folder / "metrics.jsonl").open("a") as lines:
            lines.write(json.dumps(metrics) + "\n")
        torch.save(state, state_file.with_suffix(".partial"))
        state_file.with_suffix(".partial").replace(state_file)
    writer.close()


def train_mode(network: ActorSegmenter) -> None:
    """Put a network in training mode, except for a frozen encoder: its BatchNorm stays as it is."""
    network.train()
    for stream in (network.spatial, network.temporal):
        if stream is not None and not any(p.requires_grad for p in stream.parameters()):
            stream.eval()


def use_channels_last(network: nn.Module) -> None:
    """Lay convolution weights out channels-last, which is faster on CPUs and GPUs alike."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d):
            module.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]


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
