"""Numbers as tables for a terminal, beside the paper's where it has them."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cstm.config import ClipConfig
from cstm.evaluation.cost import Cost

_COLUMNS = {
    "precision@0.5": "P@0.5",
    "precision@0.6": "P@0.6",
    "precision@0.7": "P@0.7",
    "precision@0.8": "P@0.8",
    "precision@0.9": "P@0.9",
    "ap": "AP",
    "overall_iou": "overall IoU",
    "mean_iou": "mean IoU",
    "pick_rate": "picked",
}
_GROUPS = {"by_tag": "told apart by", "by_action": "action", "by_direction": "direction"}


def metric_tables(result: Mapping[str, Any]) -> list[Table]:
    """Metrics in percent: one table for all samples, one for each breakdown that there is.

    ``picked`` is the share of look-alike pairs in which the actor meant was chosen (chance: 50).
    """
    title = f"{result['protocol']} protocol, native resolution, percent"
    groups = {title: {"all": result}}
    for key, name in _GROUPS.items():
        if result.get(key):
            groups[name] = result[key]
    return [_metric_table(name, rows) for name, rows in groups.items()]


def _metric_table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("")
    for heading in ("samples", *_COLUMNS.values()):
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        cells = ("–" if row[key] is None else f"{100 * row[key]:.1f}" for key in _COLUMNS)
        table.add_row(name, str(row["samples"]), *cells)
    return table


_PAPER_GMAC = {"spatial": 19.54, "total": 213.06}
"""Table 4 of the paper; its 'FLOP' is one multiply-add."""


def cost_table(experiment: str, clip: ClipConfig, cost: Cost) -> Table:
    """Parameters and multiply-adds of an experiment; those of ``paper`` beside Table 4."""
    compared = experiment == "paper"
    shape = f"{clip.frames}×{clip.size}×{clip.size}"
    table = Table(title=f"{experiment}, one clip of {shape} and 20 words", title_justify="left")
    table.add_column("")
    table.add_column("GMAC", justify="right")
    if compared:
        table.add_column("the paper", justify="right")
    for part, macs in cost["macs"].items():
        total = part == "total"
        paper = [f"{_PAPER_GMAC[part]:.2f}" if part in _PAPER_GMAC else ""] if compared else []
        style = "bold" if total else None
        table.add_row(part, f"{int(macs) / 1e9:.2f}", *paper, style=style)  # pyright: ignore[reportArgumentType]
    table.add_row("at inference", f"{cost['inference_macs'] / 1e9:.2f}")
    table.add_section()
    table.add_row("parameters", f"{cost['parameters'] / 1e6:.2f} M")
    return table
