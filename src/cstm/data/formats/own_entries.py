"""What an entry of the file of one's own videos should hold, and what is wrong with one."""

from collections.abc import Iterator, Mapping
from typing import Any

from cstm.data.formats.fields import Field, faults_of, is_id, is_text
from cstm.data.language.words import tokenize
from cstm.data.sample import ACTIONS, DIRECTIONS


def _are_sentences(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(s, str) and tokenize(s) for s in value)


def _one_of(*names: str) -> Field:
    return Field(f"one of {', '.join(names)}, or left out", names.__contains__, needed=False)


VIDEO = {
    "id": Field("text or a whole number", is_id),
    "file_name": Field("the name of a file in videos", is_text),
}
ANNOTATION = {
    "id": Field("a whole number above 0", lambda value: type(value) is int and value > 0),
    "video_id": Field("the id of one of the videos", is_id),
    "frame": Field("a whole number from 0 on", lambda value: type(value) is int and value >= 0),
    "segmentation": Field(
        "run lengths with size and counts, polygons, or null for nobody",
        lambda value: value is None or isinstance(value, dict | list),
    ),
    "sentences": Field("a list of sentences, each with a word in it", _are_sentences, needed=False),
    "category": Field("text", is_text, needed=False),
    "action": _one_of(*ACTIONS),
    "direction": _one_of(*DIRECTIONS),
}


def inspect(
    kind: str, entries: list[dict[str, Any]], fields: Mapping[str, Field]
) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Yield every entry with its name in the file and what is wrong with its values."""
    ids = set()
    for number, entry in enumerate(entries):
        faults = list(faults_of(entry, fields))
        if not fields["id"].fits(entry.get("id")):
            yield f"{kind}s[{number}]", entry, faults
            continue
        if entry["id"] in ids:
            faults.append("its id occurs twice; ids should be unique")
        ids.add(entry["id"])
        yield f"{kind} {entry['id']}", entry, faults
