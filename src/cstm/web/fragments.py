"""Pieces of the page in HTML: notes, the progress, the key to the colours, bars."""

from collections.abc import Sequence
from html import escape

from cstm.inference.overlay import query_colour
from cstm.web.limits import Limits
from cstm.web.visit import Progress, Visit


def heading(limits: Limits) -> str:
    """Title of the page and what to do on it."""
    return (
        "<h1>Find the actor that a sentence describes</h1>"
        f"<p>Choose a video of up to {limits.seconds:g} seconds and {limits.megabytes} MB, and "
        f"write up to {limits.sentences} sentences, one in each line. Every sentence gets a "
        "colour, and its actor is marked in every frame. What you upload is shown to nobody else, "
        "and deleted within an hour after you leave.</p>"
    )


def note(*lines: str) -> str:
    """Lines that a screen reader reads out."""
    return f'<div role="status">{"<br>".join(map(escape, lines))}</div>'


def failure(message: str) -> str:
    """What went wrong, and what to do."""
    return f'<div role="alert" class="failure">{escape(message)}</div>'


def progress_bar(progress: Progress) -> str:
    """How far it is and how long it takes yet; not read out, since it changes all the time."""
    done, total = progress.done, progress.total
    limits = f'value="{done}" max="{max(done, total)}"' if total else ""
    text = f"frame {done} of {total}" if total else f"frame {done}"
    text += f" · {progress.frames_per_second:.1f} frames a second"
    if progress.seconds_left is not None:
        text += f" · {duration(progress.seconds_left)} left"
    return f'<progress aria-label="Frames done" {limits}></progress><div>{text}</div>'


def duration(seconds: float) -> str:
    """``0:42`` for 42 seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def colour_key(visit: Visit) -> str:
    """Every sentence with its colour, and in how many frames its actor was found."""
    rows = []
    for number, (query, found) in enumerate(zip(visit.queries, visit.found, strict=True)):
        where = f"in {found} of {visit.frames} frames" if found else "not found"
        colour = "rgb({}, {}, {})".format(*query_colour(number))
        rows.append(
            f'<li><span class="dot" style="background: {colour}"></span>{escape(query)}'
            f" <small>{where}</small></li>"
        )
    return f'<ul class="key" aria-label="Sentences and their colours">{"".join(rows)}</ul>'


def share_bars(shares: Sequence[float]) -> str:
    """How much of each decoder stage is the 3D encoder's, as bars."""
    rows = []
    for stage, share in enumerate(shares, start=1):
        rows.append(
            f"<tr><th scope='row'>{stage}</th>"
            f"<td><div class='bar'><div style='width: {100 * (1 - share):.0f}%'></div></div></td>"
            f"<td>{100 * (1 - share):.0f}%</td><td>{100 * share:.0f}%</td></tr>"
        )
    return (
        "<table class='shares'><caption>What the decoder takes, inside the mask: appearance (2D "
        "encoder) against motion (3D encoder), from its finest stage to its coarsest</caption>"
        "<thead><tr><th scope='col'>stage</th><th scope='col'>shares</th><th scope='col'>2D</th>"
        f"<th scope='col'>3D</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
