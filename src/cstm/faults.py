"""Words for what went wrong."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

_LONGEST = 400
"""Characters."""


def reason(error: BaseException) -> str:
    """What an error says, on one line and not too long; its kind where it says nothing.

    What the system says of a file comes without the file's path, which whoever tells it names.
    """
    said = " ".join((getattr(error, "strerror", None) or str(error)).split())
    if len(said) > _LONGEST:
        return f"{said[: _LONGEST - 2]} …"
    return said or type(error).__name__


def few(names: Sequence[str]) -> str:
    """The first three of many names, and how many more there are."""
    more = [f"and {len(names) - 3} more"] if len(names) > 3 else []
    return ", ".join([*names[:3], *more])


def hint(name: str, known: Iterable[str]) -> str:
    """What somebody may have meant by an unknown name: the known one most like it, or all."""
    known = list(known)
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(known)}"


def cannot_write(out: Path, error: OSError) -> ValueError:
    """The error of an output that can't be written."""
    return ValueError(f"cannot write {out}: {error.strerror}; choose another folder")


def full_memory(error: BaseException) -> Literal["GPU", "computer"] | None:
    """Whose memory an error says to be full; None where it says something else."""
    # Of the GPU's memory torch has an error of its own; of the computer's there are only words,
    # torch's and OpenCV's.
    if type(error).__name__ == "OutOfMemoryError":
        return "GPU"
    told = ("can't allocate memory", "Insufficient memory")
    is_full = isinstance(error, MemoryError) or any(words in str(error) for words in told)
    return "computer" if is_full else None
