"""Tables of training and evaluation results for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Return one row a seed; the caption has the interquartile mean and its interval."""
    low, high = summary["score_interval"]
    rows = summary["seeds"]
    table = Table(
        *rows[0],
        title=f"{summary['agent']} on {summary['env']}",
        title_justify="left",
        caption=f"score: IQM {summary['score_iqm']:.4f}, 95 % interval {low:.4f} to {high:.4f}",
    )
    for row in rows:
        table.add_row(*(f"{value:.6g}" for value in row.values()))
    return table


def comparison_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return one row an agent, best score first."""
    ordered = sorted(rows, key=lambda row: -row["score"])
    columns = list(dict.fromkeys(key for row in ordered for key in row if key != "score_by_seed"))
    table = Table(*columns)
    for row in ordered:
        table.add_row(*(_text(row.get(column)) for column in columns))
    return table


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list):
        return " to ".join(_text(part) for part in value)
    return "" if value is None else str(value)
