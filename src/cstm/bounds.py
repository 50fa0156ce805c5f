"""Bounds of settings."""

import math
from collections.abc import Iterable


def one_of(choices: Iterable[object], **settings: object) -> None:
    """Refuse settings that are none of the choices."""
    known = list(choices)
    for name, value in settings.items():
        if value not in known:
            *first, last = map(str, known)
            raise ValueError(f"{name} should be {', '.join(first)} or {last}, got {value!r}")


def at_most(most: int, **settings: int | float | None) -> None:
    """Refuse settings above a bound; None is not told."""
    for name, value in settings.items():
        if value is not None and value > most:
            raise ValueError(f"{name} should be at most {most}, got {value}")


def at_least(least: int, **settings: int | float | None) -> None:
    """Refuse settings below a bound, and those that are no finite number; None is not told."""
    for name, value in settings.items():
        if value is not None and not least <= value < math.inf:
            raise ValueError(f"{name} should be at least {least}, got {value}")
