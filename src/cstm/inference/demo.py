"""The demonstration: a real street, and two drawn actors that only motion tells apart."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from cstm.data.frames.video import open_video
from cstm.folder import whole_folder
from cstm.inference.export import WRITTEN, write_segmentation
from cstm.inference.progress import frame_progress
from cstm.inference.result import FrameResult
from cstm.inference.samples import SampleClip, write_drawn, write_street
from cstm.inference.segmenter import Segmenter

_WRITTEN = re.compile(rf"(street|drawn)(\.mp4|/({WRITTEN.pattern}))")


def run_demo(
    segmenter: Segmenter, out: Path, overwrite: bool = False
) -> list[tuple[str, list[float]]]:
    """Show a real clip, where it is at hand, and a drawn one with a look-alike pair.

    ``out`` then holds for each, ``street`` and ``drawn``, the clip (``street.mp4``) and a folder
    as `cstm segment` writes it (``street``). With ``overwrite`` it replaces what an earlier
    demonstration wrote.

    Returns:
        For each query of the drawn clip its text, and its IoU over all frames with the actor it
        means and with the other one.
    """
    with whole_folder(out, overwrite, _WRITTEN) as folder:
        if street := write_street(folder):
            _show(segmenter, street)
        drawn = write_drawn(folder)
        assert drawn.instances is not None, "who is where is known of what was drawn"
        overlaps = Overlaps(drawn.instances, drawn.actors)
        _show(segmenter, drawn, overlaps)
    return [
        (query, [float(iou[row]), float(iou[1 - row])])
        for row, (query, iou) in enumerate(zip(drawn.queries, overlaps.iou(), strict=True))
    ]


def _show(segmenter: Segmenter, clip: SampleClip, overlaps: "Overlaps | None" = None) -> None:
    """Segment a clip into a folder beside it."""
    video = open_video(clip.path)
    results = segmenter.segment(video, clip.queries)
    with frame_progress(results, video.announced) as watched:
        seen = watched if overlaps is None else overlaps.watch(watched)
        write_segmentation(seen, clip.path.name, video.fps, clip.queries, clip.path.with_suffix(""))


class Overlaps:
    """Gathers how far each query's masks overlap with each of some known actors.

    Args:
        instances: for every pixel of every frame the number of the actor seen there.
        numbers: of the actors to compare with.
    """

    def __init__(
        self, instances: UInt8[ndarray, "time height width"], numbers: Sequence[int]
    ) -> None:
        self._truth = np.stack([instances == number for number in numbers], axis=1)
        self._shared = np.zeros((1, 1))
        self._either = np.zeros((1, 1))

    def watch(self, results: Iterable[FrameResult]) -> Iterator[FrameResult]:
        """Pass results on and count their pixels."""
        for result in results:
            masks, truth = result.masks[:, None], self._truth[result.index][None]
            self._shared = self._shared + (masks & truth).sum((2, 3))
            self._either = self._either + (masks | truth).sum((2, 3))
            yield result

    def iou(self) -> Float[ndarray, "query actor"]:
        """IoU over all frames together."""
        return self._shared / np.maximum(self._either, 1)
