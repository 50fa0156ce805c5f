"""What the page answers to a click: values for its components, in the order in which it lists them.

An exception that is meant for the visitor is a ValueError; its message is shown on the page.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, no_type_check

import gradio as gr
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from cstm.inference.explain import Explanation, can_explain, draw_heat
from cstm.inference.segmenter import Segmenter
from cstm.web.fragments import colour_key, failure, note, progress_bar, share_bars
from cstm.web.limits import Limits
from cstm.web.visit import StoppedError, Visit

Answer = tuple[Any, ...]
Picture = UInt8[ndarray, "height width 3"]
_KEEP = gr.skip()
"""For a component that stays as it is."""
_HIDDEN, _VISIBLE = gr.update(visible=False), gr.update(visible=True)


class Found(NamedTuple):
    """Values for the components that tell of a visit, in the order in which the page lists them."""

    visit: Any = _KEEP
    status: Any = _KEEP
    picture: Any = _KEEP
    frame: Any = _KEEP
    """The slider."""
    key: Any = _KEEP
    saving: Any = _KEEP
    """The group of downloads."""
    why: Any = _KEEP
    """The group of explanations."""
    overlay: Any = _KEEP
    masks_json: Any = _KEEP
    masks_zip: Any = _KEEP
    query: Any = _KEEP
    """The sentences to ask about."""
    stop: Any = _KEEP
    """The button, of use as soon as there is a visit that it can stop."""


@no_type_check  # Whatever wraps it to check types would hide from gradio that it yields.
def find(
    segmenter: Segmenter,
    limits: Limits,
    folder: Path,
    video: str | None,
    sentences: str,
    last: Visit | None,
) -> Iterator[Found]:
    """Segment a video while the page shows how far it is.

    The visit's files lie in a folder of their own inside ``folder``.
    """
    if last is not None:
        last.close()
    nothing = Found(visit=None, picture=None, frame=_HIDDEN, key="", saving=_HIDDEN, why=_HIDDEN)
    yield nothing._replace(status=note("Waiting for the video …"))
    try:
        visit = Visit(video, sentences, limits, folder)
    except (ValueError, OSError) as error:
        yield nothing._replace(status=_said(error))
        return
    yield Found(visit, stop=gr.update(interactive=True))
    try:
        # However it ends, its writers are done before the folder goes.
        with closing(visit.run(segmenter)) as steps:
            for progress in steps:
                shown, key = progress_bar(progress), colour_key(visit)
                yield Found(status=shown, picture=progress.picture, key=key)
    except (ValueError, OSError, StoppedError) as error:
        visit.close()
        yield nothing._replace(status=_said(error))
        return
    except Exception:
        # For the server's log; the visitor can go on.
        visit.close()
        yield nothing._replace(status=failure("The server failed. Try again, or another video."))
        raise
    except BaseException:
        # The visitor left.
        visit.close()
        raise
    middle = visit.frames // 2
    explains = can_explain(segmenter)
    many = f"{visit.frames} frames. Move the slider to look at each of them."
    done = f"Done: {many if visit.frames > 1 else 'one frame.'}"
    yield Found(
        status=note(done, *visit.notes),
        picture=visit.picture(middle),
        # Of a single frame there is nothing to choose, and no slider is that short.
        frame=gr.update(visible=visit.frames > 1, maximum=max(1, visit.frames - 1), value=middle),
        key=colour_key(visit),
        saving=_VISIBLE,
        why=_VISIBLE if explains else _HIDDEN,
        overlay=str(visit.overlay),
        masks_json=str(visit.masks_json),
        masks_zip=str(visit.masks_zip),
        query=gr.update(
            choices=[(q, n) for n, q in enumerate(visit.queries)], value=0 if explains else None
        ),
    )


def _said(error: Exception) -> str:
    """Why there is no answer, in words for the visitor, who need not know the server's paths."""
    if isinstance(error, StoppedError):
        return note("Stopped.")
    if isinstance(error, OSError):
        return failure(
            f"The server can't keep the masks: {error.strerror or type(error).__name__}."
        )
    return failure(str(error))


def stop(visit: Visit | None) -> None:
    """End what is being computed."""
    if visit is not None:
        visit.stop()


def picture(visit: Visit | None, frame: int) -> Any:
    """The frame that the slider points at."""
    return _KEEP if visit is None else visit.picture(min(int(frame), visit.frames - 1))


def words(segmenter: Segmenter, visit: Visit | None, query: int | None) -> Any:
    """The words of a sentence to choose from, the last one chosen."""
    if visit is None or query is None:
        return _KEEP
    read = segmenter.vocabulary.read(visit.queries[query])
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
        return (_KEEP,) * 4
    try:
        found = visit.explain(segmenter, min(int(frame), visit.frames - 1), query)
    except ValueError:
        raise gr.Error("The video is no longer there; choose it anew.") from None
    if word >= len(found.words):
        return (_KEEP,) * 4  # a word of the sentence before: the page is about to know better
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
    if stage not in found.streams.get(stream, []):
        return None
    return draw_heat(found.image, found.attention(stream, stage, word))
