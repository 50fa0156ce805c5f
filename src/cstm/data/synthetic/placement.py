"""Where the actors of a clip are, so that places tell nothing of how a look-alike pair moves."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from numpy.random import Generator

from cstm.data.synthetic.cast import Actor

TRIES = 200


def place(
    rng: Generator,
    cast: list[Actor],
    ways: list[Float[ndarray, "time 2"]],
    frame: Float[ndarray, "2"],
    tolerance: float,
    with_pair: bool,
) -> tuple[list[Actor], Bool[ndarray, "time"]] | None:
    """Give every actor a position, and say which of the annotated frames to keep.

    ``ways`` are the pixels each actor has moved by at the annotated frames, ``frame`` is the
    picture's (width, height), ``tolerance`` the share of their extent that two actors keep apart.
    None where no room was found.

    A pair's positions are uniform over an area so much larger than the picture that, at each
    annotated frame, they are uniform over the picture whatever the motion. A frame is kept when
    both are inside. This condition on the frame itself leaves positions without a trace of motion
    when all kept frames count alike; a condition on other frames would not (one who moves and was
    inside before is likelier near the border now).
    """
    extents = [np.array(actor.extent()) for actor in cast]
    margins = [np.minimum(0.85 * extent, 0.42 * frame) for extent in extents]
    spots: list[ndarray] = []
    kept = np.full(len(ways[0]), True)
    if with_pair:
        reach = np.max(np.abs(ways[:2]), axis=(0, 1))
        low, high = margins[0] - reach, frame - margins[0] + reach
        one, other = rng.uniform(low, high, (2, TRIES, 2))
        keep = _inside(one, ways[0], margins[0], frame) & _inside(other, ways[1], margins[1], frame)
        room = 2 * extents[0] * tolerance
        good = keep.any(1) & _apart(one, ways[0], other, ways[1], room)
        if not good.any():
            return None
        first = int(good.argmax())
        spots, kept = [one[first], other[first]], keep[first]
    for index in range(len(spots), len(cast)):
        margin = margins[index]
        options = rng.uniform(0.6 * margin, frame - 0.6 * margin, (TRIES, 2))
        good = (_inside(options, ways[index], margin, frame) & kept).any(1)
        for there, extent, way in zip(spots, extents, ways, strict=False):
            room = (extents[index] + extent) * tolerance
            good &= _apart(options, ways[index], there[None], way, room)
        if not good.any():
            return None
        spots.append(options[good.argmax()])
    centred = [(spot - frame / 2).tolist() for spot in spots]
    return [replace(a, position=(x, y)) for a, (x, y) in zip(cast, centred, strict=True)], kept


def _inside(
    spots: Float[ndarray, "try 2"],
    way: Float[ndarray, "time 2"],
    margin: Float[ndarray, "2"],
    frame: Float[ndarray, "2"],
) -> Bool[ndarray, "try time"]:
    """At which times someone who starts at a spot is within the picture less a margin."""
    there = spots[:, None] + way
    return np.all((there >= margin) & (there <= frame - margin), axis=2)


def _apart(
    spots: Float[ndarray, "try 2"],
    way: Float[ndarray, "time 2"],
    others: Float[ndarray, "one_or_try 2"],
    other_way: Float[ndarray, "time 2"],
    room: Float[ndarray, "2"],
) -> Bool[ndarray, "try"]:
    """Whether two keep their distance at all times."""
    gaps = np.abs((spots - others)[:, None] + way - other_way)
    return np.all(np.any(gaps >= room, axis=2), axis=1)
