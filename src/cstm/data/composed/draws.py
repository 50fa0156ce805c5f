"""Draws by weight."""

from collections.abc import Mapping
from typing import TypeVar

from numpy.random import Generator

Choice = TypeVar("Choice")


def choose(rng: Generator, weights: Mapping[Choice, float]) -> Choice:
    """Draw a key with a chance in proportion to its value."""
    pick = float(rng.random()) * sum(weights.values())
    for choice, weight in weights.items():
        pick -= weight
        if pick < 0:
            return choice
    return next(reversed(list(weights)))
