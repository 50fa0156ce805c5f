"""Sentences as numbers: tokens, the vocabulary that travels with a network, pretrained vectors."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from cstm.bounds import one_of
from cstm.data.language.synonyms import places_last, plainly

MAX_WORDS = 20
"""Section 4.2: "the maximum length of the input sentence is set as 20"."""

PADDING, UNKNOWN = 0, 1


def tokenize(sentence: str) -> list[str]:
    """Words of a sentence: lower-cased, split at every run of characters that belong to no word.

    A typographic apostrophe, as telephones write it, is an apostrophe.

    The tokens are not cut to :data:`MAX_WORDS`; :meth:`Vocabulary.read` does that.
    """
    return re.findall(r"\w+(?:'\w+)*", sentence.lower().replace("’", "'"))


def tokenize_as_released(sentence: str) -> list[str]:
    """Words of a sentence by the rule of the authors' code, which keeps most of what is between.

    Every run of other characters is a token of its own, unless it is a single space or a full
    stop at the end: ``man's`` makes three. On A2D Sentences that differs from :func:`tokenize`
    in 6 sentences of 6655, by an apostrophe each.
    """
    tokens = [token.lower() for token in re.split(r"(\W+)", sentence.strip())]
    tokens = [token for token in tokens if token not in ("", " ")]
    return tokens[:-1] if tokens[-1:] == ["."] else tokens


Tokenization = Literal["words", "released"]
_TOKENIZERS = {"words": tokenize, "released": tokenize_as_released}


@dataclass(frozen=True)
class Vocabulary:
    """The words a network knows; word ``k`` of the tuple has number ``k + 2``.

    Number 0 pads a short sentence and 1 stands for every unknown word.
    """

    words: tuple[str, ...]
    tokenization: Tokenization = "words"
    """How sentences are split: :func:`tokenize` or :func:`tokenize_as_released`."""
    synonyms: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Words that are read as another one, or passed over where that is empty, of a network that
    reads sentences by :mod:`cstm.data.language.synonyms`; none: word for word."""

    def __post_init__(self) -> None:
        one_of(_TOKENIZERS, tokenization=self.tokenization)
        if unknown := set(self.synonyms.values()) - {"", *self.words}:
            raise ValueError(f"synonyms are read as words that are not known: {sorted(unknown)}")

    @classmethod
    def of_sentences(cls, sentences: Iterable[str]) -> "Vocabulary":
        """All words of the sentences, in alphabetical order."""
        return cls(tuple(sorted({word for sentence in sentences for word in tokenize(sentence)})))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=UNKNOWN + 1)}

    def __len__(self) -> int:
        """How many numbers there are, padding and unknown included."""
        return len(self.words) + 2

    def __contains__(self, word: str) -> bool:
        return word in self._known

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The words, synonyms included, without those that are passed over."""
        words = dict.fromkeys((*self.words, *self.synonyms))
        return tuple(word for word in words if self.synonyms.get(word, word))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.known)

    def tokenize(self, sentence: str) -> list[str]:
        """Tokens of a sentence, not cut."""
        return _TOKENIZERS[self.tokenization](sentence)

    def unknown(self, sentence: str) -> list[str]:
        """Words of a sentence, as far as it is read, that the network doesn't know, each once."""
        words = dict.fromkeys(self.tokenize(sentence)[:MAX_WORDS])
        # What stands between words is read as well by the released network, and no word.
        return [
            word
            for word in words
            if word not in self and word not in self.synonyms and re.search(r"\w", word)
        ]

    def read(self, sentence: str) -> list[str]:
        """Tokens of a sentence as a network reads them: at most :data:`MAX_WORDS`."""
        words = self.tokenize(sentence)[:MAX_WORDS]
        if not self.synonyms:
            return words
        plain = plainly(words, self.synonyms)
        for read in (places_last(plain), plain):
            # Nothing is cut off, and nothing unknown said, for the sake of an order.
            if 0 < len(read) <= MAX_WORDS and {*read} - {*words} <= self._numbers.keys():
                return read
        return words

    def learning(self, words: Iterable[str]) -> "Vocabulary":
        """The same, in which these words, if they have numbers, are read as themselves."""
        own = self._numbers.keys() & set(words)
        synonyms = {word: meant for word, meant in self.synonyms.items() if word not in own}
        return replace(self, synonyms=synonyms)

    def encode(self, sentence: str) -> list[int]:
        """Numbers of the words that are read (:meth:`read`), padded with 0 to a length of 20."""
        words = self.read(sentence)
        numbers = [self._numbers.get(word, UNKNOWN) for word in words]
        return numbers + [PADDING] * (MAX_WORDS - len(numbers))


@contextmanager
def _open_text(path: Path) -> Iterator[io.TextIOBase]:
    """Open a plain, gzipped or zipped text file as a stream of lines."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield lines  # pyright: ignore[reportReturnType]
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt")]
            if len(names) != 1:
                raise ValueError(f"{path}: expected one .txt file in the archive, found {names}")
            with archive.open(names[0]) as raw, io.TextIOWrapper(raw, encoding="utf-8") as lines:
                yield lines
    else:
        with path.open(encoding="utf-8") as lines:
            yield lines


def read_word_vectors(
    path: Path, words: Iterable[str], commonest: int = 0
) -> dict[str, Float32[ndarray, " channel"]]:
    """Vectors of the wanted words, and of the commonest, from a file in GloVe's text format.

    Args:
        path: ``.txt``, ``.txt.gz`` or ``.zip`` with one word and its numbers a line, separated by
            single spaces (``glove.840B.300d.txt``; some of its words hold spaces themselves).
        words: words to keep wherever they stand; the file is streamed, to its end unless all are
            found, and nothing else is held in memory.
        commonest: how many of the file's first words to keep, which GloVe sorts by how common they
            are. Only words that a sentence can hold count: in lower case, and all letters and
            digits or none (:func:`tokenize_as_released`).

    Returns:
        A float32 vector for each of these words that the file has, in its order.

    Raises:
        ValueError: the file is missing, or a line is not a word and as many numbers as the first.
    """
    missing = set(words)
    kept: dict[str, Float32[ndarray, " channel"]] = {}

    def wanted(word: str) -> bool:
        return word in missing or (len(kept) < commonest and _is_token(word))

    for word, vector in _select(path, wanted):
        kept[word] = vector
        missing.discard(word)
        if len(kept) >= commonest and not missing:
            break
    return kept


def _is_token(word: str) -> bool:
    return word == word.lower() and re.fullmatch(r"\w+|\W+", word) is not None


def _select(
    path: Path, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Float32[ndarray, " channel"]]]:
    """Yield the wanted words of a GloVe file and their vectors, in its order."""
    width = None
    if not path.is_file():
        raise ValueError(f"no word vectors at {path}; give a GloVe text file (.txt, .gz or .zip)")
    try:
        with _open_text(path) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                fields = line.rstrip("\n").split(" ")
                if width is None:
                    width = len(fields) - 1
                    if width == 1:
                        raise ValueError("line 1 is the header of another format; take it out")
                word = " ".join(fields[:-width]) if width else line
                if wanted(word):
                    yield word, np.array(fields[-width:], dtype=np.float32)
                elif not width or len(fields) < width + 1:
                    raise ValueError(f"line {number} is not a word and {width or 'its'} numbers")
    # The last is of archives that are locked.
    except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise ValueError(
            f"cannot read word vectors from {path}: {error}; expected GloVe's text format"
        ) from error
