"""Word vectors from a file, which stay as they are: to train with, and to add afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from cstm.config import ModelConfig
from cstm.data.words import UNKNOWN, Vocabulary, read_commonest_vectors, read_word_vectors
from cstm.model.network import ActorSegmenter
from cstm.training.checkpoint import Checkpoint

_ROUNDING = 0.01
"""Of the largest number in a vector: what packing may have changed."""


def pretrained_vectors(
    path: Path, vocabulary: Vocabulary, channels: int
) -> Float[Tensor, "vocabulary channel"]:
    """Word vectors in the vocabulary's order; padding and words that the file lacks have zeros.

    Raises:
        ValueError: the file is no GloVe file, or its vectors are of another width.
    """
    found = read_word_vectors(path, vocabulary.words)
    if not found:
        raise ValueError(
            f"{path} has none of the {len(vocabulary.words)} words of the dataset's sentences; "
            "expected GloVe's text format, with lower-case words"
        )
    table = torch.zeros(len(vocabulary), channels)
    for number, word in enumerate(vocabulary.words, start=UNKNOWN + 1):
        if word not in found:
            continue
        if len(found[word]) != channels:
            raise ValueError(
                f"{path} holds vectors of {len(found[word])} numbers and the network expects "
                f"{channels}; set --model.word-channels {len(found[word])}"
            )
        table[number] = torch.from_numpy(found[word])
    return table


def with_words(
    checkpoint: Checkpoint, vectors: Path, words: int, also: Sequence[str] = ()
) -> Checkpoint:
    """The same network, knowing a file's commonest words besides those that it knows.

    Args:
        checkpoint: a network trained with the vectors of that file, which stayed as they were.
        vectors: GloVe text file.
        words: how many of its words.
        also: more words, if the file has them.

    Raises:
        ValueError: the network's vectors are not those of the file.
    """
    network, model = checkpoint.network, checkpoint.experiment.model
    if not isinstance(network, ActorSegmenter) or not isinstance(model, ModelConfig):
        raise ValueError("the authors' network gets its words when it is imported")
    known = checkpoint.vocabulary
    found = read_commonest_vectors(vectors, words, also=(*known.words, *also))
    grown = Vocabulary(tuple(sorted({*known.words, *found})), known.tokenization)
    larger = ActorSegmenter(model, len(grown))
    state = network.state_dict()
    for name in ("spatial", "temporal"):
        key = f"{name}.language.vectors.weight"
        if key not in state:
            continue
        old, new = state[key], torch.zeros(len(grown), state[key].shape[1])
        rows = dict(zip(known.words, old[UNKNOWN + 1 :], strict=True))
        for number, word in enumerate(grown.words, start=UNKNOWN + 1):
            vector = torch.from_numpy(found[word]) if word in found else None
            if word not in rows:
                assert vector is not None
                new[number] = vector
                continue
            new[number] = rows[word]
            if vector is not None and (
                vector.shape != rows[word].shape
                or (vector - rows[word]).abs().max() > _ROUNDING * vector.abs().max()
            ):
                raise ValueError(
                    f"the network's vector of {word!r} is not the one in {vectors}; give the file "
                    "it was trained with. A network that learned its vectors can't get more words"
                )
        state[key] = new
    larger.load_state_dict(state)
    return replace(checkpoint, network=larger.eval(), vocabulary=grown)
