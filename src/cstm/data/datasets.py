"""The datasets there are, by the name of their format."""

from pathlib import Path

from cstm.config import ClipConfig, DataFormat, Split
from cstm.data.a2d_sentences import A2DSentences
from cstm.data.sample import Samples


def open_dataset(data: DataFormat, root: Path, split: Split, clip: ClipConfig) -> Samples:
    """Open one split of a dataset.

    Args:
        data: ``a2d`` for A2D Sentences; ``synthetic`` for what `cstm synthesize` writes, which is
            the same format with side files.
        root: folder of the dataset.
        split: its part.
        clip: how many frames a sample holds, and how far apart.

    Raises:
        ValueError: a file is missing, or is not what its name says.
    """
    match data:
        case "a2d" | "synthetic":
            return A2DSentences(root, split, clip)
