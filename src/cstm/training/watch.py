"""A training run as whoever started it sees it."""

import sys
from collections.abc import Iterable
from math import isnan

from rich.progress import TaskID, TextColumn

from cstm.progress import bar, is_first_process
from cstm.training.fit import Step
from cstm.training.stages import Stage

_LOG_EVERY = 100
"""Steps between two lines where stderr is a file."""


def watch(steps: Iterable[tuple[Stage, Step]]) -> None:
    """Take all steps of a training run, and show each stage with its losses and rate.

    On a terminal as bars; in a file as a line every hundred steps.
    """
    with bar(TextColumn("{task.fields[values]}")) as shown:
        tasks: dict[str, TaskID] = {}
        smooth: dict[str, float] = {}
        for stage, step in steps:
            if stage.name not in tasks:
                tasks[stage.name] = shown.add_task(stage.name, total=step.steps, values="")
                smooth = {}
            for name, value in step.values.items():
                if not isnan(value):
                    smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            values = " ".join(f"{name} {value:.3f}" for name, value in smooth.items())
            values += f" · {step.samples_per_second:.1f} samples/s"
            shown.update(tasks[stage.name], completed=step.step + 1, values=values)
            log = is_first_process() and not sys.stderr.isatty()
            if log and step.step % _LOG_EVERY == 0:
                print(f"{stage.name} {step.step}/{step.steps} {values}", file=sys.stderr)
