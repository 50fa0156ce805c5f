"""What a check found, as tables for a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cstm.config import SPLITS
from cstm.data.check.findings import COUNTS, TRAPS, Counts, Findings

ROWS = 20
"""Most rows of a list of files."""


def finding_tables(found: Findings, published: Counts) -> list[RenderableType]:
    """Counts beside the published ones, what is missing or broken, traps, notes, and a verdict."""
    shown: list[RenderableType] = [_count_table(found, published)]
    for title, columns, rows in (
        ("missing", ("file", "what to do"), found.missing),
        ("broken", ("file", "problem"), found.broken),
    ):
        if rows:
            shown += _file_table(f"{title}: {len(rows)}", columns, rows)
    if found.traps:
        shown.append(_trap_table(found))
    shown += [Text(f"note: {note}") for note in found.notes]
    shown.append(
        Text("All is there and opens.", style="green")
        if found.usable
        else Text(f"{len(found.missing)} missing, {len(found.broken)} broken.", style="bold red")
    )
    return shown


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _count_table(found: Findings, published: Counts) -> Table:
    table = _table(str(found.root), "")
    for split in SPLITS:
        table.add_column(split, justify="right")
        if published:
            table.add_column("published", justify="right")
    for what in COUNTS:
        cells = []
        for split in SPLITS:
            number = found.counts[what][split]
            cells.append(f"{number:,}")
            if published:
                same = number == published[what][split]
                cells.append(f"[{'green' if same else 'yellow'}]{published[what][split]:,}[/]")
        table.add_row(what, *cells)
    return table


def _file_table(
    title: str, columns: tuple[str, str], rows: Sequence[tuple[str, str]]
) -> list[RenderableType]:
    table = _table(title, *columns)
    for row in rows[:ROWS]:
        table.add_row(*map(Text, row))
    if len(rows) <= ROWS:
        return [table]
    return [table, Text(f"… and {len(rows) - ROWS} more; --json lists all")]


def _trap_table(found: Findings) -> Table:
    table = _table("odd, and handled by the reader", "what", "times", "the first", "the reader")
    for name, reader in TRAPS.items():
        if places := found.traps.get(name):
            table.add_row(name, f"{len(places):,}", Text(places[0]), reader)
    return table
