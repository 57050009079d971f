"""The summary table of a benchmark of episodes: one line an agent."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from semverse.agents.benchmark.episodes.results import FloatArray, Results, Runs
from semverse.agents.benchmark.estimate import Estimate
from semverse.agents.training.statistics import crossed_interval, iqm

RETURN, IQM, SHARE, DIFFERENCE, GAP = "return", "iqm", "share", "difference", "gap_closed"
HIGHER_IS_BETTER = (RETURN, IQM, SHARE, GAP)


@dataclass(frozen=True)
class Row:
    """One agent's line."""

    agent: str
    runs: int  # trainings, or 1
    episodes: int  # each run's
    estimates: dict[str, Estimate | None]  # by key; see `keys`
    p50_ms: float | None  # median time of a decision
    p99_ms: float | None
    seconds: float | None  # time of all episodes of all runs


def keys(results: Results) -> list[str]:
    """Return what the table shows with an interval, in its order."""
    found = [RETURN]
    if any(len(runs.trainings) > 1 for runs in results.runs.values()):
        found.append(IQM)
    if results.bounded:
        found.append(SHARE)
    if results.config.reference_agent is not None:
        found.append(DIFFERENCE)
    if _has_gap(results):
        found.append(GAP)
    return found + results.infos


def _has_gap(results: Results) -> bool:
    """Return whether the reference agent stays below a known bound in every episode."""
    reference = results.runs.get(str(results.config.reference_agent))
    return reference is not None and bool((reference.bounds > reference.returns).all())


def summarise(results: Results) -> list[Row]:
    """Return one row an agent, in the order of the configuration."""
    shown = keys(results)
    return [_row(results, label, shown) for label in results.agents]


def _row(results: Results, label: str, shown: Sequence[str]) -> Row:
    runs = results.runs.get(label)
    if runs is None:
        return Row(label, 0, 0, dict.fromkeys(shown), None, None, None)
    median, worst = np.quantile(runs.decision_ms, [0.5, 0.99])
    return Row(
        agent=label,
        runs=len(runs.trainings),
        episodes=len(runs.seeds),
        estimates={key: _estimate(results, label, runs, key) for key in shown},
        p50_ms=float(median),
        p99_ms=float(worst),
        seconds=runs.seconds,
    )


def _estimate(results: Results, label: str, runs: Runs, key: str) -> Estimate | None:
    if key == DIFFERENCE:
        reference = str(results.config.reference_agent)
        return None if label == reference else difference(runs, results.runs.get(reference))
    if key == GAP:
        return gap_closed(runs, results.runs[str(results.config.reference_agent)])
    values = {RETURN: runs.returns, IQM: runs.returns, SHARE: runs.share}.get(key, runs.infos.get(key))
    return None if values is None else estimate([values], iqm if key == IQM else np.mean)


def difference(runs: Runs, reference: Runs | None) -> Estimate | None:
    """Estimate by how much an agent's mean return exceeds that of another in the same episodes."""
    if reference is None:
        return None
    _, mine, theirs = np.intersect1d(runs.seeds, reference.seeds, return_indices=True)
    samples = [runs.returns[:, mine], reference.returns[:, theirs]]
    return estimate(samples, lambda own, other: float(own.mean() - other.mean()))


def gap_closed(runs: Runs, reference: Runs) -> Estimate | None:
    """Estimate what share of the way from another agent's mean return to the mean bound an agent goes."""
    _, mine, theirs = np.intersect1d(runs.seeds, reference.seeds, return_indices=True)
    samples = [runs.returns[:, mine], reference.returns[:, theirs], reference.bounds[:1, theirs]]

    def share(own: FloatArray, other: FloatArray, bound: FloatArray) -> float:
        return float((own.mean() - other.mean()) / (bound.mean() - other.mean()))

    return estimate(samples, share)


def estimate(samples: Sequence[FloatArray], statistic: Callable[..., Any]) -> Estimate | None:
    """Return a statistic with its 95 % interval, see `semverse.agents.training.statistics.crossed_interval`.

    Args:
        samples: values [R, E] each; episodes in which one of them is NaN are left out.
        statistic: of those arrays.

    Returns:
        None without any episode; without an interval for one episode of one run.
    """
    known = np.all([np.isfinite(sample).all(axis=0) for sample in samples], axis=0)
    kept = [sample[:, known] for sample in samples]
    count = int(known.sum())
    if not count:
        return None
    value = float(statistic(*kept))
    if count == 1 and all(len(sample) == 1 for sample in kept):
        return Estimate(value, None, None, count)
    return Estimate(value, *crossed_interval(kept, statistic), count)


