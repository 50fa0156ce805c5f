"""A training run as whoever started it sees it."""

from collections.abc import Iterable
from math import isnan

from rich.progress import TaskID, TextColumn

from cstm.progress import bar
from cstm.training.fit import Step
from cstm.training.stages import Stage


def watch(steps: Iterable[tuple[Stage, Step]]) -> None:
    """Take all steps of a training run, and show each stage as a bar with its losses and rate."""
    with bar(TextColumn("{task.fields[values]}")) as shown:
        tasks: dict[str, TaskID] = {}
        smooth: dict[str, float] = {}
        for stage, step in steps:
            if stage.name not in tasks:
                tasks[stage.name] = shown.add_task(stage.name, total=step.steps, values="")
                smooth = dict(step.values)
            for name, value in step.values.items():
                if not isnan(value):
                    smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            values = " ".join(f"{name} {value:.3f}" for name, value in smooth.items())
            shown.update(
                tasks[stage.name],
                completed=step.step + 1,
                values=f"{values} · {step.samples_per_second:.1f} samples/s",
            )
