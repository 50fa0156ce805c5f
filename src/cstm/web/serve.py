"""Putting the page on the network."""

import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import gradio as gr
from gradio.themes import Base, Soft

from cstm.inference import SegmentationWarning
from cstm.inference.samples import write_drawn, write_street
from cstm.inference.segmenter import Segmenter
from cstm.web.limits import Limits
from cstm.web.page import build_page

_UPLOADS = "GRADIO_TEMP_DIR"
"""The variable that says where gradio keeps them."""
_NO_PROXY = ("NO_PROXY", "no_proxy")
"""Those of whom to ask without a proxy."""
_COPIES_KEPT = 3600
"""Seconds after which uploads, and copies of what is shown, are deleted. A visit's own files go
with the visit, which gradio forgets within an hour after its page was closed."""
_BETWEEN = 600
"""Seconds between two looks for such files."""


@contextmanager
def open_page(
    segmenter: Segmenter,
    limits: Limits,
    host: str = "127.0.0.1",
    port: int = 7860,
    waiting: int = 20,
) -> Iterator[gr.Blocks]:
    """Serve the page as long as the block runs; its address is the page's ``local_url``.

    Args:
        segmenter: does all the work, for one visitor after the other.
        limits: what one visitor may ask for.
        host: address to listen at; ``0.0.0.0`` for all of this machine.
        port: number of the port.
        waiting: how many visitors may wait for their turn; further ones are told to come back.

    Raises:
        ValueError: it can't listen there.
    """
    if ":" in host:
        raise ValueError(f"{host}: give --host a name or an address of four numbers")
    with (
        TemporaryDirectory(prefix="cstm-", ignore_cleanup_errors=True) as name,
        _environment(_settings(uploads := Path(name) / "uploads", host)),
        warnings.catch_warnings(),
    ):
        # They quote sentences and names of files, of which a server's log knows nothing.
        warnings.simplefilter("ignore", SegmentationWarning)
        folder = Path(name)
        samples = [write_street(folder), write_drawn(folder)]
        page = build_page(segmenter, [clip for clip in samples if clip], limits, folder)
        page.queue(max_size=waiting)
        try:
            page.launch(
                server_name=host,
                server_port=port,
                max_file_size=f"{limits.megabytes}mb",
                # The browser's memory of earlier questions would outlive the files.
                run_history=False,
                theme=_theme(),
                css_paths=[Path(str(files("cstm.web") / "page.css"))],
                footer_links=[],
                enable_monitoring=False,
                quiet=True,
                prevent_thread_lock=True,
            )
        except OSError as error:
            raise ValueError(
                f"cannot listen at {host}, port {port}; choose another with --port"
            ) from error
        try:
            with _swept(uploads):
                yield page
        finally:
            page.close()


def _settings(uploads: Path, host: str) -> dict[str, str]:
    """Have gradio keep what visitors send in a folder that goes with the page, come what may, and
    ask no proxy for itself when it begins."""
    spared = [os.environ.get(name) for name in _NO_PROXY] + ["127.0.0.1", "localhost", host]
    return {_UPLOADS: str(uploads), **dict.fromkeys(_NO_PROXY, ",".join(filter(None, spared)))}


@contextmanager
def _swept(folder: Path) -> Iterator[None]:
    """As long as the block runs, delete what has lain in a folder for too long, and wasn't there
    before; uploads that were broken off, too, of which gradio's own sweep knows nothing."""
    own = set(folder.rglob("*"))
    is_over = Event()

    def sweep() -> None:
        while not is_over.wait(_BETWEEN):
            for path in set(folder.rglob("*")) - own:
                # Whoever uses or deletes it at the same time may; a folder goes when it is empty.
                with suppress(OSError):
                    if time.time() - path.stat().st_ctime > _COPIES_KEPT:
                        path.rmdir() if path.is_dir() else path.unlink()

    sweeper = Thread(target=sweep, name="sweeper", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        is_over.set()
        sweeper.join()


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Variables of the process as long as the block runs."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _theme() -> Base:
    """Fonts of the visitor's own, so that the page asks no other server; text dark enough to read.

    Contrasts are those of WCAG 2 AA.
    """
    theme = Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    return theme.set(
        block_label_text_color="*primary_800",
        block_title_text_color="*primary_800",
        block_info_text_color="*neutral_600",
        input_placeholder_color="*neutral_500",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        checkbox_label_background_fill_selected="*primary_600",
    )
