"""Commands for whoever looks after a machine: serve, doctor."""

import json as json_format
import sys
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from cstm.bounds import at_least
from cstm.config import Device, Looks


def serve(
    *,
    weights: str = "lite",
    host: str = "127.0.0.1",
    port: int = 7860,
    seconds: float = 60.0,
    frames: int = 3600,
    megabytes: int = 200,
    sentences: int = 8,
    waiting: int = 20,
    device: Device = "auto",
    size: int | None = None,
    least_score: float | None = None,
    looks: Looks | None = None,
) -> None:
    """Open a page in the browser: drop a video, write sentences, see who is found.

    The page shows the masks while they are computed, lets one look at every frame, shows where
    the network looks for each word, and offers masks and overlay for download. It needs
    `pip install "cstm[web]"`.

    Example: cstm serve --seconds 20 --megabytes 50

    Args:
        weights: Weights that come with the package (lite, or tiny), or a checkpoint's path.
        host: Address to listen at; 0.0.0.0 lets everyone on the network in, without a password.
        port: Port to listen at.
        seconds: Longest video that is taken.
        frames: Most frames of a video, which may have hundreds in a second.
        megabytes: Largest file that is taken.
        sentences: Most sentences at a time.
        waiting: Most visitors that wait for their turn; one is served at a time.
        device: Where to compute; auto takes a GPU if there is one.
        size: Longer side of the network's input in pixels, that of the weights if not given; a
            smaller one is faster and loses the smallest actors.
        least_score: Score from which on an actor has a mask, from 0 to 1; 0.5 if not given (lite).
        looks: 2 looks again, nearer, at small actors, 1 does not, as `cstm segment --looks` says.
    """
    try:
        from cstm.web.serve import open_page
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("cstm"):
            raise
        raise ValueError(
            f'the page needs {error.name}; install it with: pip install "cstm[web]"'
        ) from error
    from cstm.inference.load import load
    from cstm.web.limits import Limits

    at_least(1, seconds=seconds, frames=frames, megabytes=megabytes)
    at_least(1, sentences=sentences, waiting=waiting)
    if not 0 < port < 2**16:
        raise ValueError(f"port should be a number from 1 to {2**16 - 1}, got {port}")
    limits = Limits(seconds=seconds, frames=frames, megabytes=megabytes, sentences=sentences)
    segmenter = load(weights, device=device, size=size, least_score=least_score, looks=looks)
    with open_page(segmenter, limits, host, port, waiting) as page:
        print(f"open {page.local_url} in a browser; stop with Ctrl-C", flush=True)
        page.block_thread()


def doctor(*, json: bool = False) -> None:
    """Say what works on this machine: device, codecs, weights, extras, what is in the cache.

    A film is written and read, and the weights that come with the package are run. Exit code: 0
    when all that cstm needs works, 1 when something is broken. What is absent is optional.

    Args:
        json: Print JSON instead of lines.
    """
    from cstm.inference.doctor import examine

    signs = {"works": "[green]works [/]", "absent": "[dim]absent[/]", "broken": "[red]broken[/]"}
    found = []
    for symptom in examine():
        found.append(symptom)
        if not json:
            line = f"{signs[symptom.state]} {escape(f'{symptom.what}: {symptom.detail}')}"
            Console(soft_wrap=True, highlight=False).print(line)
    if json:
        print(json_format.dumps([asdict(symptom) for symptom in found]))
    if any(symptom.state == "broken" for symptom in found):
        sys.exit(1)
