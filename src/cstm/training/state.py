"""What a training run needs to go on exactly where it was stopped, at whatever moment."""

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import nn

from cstm.config import ClipConfig, Experiment, ModelConfig
from cstm.faults import reason
from cstm.folder import whole_file
from cstm.schedule import Schedule
from cstm.training.average import Average
from cstm.training.plan import Task


@dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    """Steps done."""
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Sum and count of every value watched in this epoch, where it was a number."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """Metrics of every whole epoch."""

    def note(self, values: Mapping[str, float]) -> None:
        """Count one step, and what was watched in it."""
        self.step += 1
        for name, value in values.items():
            total, count = self.sums.get(name, (0.0, 0))
            number = not math.isnan(value)
            self.sums[name] = (total + value, count + 1) if number else (total, count)

    def means(self) -> dict[str, float | None]:
        """Mean of every value of this epoch; None where there was no number."""
        return {name: total / n if n else None for name, (total, n) in self.sums.items()}

    def end_epoch(self, metrics: dict[str, Any]) -> None:
        """Put an epoch's metrics down and begin the next."""
        self.history.append(metrics)
        self.sums = {}

    def best_epoch(self) -> int | None:
        """Number of the epoch with the greatest mean IoU; None without validation."""
        scored = [line for line in self.history if line.get("validation")]
        if not scored:
            return None
        return max(scored, key=lambda line: line["validation"]["mean_iou"])["epoch"]


STATE = "state.pt"


def _as_json(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as JSON gives them back, with lists for tuples."""
    return json.loads(json.dumps(settings))


_USUAL = _as_json(
    {
        "model": asdict(ModelConfig()),
        "clip": asdict(ClipConfig()),
        "schedule": asdict(Schedule()),
    }
)


def settings_of(
    experiment: Experiment, schedule: Schedule, origin: Mapping[str, Any], fabric: Fabric
) -> dict[str, Any]:
    """All that decides the weights of a run, as JSON gives it back."""
    settings = {
        "model": asdict(experiment.model),
        "clip": asdict(experiment.clip.in_training),
        "schedule": asdict(schedule),
        "origin": dict(origin),
        "computation": {"precision": fabric.strategy.precision.precision},
    }
    return _as_json(settings)


def read_state(folder: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Any], Progress] | None:
    """What a run left in its folder, and how far it had come; None where there was none.

    Raises:
        ValueError: it can't be read, or had other settings than these.
    """
    file = folder / STATE
    if not file.exists():
        return None
    try:
        state = torch.load(file, weights_only=True, map_location="cpu")
        before = json.loads(state["settings"])
        saved = json.loads(state["progress"])
        sums = {name: (total, count) for name, (total, count) in saved["sums"].items()}
        progress = Progress(saved["step"], sums, saved["history"])
    except Exception as error:
        raise ValueError(
            f"{file} can't be read ({reason(error)}); delete {folder} to train anew"
        ) from error
    changed = [
        name
        for part, values in settings.items()
        for name, value in values.items()
        # What was no setting yet when the run began was as it usually is.
        if before.get(part, {}).get(name, _USUAL.get(part, {}).get(name)) != value
    ]
    if changed:
        raise ValueError(
            f"{folder} was trained with another {' and '.join(changed)}; choose another --out"
        )
    return state, progress


class State:
    """``state.pt`` and ``metrics.jsonl`` of a run's folder, and how they are read and written.

    Only the first process writes; all read. Every file is replaced whole, and ``state.pt`` decides:
    the others are written anew from it, so that no moment of a kill leaves them at odds.
    """

    def __init__(
        self,
        folder: Path,
        fabric: Fabric,
        objective: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Average | None,
        task: Task,
    ) -> None:
        self.folder = folder
        self.fabric = fabric
        self.objective = objective
        self.optimizer = optimizer
        self.average = average
        self.progress = Progress()
        self.settings = settings_of(task.experiment, task.schedule, task.origin, fabric)

    def resume(self) -> Progress:
        """Take up what an earlier run left; returns how far it had come.

        Raises:
            ValueError: it can't be read, or had other settings.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        found = read_state(self.folder, self.settings)
        if found is None:
            return self.progress
        state, self.progress = found
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.network.load_state_dict(state["average"])
        precision = self.fabric.strategy.precision
        if isinstance(precision, MixedPrecision):
            precision.load_state_dict(state["precision"])
        if self.fabric.is_global_zero:
            self._write_metrics()
        return self.progress

    def save(self) -> None:
        """Write where the run is.

        Raises:
            ValueError: the disk is full; what was saved before stays.
        """
        if not self.fabric.is_global_zero:
            return
        precision = self.fabric.strategy.precision
        scaled = isinstance(precision, MixedPrecision)
        state = {
            "settings": json.dumps(self.settings),
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.network.state_dict() if self.average else {},
            "precision": precision.state_dict() if scaled else {},
            "progress": json.dumps(asdict(self.progress)),
        }
        with whole_file(self.folder / STATE) as partial:
            try:
                torch.save(state, partial)
            except RuntimeError as error:  # so torch says that a file was cut short
                free = shutil.disk_usage(self.folder).free
                raise ValueError(
                    f"cannot write {self.folder / STATE} ({free / 1e6:.0f} MB free on its disk); "
                    "make room and give the same command again, which goes on from the last save"
                ) from error
        self._write_metrics()

    def _write_metrics(self) -> None:
        with whole_file(self.folder / "metrics.jsonl") as partial:
            lines = [json.dumps(metrics) + "\n" for metrics in self.progress.history]
            partial.write_text("".join(lines))