def rich_tables(results: Results, rows: Sequence[Row], width: int) -> list[Table]:
    """Return the table for a terminal of some columns, or as many as it takes for none to be wider."""
    waiting, tables = columns(results, rows), []
    while waiting:
        count = len(waiting)
        while count > 1 and _width(_table(results, rows, waiting[:count]), width) > width:
            count -= 1
        tables.append(_table(results, rows, waiting[:count]))
        waiting = waiting[count:]
    return tables


Column = tuple[str, list[Text]]  # heading, one cell a row


def columns(results: Results, rows: Sequence[Row]) -> list[Column]:
    """Return all columns but the first two."""
    found = []
    for key in keys(results):
        digits, top = decimals(rows, key), best(rows, key)
        found.append((head(results, key), [_text(row.estimates[key], top, digits) for row in rows]))
    for name, values in (
        ("p50\nms", [row.p50_ms for row in rows]),
        ("p99\nms", [row.p99_ms for row in rows]),
        ("time\ns", [row.seconds for row in rows]),
    ):
        found.append((name, [Text(number(value)) for value in values]))
    return found


def _table(results: Results, rows: Sequence[Row], shown: Sequence[Column]) -> Table:
    episodes = max((row.episodes for row in rows), default=0)
    table = Table(
        title=f"{results.config.env}: {episodes} episodes\nmean, below it the 95 % bootstrap interval",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("agent", style="bold", no_wrap=True)
    table.add_column("runs", justify="right")
    for name, _ in shown:
        table.add_column(name, justify="right")
    for i, row in enumerate(rows):
        table.add_row(row.agent, str(row.runs), *(cells[i] for _, cells in shown))
    return table


def _width(table: Table, width: int) -> int:
    console = Console(width=10 * width)
    return Measurement.get(console, console.options, table).maximum


def head(results: Results, key: str) -> str:
    """Return the heading of a column, of two lines at most."""
    fixed = {
        RETURN: "return",
        IQM: "return\nIQM",
        SHARE: "share\nof bound",
        DIFFERENCE: f"return minus\n{results.config.reference_agent}",
        GAP: "gap\nclosed",
    }
    return fixed.get(key, key.replace("_", "\n", 1))


def best(rows: Sequence[Row], key: str) -> float | None:
    """Return the largest value of a column where larger is better."""
    found = [row.estimates[key] for row in rows]
    values = [estimate.mean for estimate in found if estimate is not None]
    return max(values, default=None) if key in HIGHER_IS_BETTER else None


def decimals(rows: Sequence[Row], key: str) -> int:
    """Return how many decimals give the largest value of a column four digits; of a share always four."""
    found = [abs(e.mean) for row in rows if (e := row.estimates[key]) is not None and e.mean]
    return 4 if key in (SHARE, GAP) or not found else min(max(3 - floor(log10(max(found))), 0), 4)


def number(value: float | None) -> str:
    """Return a number to three digits, a dash for None."""
    return "-" if value is None else f"{value:.3g}"


def interval(found: Estimate, digits: int) -> str:
    """Return the ends of an interval; empty if there is none."""
    if found.low is None or found.high is None:
        return ""
    return f"{found.low:.{digits}f}, {found.high:.{digits}f}"


def _text(found: Estimate | None, top: float | None, digits: int) -> Text:
    if found is None:
        return Text("-")
    text = Text(f"{found.mean:.{digits}f}", style="bold green" if found.mean == top else "")
    below = interval(found, digits)
    return text.append(f"\n{below}", style="not bold dim") if below else text


def csv_text(results: Results) -> str:
    """Return one line an episode and run."""
    stream = io.StringIO()
    names = sorted(set().union(*(runs.infos for runs in results.runs.values())))
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["agent", "training", "seed", "return", "bound", "share", "steps", *names])
    for label, runs in results.runs.items():
        unknown = np.full_like(runs.returns, np.nan)
        columns = [runs.returns, runs.bounds, runs.share, *(runs.infos.get(n, unknown) for n in names)]
        for r, training in enumerate(runs.trainings):
            for e, seed in enumerate(runs.seeds.tolist()):
                values = [float(column[r, e]) for column in columns]
                texts = ["" if np.isnan(value) else value for value in values]
                fixed = [label, "" if training is None else training, seed]
                writer.writerow([*fixed, *texts[:3], int(runs.steps[r, e]), *texts[3:]])
    return stream.getvalue()
