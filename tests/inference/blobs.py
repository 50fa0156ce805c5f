"""Results as a segmenter gives them, and the call that writes them."""

from fractions import Fraction

import numpy as np

from cstm.inference.export import write_segmentation
from cstm.inference.result import FrameResult

QUERIES = ["a white cat jumping", 'the "other" dog']


def results(count=5, height=37, width=53, times=None, queries=2, indices=None):
    """Blobs that wander, the second one absent in every other frame, on coloured noise."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[:height, :width]
    for number in range(count):
        index = indices[number] if indices else number
        masks = np.zeros((queries, height, width), bool)
        for query in range(queries):
            if query == 0 or number % 2:
                masks[query] = (rows - height / 2) ** 2 + (
                    columns - 10 * (query + 1) - 3 * number
                ) ** 2 < 64 + random.integers(0, 40, (height, width))
        yield FrameResult(
            index=index,
            time=times[number] if times else index / 25,
            image=random.integers(0, 256, (height, width, 3), np.uint8),
            masks=masks,
            scores=masks.any((1, 2)) * random.random(queries),
        )


def write(out, stream=None, queries=QUERIES, **options):
    stream = results() if stream is None else stream
    return write_segmentation(stream, "clip.mp4", Fraction(25), queries, out, **options)
