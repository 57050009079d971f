"""The interactive figures of the report, as plotly objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from semverse.agents.benchmark.colours import colours
from semverse.agents.benchmark.fronts.plots import EXCLUDED, boundary, label, limits
from semverse.agents.benchmark.fronts.results import Results, mean_curves
from semverse.agents.benchmark.report import styled
from semverse.envs.scc.types import FloatArray


def fronts(results: Results, instance: str) -> Any:
    """Return the overlaid final fronts of an instance and the region that its bounds exclude."""
    x, y = limits(results, instance)
    figure = go.Figure()
    colour = colours(results.config)
    known = results.certificates.get(instance)
    if known is not None:
        latency, energy = boundary(known, x, y)
        figure.add_scatter(
            x=np.concatenate([latency, latency[::-1]]),
            y=np.concatenate([energy, np.full(len(latency), y[0])]),
            fill="toself",
            fillcolor=EXCLUDED,
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            name="no placement here (certified)",
        )
    for scored in results.of(instance=instance):
        # a trace without any point would be left out of the legend; NaN is not drawn
        objectives = scored.record.objectives if scored.record.points else np.full((1, 2), np.nan)
        name = scored.record.agent
        figure.add_scatter(
            x=objectives[:, 0],
            y=objectives[:, 1],
            mode="lines+markers",
            line={"color": colour[name], "width": 1.5, "shape": "hv"},
            marker={"size": 6},
            name=label(scored),
            legendgroup=name,
            hovertemplate=f"{name}<br>%{{x:.1f}} ms<br>%{{y:.1f}} J<extra></extra>",
        )
    figure.update_xaxes(title="latency (ms)", type="log", range=np.log10(x).tolist())
    figure.update_yaxes(title="energy (J)", type="log", range=np.log10(y).tolist())
    if known is not None:
        figure.update_layout(updatemenus=[_zoom(x, y, known.reference_point)])
    return styled(figure, instance, 460)


def _zoom(x: tuple[float, float], y: tuple[float, float], corner: FloatArray) -> dict[str, Any]:
    """Return buttons between all fronts and the box that hv_ratio is measured in."""
    buttons = []
    for title, x1, y1 in (("all fronts", x[1], y[1]), ("hv_ratio box", *corner)):
        ranges = {"xaxis.range": np.log10([x[0], x1]).tolist(), "yaxis.range": np.log10([y[0], y1]).tolist()}
        buttons.append({"label": title, "method": "relayout", "args": [ranges]})
    place = {"x": 1.0, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "pad": {"b": 6}}
    return {"type": "buttons", "direction": "left", "buttons": buttons, **place}


def curves(results: Results, region: str) -> Any:
    """Return every indicator over the budget, one panel an indicator, the mean over a region's seeds."""
    titles = [f"{m.title} ({'higher' if m.larger_is_better else 'lower'} is better)" for m in results.metrics]
    titles.append("hypervolume missing to the certified bound: 1 - hv_ratio (lower is better)")
    figure = make_subplots(
        rows=(len(titles) + 1) // 2,
        cols=2,
        subplot_titles=titles,
        vertical_spacing=0.08,
        horizontal_spacing=0.08,
    )
    colour = colours(results.config)
    for agent in results.agents:
        found = mean_curves(results, agent, region)
        shown = [*found.values.values(), 1.0 - found.values["hv_ratio"]]
        for i, values in enumerate(shown):
            figure.add_scatter(
                x=found.seconds,
                y=values,
                mode="lines",
                line={"color": colour[agent], "width": 2, "shape": "hv"},
                name=agent,
                legendgroup=agent,
                showlegend=i == 0,
                hovertemplate=f"{agent}<br>%{{x:.3g}} s: %{{y:.4f}}<extra></extra>",
                row=i // 2 + 1,
                col=i % 2 + 1,
            )
    figure.update_xaxes(title="time (s)", type="log", dtick="D2")
    for i in range(len(titles)):
        if i >= len(results.metrics) or not results.metrics[i].larger_is_better:
            figure.update_yaxes(type="log", dtick="D2", row=i // 2 + 1, col=i % 2 + 1)
    return styled(figure, f"{region}: mean over seeds", 320 * ((len(titles) + 1) // 2))
