"""A progress bar over a stream of results: frames, frames per second, time left."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.progress import ProgressColumn, Task
from rich.text import Text

from cstm.inference.result import FrameResult
from cstm.progress import bar


class _FramesPerSecond(ProgressColumn):
    """How fast frames come."""

    def render(self, task: Task) -> Text:
        speed = task.completed / task.elapsed if task.completed and task.elapsed else 0.0
        return Text(f"{speed:.1f} frames/s" if speed else "", style="progress.data.speed")


@contextmanager
def frame_progress(
    results: Iterable[FrameResult], frames: int | None
) -> Iterator[Iterator[FrameResult]]:
    """Show a bar on stderr while the results are taken; nothing where stderr is no terminal.

    Args:
        results: passed on as they are.
        frames: how many are expected; None where nobody knows.
    """
    with bar(_FramesPerSecond()) as progress:
        task = progress.add_task("segmenting", total=frames)

        def watched() -> Iterator[FrameResult]:
            count = 0
            for count, result in enumerate(results, start=1):
                yield result
                progress.update(task, completed=count)
            # A container may have announced more, or fewer, than there were.
            progress.update(task, total=count)

        yield watched()
