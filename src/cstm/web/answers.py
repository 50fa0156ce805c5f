"""What the page answers to a click: values for its components, in the order in which it lists them.

An exception that is meant for the visitor is a ValueError; its message is shown on the page.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, no_type_check

import gradio as gr
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.inference.explain import Explanation, draw_heat
from cstm.inference.segmenter import Segmenter
from cstm.web.fragments import colour_key, failure, note, progress_bar, share_bars
from cstm.web.visit import Limits, StoppedError, Visit

Answer = tuple[Any, ...]
Picture = UInt8[ndarray, "height width 3"]


@no_type_check  # Whatever wraps it to check types would hide from gradio that it yields.
def find(
    segmenter: Segmenter,
    limits: Limits,
    folder: Path,
    video: str | None,
    sentences: str,
    last: Visit | None,
) -> Iterator[Answer]:
    """Segment a video while the page shows how far it is.

    The visit's files lie in a folder of their own inside ``folder``.

    Yields values for the visit, status, picture, frame slider, colour key, the groups of downloads
    and of explanations, three downloads, and the sentences to ask about.
    """
    keep = gr.skip()
    if last is not None:
        last.close()
    hidden = gr.update(visible=False)
    yield None, note("Waiting for the video …"), None, hidden, "", hidden, hidden, *[keep] * 4
    try:
        visit = Visit(video, sentences, limits, folder)
    except ValueError as error:
        yield None, failure(str(error)), *[keep] * 9
        return
    # From now on the stop button knows what to stop.
    yield visit, *[keep] * 10
    try:
        for progress in visit.run(segmenter):
            shown = progress_bar(progress)
            yield keep, shown, progress.picture, keep, colour_key(visit), *[keep] * 6
    except (ValueError, StoppedError) as error:
        visit.close()
        said = note("Stopped.") if isinstance(error, StoppedError) else failure(str(error))
        yield None, said, None, hidden, "", *[keep] * 6
        return
    except BaseException:
        # The visitor left.
        visit.close()
        raise
    middle = visit.frames // 2
    slider = gr.update(visible=True, maximum=visit.frames - 1, value=middle)
    group = gr.update(visible=True)
    asked = gr.update(choices=[(q, n) for n, q in enumerate(visit.queries)], value=0)
    done = f"Done: {visit.frames} frames. Move the slider to look at each of them."
    yield (
        visit,
        note(done, *visit.notes),
        visit.picture(middle),
        slider,
        colour_key(visit),
        group,
        group,
        str(visit.overlay),
        str(visit.masks_json),
        str(visit.masks_zip),
        asked,
    )


def stop(visit: Visit | None) -> None:
    """End what is being computed."""
    if visit is not None:
        visit.stop()


def picture(visit: Visit | None, frame: int) -> Any:
    """The frame that the slider points at."""
    return gr.skip() if visit is None else visit.picture(min(int(frame), visit.frames - 1))


def words(segmenter: Segmenter, visit: Visit | None, query: int | None) -> Any:
    """The words of a sentence to choose from, the last one chosen."""
    if visit is None or query is None:
        return gr.skip()
    read = segmenter.vocabulary.tokenize(visit.queries[query])
    return gr.update(choices=[(word, n) for n, word in enumerate(read)], value=len(read) - 1)


def maps(
    segmenter: Segmenter,
    visit: Visit | None,
    frame: int,
    query: int | None,
    word: int | None,
    stage: int,
) -> Answer:
    """Maps of a word in both encoders and of the selection, and the selection in numbers."""
    if visit is None or query is None or word is None:
        return (gr.skip(),) * 4
    found = visit.explain(segmenter, min(int(frame), visit.frames - 1), query)
    shown = [_attention(found, "spatial", stage, word), _attention(found, "temporal", stage, word)]
    if not found.explained.selection:
        return *shown, None, ""
    selections = [found.selection(number) for number in range(1, 6)]
    inside = found.probability > 0.5
    where = inside if inside.any() else np.ones_like(inside)
    shares = [float(selection[where].mean()) for selection in selections]
    return *shown, draw_heat(found.image, selections[stage - 1]), share_bars(shares)


def _attention(found: Explanation, stream: Any, stage: int, word: int) -> Picture | None:
    """A word's map in an encoder; None where the network has none."""
    if stage not in found.streams.get(stream, []) or word >= len(found.words):
        return None
    return draw_heat(found.image, found.attention(stream, stage, word))
