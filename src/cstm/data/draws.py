"""Draws by lot."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from numpy.random import Generator

Choice = TypeVar("Choice")


def pick(rng: Generator, choices: Sequence[Choice]) -> Choice:
    """Draw one of several things, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]


def choose(rng: Generator, weights: Mapping[Choice, float]) -> Choice:
    """Draw a key with a chance in proportion to its value."""
    return choose_from(rng, list(weights), list(weights.values()))


def choose_from(rng: Generator, choices: Sequence[Choice], weights: Sequence[float]) -> Choice:
    """Draw one of several things with a chance in proportion to its weight."""
    pick = float(rng.random()) * sum(weights)
    for choice, weight in zip(choices, weights, strict=True):
        pick -= weight
        if pick < 0:
            return choice
    return choices[-1]
