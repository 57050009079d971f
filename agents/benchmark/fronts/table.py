"""The summary table: agents by regions, means with bootstrap intervals over seeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from semverse.agents.benchmark.estimate import Estimate, estimate
from semverse.agents.benchmark.fronts.results import VERSUS_REFERENCE, Results

TABLE_METRICS = ("hv", "hv_ratio", VERSUS_REFERENCE)  # the last where there is a reference agent
_HEADS = {VERSUS_REFERENCE: "vs_ref"}  # narrow as the numbers below


@dataclass(frozen=True)
class Row:
    """One agent's line."""

    agent: str
    seconds: float | None  # mean time to finish one instance
    regions: dict[str, dict[str, Estimate | None]]  # region -> metric -> estimate
    overall: dict[str, Estimate | None]  # metric -> mean over the regions

    @property
    def columns(self) -> list[Estimate | None]:
        """The estimates region by region, then the overall ones, each in the order of TABLE_METRICS."""
        return [found for group in [*self.regions.values(), self.overall] for found in group.values()]


def summarise(results: Results) -> list[Row]:
    """Return one row an agent, in the order of the configuration."""
    rows = []
    keys = [metric.key for metric in results.metrics if metric.key in TABLE_METRICS]
    for agent in results.agents:
        values = {
            region: {key: _values(results, agent, region, key) for key in keys} for region in results.regions
        }
        seconds = [s.record.seconds for s in results.of(agent=agent)]
        rows.append(
            Row(
                agent=agent,
                seconds=float(np.mean(seconds)) if seconds else None,
                regions={r: {key: estimate([v]) for key, v in by.items()} for r, by in values.items()},
                overall={key: estimate([by[key] for by in values.values()]) for key in keys},
            )
        )
    return rows


def _values(results: Results, agent: str, region: str, key: str) -> list[float]:
    found = (s.metrics[key] for s in results.of(agent=agent, region=region))
    return [value for value in found if value is not None]


def rich_tables(rows: Sequence[Row], width: int) -> list[Table]:
    """Return the table for a terminal of some columns, or where it does not fit one an indicator.

    Two regions without a reference agent fit 80 columns.
    """
    whole = rich_table(rows, list(rows[0].overall))
    console = Console(width=10 * width)
    if Measurement.get(console, console.options, whole).maximum <= width:
        return [whole]
    return [rich_table(rows, [key]) for key in rows[0].overall]


def rich_table(rows: Sequence[Row], keys: Sequence[str]) -> Table:
    """Return a table of some indicators for the terminal."""
    table = Table(
        title="Hypervolume: mean over seeds, below it the 95 % bootstrap interval",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("agent", style="bold", no_wrap=True)
    for group in [*rows[0].regions, "mean"]:
        for key in keys:
            table.add_column(f"{group}\n{_HEADS.get(key, key)}", justify="right")
    table.add_column("time\ns", justify="right")
    tops = best(rows)
    shown = [key in keys for _ in [*rows[0].regions, "mean"] for key in rows[0].overall]
    for row in rows:
        cells = [
            _text(found, found is not None and found.mean == top)
            for found, top, wanted in zip(row.columns, tops, shown, strict=True)
            if wanted
        ]
        table.add_row(row.agent, *cells, "-" if row.seconds is None else f"{row.seconds:.2f}")
    return table


def best(rows: Sequence[Row]) -> list[float | None]:
    """Return the largest mean of each column, in the order of `Row.columns`."""
    columns = zip(*(row.columns for row in rows), strict=True)
    return [max((found.mean for found in column if found is not None), default=None) for column in columns]


def _text(found: Estimate | None, is_best: bool) -> Text:
    if found is None:
        return Text("-")
    text = Text(f"{found.mean:.4f}", style="bold green" if is_best else "")
    if found.low is not None:
        text.append(f"\n{_short(found.low)}–{_short(found.high)}", style="not bold dim")
    return text


def _short(value: float | None) -> str:
    """Return three decimals without a leading zero."""
    return f"{value:.3f}".removeprefix("0")


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows as JSON values."""
    return [asdict(row) for row in rows]


def csv_text(results: Results) -> str:
    """Return one line a finished cell."""
    stream = io.StringIO()
    keys = [metric.key for metric in results.metrics]
    points = ["eq35_latency_ms", "eq35_energy_j", "ratio_latency_ms", "ratio_energy_j"]
    writer = csv.writer(stream, lineterminator="\n")
    head = ["region", "seed", "agent", "points", "seconds"]
    writer.writerow([*head, *keys, *points, "hypervolume_bound"])
    certificates = results.certificates
    for s in results.scored:
        known = certificates.get(s.cell.instance)
        certified = (
            ["", "", ""] if known is None else [*known.reference_point.tolist(), known.hypervolume_bound]
        )
        writer.writerow(
            [s.cell.region, s.cell.seed, s.cell.agent, len(s.record.points), s.record.seconds]
            + ["" if s.metrics[key] is None else s.metrics[key] for key in keys]
            + [*s.record.eq35_reference, *certified]
        )
    return stream.getvalue()
