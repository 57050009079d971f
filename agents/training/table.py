"""Tables of training and evaluation results for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

# key of a row, heading
_COLUMNS = (
    ("agent", "agent"),
    ("seeds", "seeds"),
    ("score", "score"),
    ("score_p5", "5 %"),
    ("score_interval", "IQM, 95 %"),
    ("raw_miss_rate", "raw misses"),
    ("return", "return"),
    ("gain", "gain"),
    ("gain_interval", "95 %"),
)
_COSTS = (
    ("agent", "agent"),
    ("latency_ms", "latency (ms)"),
    ("energy_j", "energy (J)"),
    ("migrations", "migrations"),
    ("migration_latency_ms", "their ms"),
    ("migration_energy_j", "their J"),
    ("feasible_rate", "feasible"),
    ("ms_slot_p50", "ms a slot"),
    ("ms_slot_p99", "p99"),
)
_TIMES = (1, 1024)


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Return one row a seed; the caption has the interquartile mean and its interval."""
    low, high = summary["score_interval"]
    shown = (("seed", "seed"), ("seconds", "seconds"), *_COLUMNS)
    columns = [column for column in shown if column[0] in summary["seeds"][0]]
    table = Table(
        *(heading for _, heading in columns),
        title=f"{summary['agent']} on {summary['env']}",
        title_justify="left",
        caption=f"IQM of the scores {summary['score_iqm']:.4f}, 95 % interval {low:.4f} to {high:.4f}",
    )
    for row in summary["seeds"]:
        table.add_row(*(_text(row[key]) for key, _ in columns))
    return table


def comparison_tables(rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Return one row an agent, best score first; in a second table what episodes cost, where told."""
    best_first = sorted(rows, key=lambda row: -row["score"])
    timed = any(f"ms_p50_batch{_TIMES[0]}" in row for row in rows)
    tables = [_table(_COLUMNS, best_first, *(_heading(batch) for batch in _TIMES if timed))]
    if any(key in row for row in rows for key, _ in _COSTS[1:]):
        tables.append(_table(_COSTS, best_first))
    return tables


def _table(columns: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, Any]], *times: str) -> Table:
    shown = [column for column in columns if any(column[0] in row for row in rows)]
    table = Table(*(heading for _, heading in shown), *times)
    for row in rows:
        taken = (f"{row[f'ms_p50_batch{b}']:.3g}/{row[f'ms_p99_batch{b}']:.3g}" for b in _TIMES if times)
        table.add_row(*(_text(row.get(key)) for key, _ in shown), *taken)
    return table


def _heading(batch: int) -> str:
    return f"ms p50/p99, batch {batch}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 else f"{value:.4g}"
    if isinstance(value, list):
        return " to ".join(_text(part) for part in value)
    return "" if value is None else str(value)
