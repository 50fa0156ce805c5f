"""The page: what stands where, and what happens on a click."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from cstm.inference.samples import SampleClip
from cstm.inference.segmenter import Segmenter
from cstm.web import answers
from cstm.web.fragments import heading, note
from cstm.web.limits import Limits
from cstm.web.visit import Visit

Options = dict[str, Any]

_DOWNLOADS = (
    ("overlay", "Overlay (MP4)"),
    ("json", "Masks (COCO JSON)"),
    ("pngs", "Masks (PNG)"),
)
_MAPS = (
    ("spatial", "The word, in the 2D encoder", "where the encoder of appearance finds the word"),
    ("temporal", "The word, in the 3D encoder", "where the encoder of motion finds the word"),
    ("selection", "Taken from the 3D encoder", "where the decoder prefers motion to appearance"),
)


def build_page(
    segmenter: Segmenter, samples: Sequence[SampleClip], limits: Limits, folder: Path
) -> gr.Blocks:
    """Lay the page out and wire it up; :func:`cstm.web.serve.open_page` puts it on the network.

    Args:
        segmenter: does all the work, for one visitor after the other.
        samples: clips to try, with their sentences.
        limits: what one visitor may ask for.
        folder: for what visitors' questions leave behind.
    """
    with gr.Blocks(title="cstm", analytics_enabled=False) as page:
        visit = gr.State(None, delete_callback=_forget)
        gr.HTML(heading(limits))
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=300):
                video, sentences, find, stop = _questions(samples)
            with gr.Column(scale=3, min_width=300):
                status = gr.HTML(note("Nothing asked yet."), elem_id="status")
                picture = _picture("Frame", "the frame, every actor found in its colour", "picture")
                frame = gr.Slider(0, 1, 0, step=1, label="Frame", visible=False, elem_id="frame")
                key = gr.HTML()
                with gr.Row(visible=False) as saving:
                    downloads = [
                        gr.DownloadButton(label, size="sm", min_width=120, elem_id=name)
                        for name, label in _DOWNLOADS
                    ]
        with gr.Column(visible=False) as why:
            gr.HTML("<h2>Where does the network look?</h2>")
            query = gr.Radio([], label="Sentence", elem_id="query", elem_classes="chips")
            word = gr.Radio([], label="Word", elem_id="word", elem_classes="chips")
            stage = gr.Radio(
                [("2, fine", 2), ("3", 3), ("4", 4), ("5, coarse", 5)],
                value=4,
                label="Stage of the encoders",
                elem_classes="chips",
            )
            with gr.Row():
                maps = [_picture(label, shown, name) for name, label, shown in _MAPS]
            shares = gr.HTML()

        outputs = [visit, status, picture, frame, key, saving, why, *downloads, query, stop]
        asked = [visit, frame, query, word, stage]
        on_network: Options = {"concurrency_limit": 1, "concurrency_id": "network"}
        # What needs no network doesn't wait, and works while the queue is full.
        show_words: Options = {
            "fn": partial(answers.words, segmenter),
            "inputs": [visit, query],
            "outputs": word,
            "show_progress": "hidden",
            "queue": False,
        }
        show_maps: Options = on_network | {
            "fn": partial(answers.maps, segmenter),
            "inputs": asked,
            "outputs": [*maps, shares],
            "show_progress": "minimal",
        }
        begun = find.click(_busy, None, [find, status], queue=False)
        running = begun.then(
            partial(answers.find, segmenter, limits, folder),
            [video, sentences, visit],
            outputs,
            show_progress="hidden",
            **on_network,
        )
        ended = running.then(_idle, None, [find, stop], queue=False)
        ended.then(**show_words).then(**show_maps)
        stop.click(answers.stop, visit, None, queue=False)
        frame.change(
            answers.picture,
            [visit, frame],
            picture,
            show_progress="hidden",
            queue=False,
            trigger_mode="always_last",
        )
        query.input(**show_words).then(**show_maps)
        chosen = [word.input, stage.input, frame.change]
        gr.on(chosen, **show_maps, trigger_mode="always_last")
    return page


def _questions(
    samples: Sequence[SampleClip],
) -> tuple[gr.Video, gr.Textbox, gr.Button, gr.Button]:
    video = gr.Video(
        label="Video",
        sources=["upload"],
        height=260,
        elem_id="video",
    )
    sentences = gr.Textbox(
        label="Sentences",
        info="One in each line",
        placeholder="the person on the bike\nthe white dog running",
        lines=3,
        elem_id="sentences",
    )
    with gr.Row():
        find = gr.Button("Find", variant="primary", elem_id="find")
        stop = gr.Button("Stop", interactive=False, elem_id="stop")
    gr.Examples(
        [[str(clip.path), "\n".join(clip.queries)] for clip in samples],
        [video, sentences],
        label="Or try one of these",
        example_labels=[clip.title for clip in samples],
    )
    return video, sentences, find, stop


def _picture(label: str, shown: str, name: str) -> gr.Image:
    return gr.Image(
        label=label, alt_text=shown, interactive=False, buttons=["fullscreen"], elem_id=name
    )


def _busy() -> tuple[gr.Button, str]:
    return gr.Button(interactive=False), note("Waiting for its turn …")


def _idle() -> tuple[gr.Button, gr.Button]:
    return gr.Button(interactive=True), gr.Button(interactive=False)


def _forget(visit: Visit | None) -> None:
    if visit is not None:
        visit.close()
