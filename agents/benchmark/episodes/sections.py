"""What the report of a benchmark of episodes shows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from semverse.agents.benchmark.episodes.results import Results
from semverse.agents.benchmark.episodes.table import (
    DIFFERENCE,
    GAP,
    RETURN,
    SHARE,
    Row,
    best,
    decimals,
    head,
    interval,
    keys,
    number,
)
from semverse.agents.benchmark.estimate import Estimate
from semverse.agents.benchmark.report import figure_html

_EXPLANATION = """
<p><b>return</b> is the undiscounted sum of rewards of an episode; every agent plays the same episodes.
<b>runs</b> counts the trainings that an agent's weights come from.{bound}{reference}{gap} Small figures: 95 %
bootstrap interval (percentile method); runs and episodes are resampled, the same episodes for all runs.
<b>p50</b> and <b>p99</b> are quantiles of the time of one decision on one core, <b>time</b> is that of all
episodes with the environment's own. {infos}</p>
"""


def facts(results: Results) -> list[str]:
    """Return what the head of the report says."""
    config = results.config
    return [
        f"{len(results.agents)} agents",
        f"{config.seeds} x {config.episodes} episodes from seed {config.first_seed}",
        f"settings {config.settings}" if config.settings else "settings as shipped",
        f"times of the {config.clock} clock",
    ]


def sections(results: Results, rows: Sequence[Row]) -> list[str]:
    """Return the body of the report as pieces of HTML."""
    from semverse.agents.benchmark.episodes import figures

    shown = {
        "intervals-return": figures.intervals(results, rows, RETURN, "return"),
        "distribution": figures.distribution(results),
        "cost": figures.cost(results, rows),
    }
    if results.bounded:
        shown["intervals-share"] = figures.intervals(results, rows, SHARE, "share of the bound")
    if results.config.reference_agent is not None:
        title = f"return minus that of {results.config.reference_agent}"
        shown["intervals-difference"] = figures.intervals(results, rows, DIFFERENCE, title)
    return [
        "<h2>Summary</h2>",
        _summary(results, rows),
        _explanation(results),
        "<h2>Figures</h2>",
        f"<div class=grid>{''.join(figure_html(key, found) for key, found in shown.items())}</div>",
    ]


def _explanation(results: Results) -> str:
    label = results.config.reference_agent
    names = ", ".join(results.infos)
    return _EXPLANATION.format(
        bound=" <b>share of bound</b> is the return over what the episode could have returned at most "
        "(bound over return where both are negative)."
        if results.bounded
        else "",
        reference=f" <b>return minus {escape(label)}</b> is the mean of the differences episode by episode."
        if label is not None
        else "",
        gap=f" <b>gap closed</b> is the share of the way from the mean return of {escape(str(label))} to the "
        "mean bound that an agent goes."
        if GAP in keys(results)
        else "",
        infos=f"{escape(names)}: mean over the steps of an episode." if names else "",
    )


def _summary(results: Results, rows: Sequence[Row]) -> str:
    shown = keys(results)
    heads = [
        "agent",
        "runs",
        "episodes",
        *(head(results, key) for key in shown),
        "p50 ms",
        "p99 ms",
        "time s",
    ]
    lines = ["".join(f"<th>{escape(name)}</th>".replace("\n", "<br>") for name in heads)]
    tops = {key: best(rows, key) for key in shown}
    digits = {key: decimals(rows, key) for key in shown}
    for row in rows:
        cells = "".join(_cell(row.estimates[key], tops[key], digits[key]) for key in shown)
        rest = "".join(f"<td>{number(value)}</td>" for value in (row.p50_ms, row.p99_ms, row.seconds))
        lines.append(f"<td>{escape(row.agent)}</td><td>{row.runs}</td><td>{row.episodes}</td>{cells}{rest}")
    return (
        f"<div class=scroll><table id=summary>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></div>"
    )


def _cell(found: Estimate | None, top: float | None, digits: int) -> str:
    if found is None:
        return "<td>–</td>"
    mark = " class=best" if found.mean == top else ""
    return f"<td{mark}>{found.mean:.{digits}f}<small>{interval(found, digits)}</small></td>"
