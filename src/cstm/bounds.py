"""Bounds of settings."""

import math


def at_least(least: int, **settings: int | float) -> None:
    """Refuse settings below a bound, and those that are no finite number."""
    for name, value in settings.items():
        if not least <= value < math.inf:
            raise ValueError(f"{name} should be at least {least}, got {value}")
