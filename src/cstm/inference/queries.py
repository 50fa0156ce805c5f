"""Checking what a user asks: sentences become word numbers, or one line says why they can't."""

import re
import warnings
from collections.abc import Sequence
from difflib import get_close_matches

from cstm.data.language.words import MAX_WORDS, Vocabulary
from cstm.inference import SegmentationWarning


def check_queries(queries: Sequence[str], vocabulary: Vocabulary) -> None:
    """Refuse queries that the network can't answer.

    Raises:
        ValueError: there is no query, or one is blank or made of unknown words only.
    """
    if isinstance(queries, str):
        raise ValueError(f'queries is one string; give a list of sentences: ["{queries}"]')
    if not queries:
        raise ValueError("no query; give at least one sentence that describes an actor")
    for query in queries:
        if not isinstance(query, str):
            raise ValueError(f"queries should be a list of sentences, got {query!r} in it")
        words = vocabulary.tokenize(query)
        if not any(map(_is_word, words)):
            raise ValueError(
                f'the query "{" ".join(query.split())}" has no words; describe an actor, for '
                'instance "a dog running"'
            )
        if not any(word in vocabulary for word in words[:MAX_WORDS]):
            raise ValueError(
                f'none of the words of the query "{" ".join(query.split())}" is among the '
                f"{len(vocabulary.known)} that this network knows; "
                f"{_suggestion(vocabulary.unknown(query), vocabulary)}"
            )


def encode_queries(queries: Sequence[str], vocabulary: Vocabulary) -> list[list[int]]:
    """Numbers of each query's words (:meth:`Vocabulary.encode`).

    A :class:`~cstm.inference.SegmentationWarning` names words that the network doesn't know, and
    words after the twentieth, which it doesn't read; and says how it reads a sentence in words of
    its own.

    Raises:
        ValueError: see :func:`check_queries`.
    """
    if not isinstance(queries, str):
        queries = list(queries)  # an array is no sequence, and a generator is read once
    check_queries(queries, vocabulary)
    encoded = []
    for query in queries:
        encoded.append(_encode(query, vocabulary))
    return encoded


def _encode(query: str, vocabulary: Vocabulary) -> list[int]:
    words = vocabulary.tokenize(query)
    if cut := words[MAX_WORDS:]:
        _warn(
            f'the query "{_beginning(words)}" has {len(words)} words and only the first '
            f'{MAX_WORDS} are read; cut off: "{" ".join(cut)}"'
        )
    if unknown := vocabulary.unknown(query):
        _warn(
            f'the query "{_beginning(words)}" has words that this network does not know: '
            f"{', '.join(unknown)}; {_suggestion(unknown, vocabulary)}"
        )
    if (read := vocabulary.read(query)) != words[:MAX_WORDS]:
        _warn(f'the query "{" ".join(words[:MAX_WORDS])}" is read as "{" ".join(read)}"')
    return vocabulary.encode(query)


def _warn(message: str) -> None:
    warnings.warn(message, SegmentationWarning, stacklevel=5)


def _is_word(token: str) -> bool:
    """False for what stands between words, which the released network reads as well."""
    return re.search(r"\w", token) is not None


def _beginning(words: list[str]) -> str:
    """The query's first words, enough to tell it from the others."""
    return " ".join(words[:8]) + (" …" if len(words) > 8 else "")


def _suggestion(unknown: list[str], vocabulary: Vocabulary) -> str:
    """Known words that look like the unknown ones, or a few known words where none does."""
    close = [match for word in unknown for match in get_close_matches(word, vocabulary.known, n=2)]
    if close:
        return f"did you mean {', '.join(dict.fromkeys(close))}?"
    step = max(1, len(vocabulary.known) // 8)
    return f"it knows, for instance, {', '.join(vocabulary.known[::step][:8])}"
