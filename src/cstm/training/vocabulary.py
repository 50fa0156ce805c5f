"""The words that a network knows, and vectors of a file for them, which stay as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from cstm.data.feeding.rows import mirror_sentence
from cstm.data.language.synonyms import SYNONYMS
from cstm.data.language.wording import WORDS
from cstm.data.language.words import UNKNOWN, Vocabulary, read_word_vectors
from cstm.data.sample import Pair
from cstm.model.network import ActorSegmenter
from cstm.schedule import Schedule
from cstm.training.checkpoint import WORD_TABLES, Checkpoint

_ROUNDING = 0.01
"""Of the largest number in a vector: what packing may have changed."""


def vocabulary_of(pairs: Sequence[Pair], schedules: Sequence[Schedule]) -> Vocabulary:
    """All words that training on these pairs says, mirrored and reworded ones included."""
    said = [pair.sentence for pair in pairs]
    if any(schedule.flip for schedule in schedules):
        said += [mirror_sentence(sentence) for sentence in said]
    if any(schedule.wording for schedule in schedules) and any(p.is_generated for p in pairs):
        said += WORDS
    return Vocabulary.of_sentences(said)


def pretrained_vectors(
    path: Path, vocabulary: Vocabulary, channels: int, words: int = 0
) -> tuple[Vocabulary, Float[Tensor, "vocabulary channel"]]:
    """The vocabulary with so many of a file's commonest words besides its own, and its vectors.

    Padding and words that the file lacks have zeros.

    Raises:
        ValueError: the file is no GloVe file, or its vectors are of another width.
    """
    found = read_word_vectors(path, vocabulary.words, words)
    if not found.keys() & set(vocabulary.words):
        raise ValueError(
            f"{path} has none of the {len(vocabulary.words)} words of the dataset's sentences; "
            "expected GloVe's text format, with lower-case words"
        )
    width = len(next(iter(found.values())))
    if width != channels:
        raise ValueError(
            f"{path} holds vectors of {width} numbers and the network expects {channels}; set "
            f"--model.word-channels {width}"
        )
    grown = Vocabulary(tuple(sorted({*vocabulary.words, *found})), vocabulary.tokenization)
    table = torch.zeros(len(grown), channels)
    for number, word in enumerate(grown.words, start=UNKNOWN + 1):
        if word in found:
            table[number] = torch.from_numpy(found[word])
    return grown, table


def word_table(checkpoint: Checkpoint) -> Float[Tensor, "vocabulary channel"]:
    """Word vectors of a network that has them from a file: those of any of its streams."""
    network, _ = checkpoint.ours()
    stream = network.spatial or network.temporal
    assert stream is not None
    return stream.language.vectors.weight.detach()


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
    network, model = checkpoint.ours("the authors' network gets its words when it is imported")
    known = checkpoint.vocabulary
    found = read_word_vectors(vectors, (*known.words, *also), words)
    grown = replace(known, words=tuple(sorted({*known.words, *found})))
    larger = ActorSegmenter(model, len(grown))
    state = network.state_dict()
    for key in WORD_TABLES:
        if key in state:
            rows = dict(zip(known.words, state[key][UNKNOWN + 1 :], strict=True))
            _check_same(rows, found, vectors)
            rows |= {word: torch.from_numpy(found[word]) for word in found if word not in rows}
            blank = torch.zeros(UNKNOWN + 1, state[key].shape[1])
            state[key] = torch.cat([blank, torch.stack([rows[word] for word in grown.words])])
    larger.load_state_dict(state)
    return replace(checkpoint, network=larger.eval(), vocabulary=grown)


def with_synonyms(checkpoint: Checkpoint) -> Checkpoint:
    """The same network, reading words that generated sentences never say as ones that they do.

    Raises:
        ValueError: it reads some as others already, or is the authors' network.
    """
    known = checkpoint.vocabulary
    if known.tokenization == "released":
        raise ValueError("the authors' network was not trained on generated sentences")
    if known.synonyms:
        raise ValueError("this network has its synonyms already; leave out --synonyms")
    words = {"", *known.words}
    synonyms = {word: meant for word, meant in SYNONYMS.items() if meant in words}
    return replace(checkpoint, vocabulary=replace(known, synonyms=synonyms))


def _check_same(rows: Mapping[str, Tensor], found: Mapping[str, ndarray], path: Path) -> None:
    """Refuse a file whose vectors are not those that a network has for the same words."""
    common = sorted(rows.keys() & found.keys())
    if not common:
        raise ValueError(f"{path} has none of the words that the network knows")
    for word in common:
        row, vector = rows[word], torch.from_numpy(found[word])
        if vector.shape != row.shape or (vector - row).abs().max() > _ROUNDING * vector.abs().max():
            raise ValueError(
                f"the network's vector of {word!r} is not the one in {path}; give the file it was "
                "trained with. A network that learned its vectors can't get more words"
            )
