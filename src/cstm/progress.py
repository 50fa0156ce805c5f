"""Progress of long work on stderr; nothing where stderr is no terminal.

Of several processes (torchrun) the first shows its share.
"""

import os
from collections.abc import Iterable
from functools import cache

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)


def is_first_process() -> bool:
    """Whether this process is alone, or the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


@cache
def _console() -> Console:
    """One console for all bars, so that one bar can stand below another."""
    return Console(stderr=True)


def bar(*extra: ProgressColumn) -> Progress:
    """Build a bar with title, share done, count, whatever else, and the time left."""
    console = _console()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *extra,
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal or not is_first_process(),
    )


def track(counts: Iterable[int], total: int, title: str) -> None:
    """Take a rising count of things done to its end, and show it as a bar."""
    with bar() as shown:
        task = shown.add_task(title, total=total)
        for count in counts:
            shown.update(task, completed=count)
