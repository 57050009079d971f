"""The interactive figures of the report of a benchmark of episodes, as plotly objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from semverse.agents.benchmark.colours import colours
from semverse.agents.benchmark.episodes.results import Results, Runs
from semverse.agents.benchmark.episodes.table import RETURN, SHARE, Row
from semverse.agents.benchmark.report import styled

_CURVE_POINTS = 400  # of a distribution; more episodes are thinned


def intervals(results: Results, rows: Sequence[Row], key: str, title: str) -> Any:
    """Return one estimate of every agent with its interval."""
    colour, figure = colours(results.config), go.Figure()
    for row in reversed(rows):  # the first comes on top
        found = row.estimates[key]
        if found is None:
            continue
        low, high = (found.mean if end is None else end for end in (found.low, found.high))
        figure.add_scatter(
            x=[found.mean],
            y=[row.agent],
            error_x={"array": [high - found.mean], "arrayminus": [found.mean - low], "thickness": 2},
            mode="markers",
            marker={"size": 10, "color": colour[row.agent]},
            showlegend=False,
            hovertemplate=f"{row.agent}<br>%{{x:.6g}} ({low:.6g} to {high:.6g})<extra></extra>",
        )
    figure.update_xaxes(title=title)
    return styled(figure, f"{title}: mean and 95 % interval", 460)


def distribution(results: Results) -> Any:
    """Return which share of the episodes reached at least so much of the bound (or return)."""
    colour, figure = colours(results.config), go.Figure()
    for label, runs in results.runs.items():
        values = np.sort(_compared(results, runs).ravel())
        values = values[np.isfinite(values)]
        thin = np.unique(np.linspace(0, len(values) - 1, min(len(values), _CURVE_POINTS)).astype(int))
        figure.add_scatter(
            x=values[thin],
            y=1.0 - thin / max(len(values), 1),
            mode="lines",
            line={"color": colour[label], "width": 2, "shape": "vh"},
            name=label,
            hovertemplate=f"{label}<br>%{{y:.1%}} of the episodes reach %{{x:.5g}}<extra></extra>",
        )
    title = "share of the bound" if results.bounded else "return"
    figure.update_xaxes(title=title)
    figure.update_yaxes(title="share of episodes that reach it", range=[0, 1.02])
    return styled(figure, f"Distribution of the {title} over episodes", 460)


def cost(results: Results, rows: Sequence[Row]) -> Any:
    """Return what is earned against the time that a decision takes."""
    key = SHARE if results.bounded else RETURN
    colour, figure = colours(results.config), go.Figure()
    for row in rows:
        found = row.estimates[key]
        if found is None or row.p50_ms is None or row.p99_ms is None:
            continue
        figure.add_scatter(
            x=[row.p50_ms],
            y=[found.mean],
            error_x={"array": [row.p99_ms - row.p50_ms], "arrayminus": [0.0], "thickness": 1},
            mode="markers+text",
            text=[row.agent],
            textposition="top right",
            marker={"size": 10, "color": colour[row.agent]},
            showlegend=False,
            hovertemplate=f"{row.agent}<br>%{{x:.3g}} ms (p99 {row.p99_ms:.3g})<br>%{{y:.5g}}<extra></extra>",
        )
    figure.update_xaxes(title="time of a decision (ms): median, bar to the 99th percentile", type="log")
    figure.update_yaxes(title="share of the bound" if results.bounded else "return")
    return styled(figure, "What a decision costs", 460)


def _compared(results: Results, runs: Runs) -> Any:
    return runs.share if results.bounded else runs.returns
