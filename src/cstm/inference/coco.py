"""``masks.json``: the masks of all frames and queries in COCO's run-length encoding."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from jaxtyping import Bool, Float
from numpy import ndarray

from cstm.data.masks import encode_mask


class MasksJson:
    """Collects masks frame by frame and writes ``masks.json``; made by :func:`open_masks_json`.

    What has been collected lies in two temporary files for each query and is copied into place at
    the end, so that memory doesn't grow with the video.
    """

    def __init__(
        self, path: Path, queries: Sequence[str], parts: list[tuple[TextIO, TextIO]]
    ) -> None:
        self._path = path
        self._queries = list(queries)
        self._parts = parts
        self.frames = 0

    def add(
        self, masks: Bool[ndarray, "query height width"], scores: Float[ndarray, "query"]
    ) -> None:
        """Take the next frame's masks and scores, one of each for every query."""
        comma = ", " if self.frames else ""
        for (segmentations, values), mask, score in zip(self._parts, masks, scores, strict=True):
            segmentations.write(comma + json.dumps(encode_mask(mask) if mask.any() else None))
            values.write(comma + json.dumps(round(float(score), 6)))
        self.frames += 1

    def finish(self, video: str, width: int, height: int, fps: float) -> None:
        """Write the file: what is known of the video, then every query with its frames."""
        header = {
            "video": video,
            "width": width,
            "height": height,
            "frames": self.frames,
            "fps": fps,
        }
        with self._path.open("w", encoding="ascii") as file:
            file.write(json.dumps(header)[:-1] + ', "queries": [')
            for number, (text, parts) in enumerate(zip(self._queries, self._parts, strict=True)):
                file.write(f'{", " if number else ""}{{"text": {json.dumps(text)}')
                for key, part in zip(("segmentations", "scores"), parts, strict=True):
                    file.write(f', "{key}": [')
                    part.seek(0)
                    shutil.copyfileobj(part, file)
                    file.write("]")
                file.write("}")
            file.write("]}\n")


@contextmanager
def open_masks_json(path: Path, queries: Sequence[str]) -> Iterator[MasksJson]:
    """A writer of the file at ``path``, whose temporary files are gone after the block."""
    with ExitStack() as files:

        def temporary() -> TextIO:
            return files.enter_context(TemporaryFile("w+", encoding="ascii", dir=path.parent))

        yield MasksJson(path, queries, [(temporary(), temporary()) for _ in queries])
