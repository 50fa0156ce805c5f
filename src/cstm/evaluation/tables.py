"""Numbers as tables for a terminal, beside the paper's where it has them."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from cstm.config import Experiment
from cstm.evaluation.cost import Cost
from cstm.experiments import EXPERIMENTS

_PRECISION = {f"precision@0.{x}": f".{x}" for x in range(5, 10)}
_SUMMARY = {"ap": "AP", "overall_iou": "overall", "mean_iou": "mean"}
_PICKED = {"pick_rate": "picked"}
_EMPTY = {"empty_masks": "no mask"}
_GROUPS = {
    "by_tag": "told apart by",
    "by_action": "action",
    "by_direction": "direction",
    "by_combination": "combination in training",
    "by_camera": "camera",
    "by_kind": "kind",
    "by_actor": "actor",
    "by_presence": "the actor is",
}
_MEANING = {
    "ratio": "IoU ≥ X, AP its mean over X",
    "coco": "IoU > X, AP by COCO's ranking",
    "released": "authors' masks, IoU ≥ X, AP its mean",
}


def metric_tables(result: Mapping[str, Any]) -> list[Table]:
    """Metrics in percent: one table for all samples, one for each breakdown that there is.

    The columns .5 to .9 are P@0.5 to P@0.9; overall and mean are IoUs; picked, where there are
    look-alike pairs, is the share of them in which the actor meant was chosen (chance: 50). Where
    some sentences are about nobody, "no mask" tells how many were lost, and how many rejected.
    """
    protocol = result["protocol"]
    title = f"{protocol} protocol, percent: {_MEANING[protocol]}"
    summary = _SUMMARY | _PICKED if result["look_alike_samples"] else _SUMMARY
    tables = [_metric_table(title, {"all": result}, _PRECISION | summary)]
    some_absent = "absent" in result["by_presence"]
    for key, name in _GROUPS.items():
        if result[key] and (some_absent or key != "by_presence"):
            tells_empty = some_absent and key in ("by_kind", "by_actor", "by_presence")
            columns = summary | _EMPTY if tells_empty else summary
            tables.append(_metric_table(name, result[key], columns))
    return tables


def _metric_table(
    title: str, rows: Mapping[str, Mapping[str, Any]], columns: Mapping[str, str]
) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),  # all columns fit 80 characters
    )
    table.add_column("", no_wrap=True)
    for heading in ("samples", *columns.values()):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in rows.items():
        cells = ("–" if row[key] is None else f"{100 * row[key]:.1f}" for key in columns)
        table.add_row(escape(name), str(row["samples"]), *cells)
    return table


_PAPER_GMAC = {"spatial": 19.54, "total": 213.06}
"""Table 4 of the paper; its 'FLOP' is one multiply-add."""


def cost_table(name: str, experiment: Experiment, cost: Cost) -> Table:
    """Parameters and multiply-adds of an experiment; those of ``paper`` as it is beside Table 4."""
    paper, clip = EXPERIMENTS["paper"], experiment.clip
    compared = (experiment.model, clip) == (paper.model, paper.clip)
    shape = f"{clip.frames}×{clip.size}×{clip.size}"
    title = f"{name}: one clip of {shape}, 20 words"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("")
    table.add_column("GMAC", justify="right")
    if compared:
        table.add_column("the paper", justify="right")
    for part, macs in cost["macs"].items():
        total = part == "total"
        beside = [f"{_PAPER_GMAC[part]:.2f}" if part in _PAPER_GMAC else ""] if compared else []
        style = "bold" if total else None
        table.add_row(part, f"{int(macs) / 1e9:.2f}", *beside, style=style)  # pyright: ignore[reportArgumentType]
    table.add_row("at inference", f"{cost['inference_macs'] / 1e9:.2f}")
    table.add_section()
    table.add_row("parameters", f"{cost['parameters'] / 1e6:.2f} M")
    table.add_row("… in word vectors", f"{cost['word_vectors'] / 1e6:.2f} M")
    return table
