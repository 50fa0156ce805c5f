"""Masks in COCO's run-length encoding: ``masks.json``, a list by query, and ``coco.json``."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from cstm.data.formats.coco_results import annotation
from cstm.data.frames.masks import encode_mask
from cstm.inference.outputs import AddResult, Task
from cstm.inference.result import FrameResult


class _List:
    """A JSON list that grows in a temporary file, so that memory doesn't grow with the video."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.length = 0

    def append(self, entry: object) -> None:
        self._file.write((", " if self.length else "") + json.dumps(entry))
        self.length += 1

    def write_to(self, file: TextIO) -> None:
        self._file.seek(0)
        file.write("[")
        shutil.copyfileobj(self._file, file)
        file.write("]")


@contextmanager
def _lists(folder: Path, count: int) -> Iterator[list[_List]]:
    with ExitStack() as files:
        yield [
            _List(files.enter_context(TemporaryFile("w+", encoding="ascii", dir=folder)))
            for _ in range(count)
        ]


def _write_fields(file: TextIO, fields: dict[str, object]) -> None:
    """Write an object without its closing brace, where lists may be on disk."""
    for number, (key, value) in enumerate(fields.items()):
        file.write(f"{', ' if number else '{'}{json.dumps(key)}: ")
        if isinstance(value, _List):
            value.write_to(file)
        else:
            file.write(json.dumps(value))


@contextmanager
def write_masks_json(task: Task) -> Iterator[AddResult]:
    """``masks.json``, where number n of every list belongs to frame ``indices[n]`` of the video.

    ::

        {"video", "width", "height", "frames": number of results, "fps": of the video,
         "indices": [int],
         "queries": [{"text", "segmentations": [RLE, or null if empty], "scores": [float]}]}
    """
    count = len(task.queries)
    with _lists(task.folder, 1 + 2 * count) as lists:
        indices, segmentations, scores = lists[0], lists[1 : 1 + count], lists[1 + count :]

        def add(result: FrameResult) -> None:
            indices.append(result.index)
            for number, (mask, score) in enumerate(zip(result.masks, result.scores, strict=True)):
                segmentations[number].append(encode_mask(mask) if mask.any() else None)
                scores[number].append(round(float(score), 6))

        yield add
        with (task.folder / "masks.json").open("w", encoding="ascii") as file:
            header = {
                "video": task.video,
                "width": task.width,
                "height": task.height,
                "frames": indices.length,
                "fps": float(task.fps),
                "indices": indices,
            }
            _write_fields(file, header)
            file.write(', "queries": [')
            for number, text in enumerate(task.queries):
                file.write(", " if number else "")
                query = {
                    "text": text,
                    "segmentations": segmentations[number],
                    "scores": scores[number],
                }
                _write_fields(file, query)
                file.write("}")
            file.write("]}\n")


@contextmanager
def write_coco(task: Task) -> Iterator[AddResult]:
    """``coco.json``: COCO's instance file, frames as images and sentences as categories.

    Image ids count the video's frames from 1, as the community's do; file names count from 0, as
    all pictures here. Every annotation has the ``score`` of its mask besides.
    """
    with _lists(task.folder, 2) as (images, annotations):

        def add(result: FrameResult) -> None:
            image = {
                "id": result.index + 1,
                "file_name": f"{result.index:05d}.png",
                "width": task.width,
                "height": task.height,
            }
            images.append(image)
            for number, (mask, score) in enumerate(zip(result.masks, result.scores, strict=True)):
                if mask.any():
                    entry = annotation(
                        annotations.length + 1, result.index + 1, number + 1, encode_mask(mask)
                    )
                    annotations.append(entry | {"score": round(float(score), 6)})

        yield add
        categories = [
            {"id": number, "name": text} for number, text in enumerate(task.queries, start=1)
        ]
        with (task.folder / "coco.json").open("w", encoding="ascii") as file:
            document = {
                "info": {"description": task.video},
                "images": images,
                "annotations": annotations,
                "categories": categories,
            }
            _write_fields(file, document)
            file.write("}\n")
