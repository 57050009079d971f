"""What the figures of TensorBoard and of the report have in common, and the matplotlib one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semverse.agents.benchmark.colours import colours
from semverse.agents.benchmark.fronts.results import Results, Scored
from semverse.envs.scc.types import FloatArray
from semverse.solvers.certificate import Certificate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXCLUDED = "#d9d9d9"  # fill of the region that the certified bounds exclude
_BOUNDARY_POINTS = 200
_WIDE = 8.0  # ratio of an axis' ends from which its ticks are 1, 2, 5, 10, ...
_MARGIN = 0.06  # of the axis, in decades


def label(scored: Scored) -> str:
    """Return what a legend calls a cell's front."""
    return scored.record.agent if scored.record.points else f"{scored.record.agent} (no front)"


def lower_energy(known: Certificate, latency_ms: FloatArray) -> FloatArray:
    """Return the least energy_j [K] that the certified bounds allow at each latency_ms [K].

    Infinite where a bound on latency alone excludes any energy.
    """
    energy = np.full(len(latency_ms), -np.inf)
    for bound in known.bounds:
        slope, weight = bound.weights
        if weight > 0:
            energy = np.maximum(energy, (bound.value - slope * latency_ms) / weight)
        else:
            energy[slope * latency_ms < bound.value] = np.inf
    return energy


def limits(results: Results, instance: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of latency_ms and energy_j that show every final front, with a margin (log axes)."""
    parts = [s.record.objectives for s in results.of(instance=instance)]
    known = results.certificates.get(instance)
    if known is not None:
        parts.append(known.front)
    shown = np.concatenate(parts) if parts else np.zeros((0, 2))
    if not len(shown):
        return (0.1, 1.0), (0.1, 1.0)
    positive = np.maximum(shown, 1e-9)
    low, high = positive.min(axis=0), positive.max(axis=0)
    room = 10 ** np.maximum(_MARGIN * np.log10(high / low), 0.01)
    (x0, y0), (x1, y1) = low / room, high * room
    return (float(x0), float(x1)), (float(y0), float(y1))


def boundary(
    known: Certificate, x: tuple[float, float], y: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Return the edge of the excluded region inside a window, as latency_ms and energy_j."""
    latency = np.geomspace(*x, _BOUNDARY_POINTS)
    # a bound on latency alone makes a vertical edge: one more sample right at it
    walls = [b.value / b.weights[0] for b in known.bounds if b.weights[0] > 0]
    inside = [w for w in walls if x[0] < w < x[1]]
    latency = np.sort(np.concatenate([latency, inside, np.nextafter(inside, 0)]))
    return latency, np.clip(lower_energy(known, latency), y[0], y[1])


def fronts_figure(results: Results, instance: str, seconds: float) -> Figure:
    """Draw the fronts of all agents as they stood some seconds into the budget.

    Args:
        results: a benchmark.
        instance: name of the instance.
        seconds: time since the start of each solve; infinite means the final fronts.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

    figure = Figure(figsize=(6, 5.4), dpi=100)
    axes = figure.add_axes((0.12, 0.27, 0.85, 0.67))  # fixed, so that the images of one tag line up
    x, y = limits(results, instance)
    known = results.certificates.get(instance)
    if known is not None:
        latency, energy = boundary(known, x, y)
        axes.fill_between(latency, y[0], energy, color=EXCLUDED, lw=0, label="excluded (certified)")
        axes.plot(latency, energy, color="#7f7f7f", lw=1)
    colour = colours(results.config)
    for scored in results.of(instance=instance):
        front = scored.record.objectives if np.isinf(seconds) else scored.record.objectives_at(seconds)
        front = front[np.argsort(front[:, 0])]
        axes.plot(
            front[:, 0],
            front[:, 1],
            "o-",
            color=colour[scored.record.agent],
            ms=5,
            lw=2,
            drawstyle="steps-post",
            label=label(scored),
        )
    when = "at the end" if np.isinf(seconds) else f"after {seconds:.2g} s"
    axes.set(xscale="log", yscale="log", xlim=x, ylim=y, title=f"{instance}: fronts {when}")
    axes.set(xlabel="latency (ms)", ylabel="energy (J)")
    for axis, (low, high) in ((axes.xaxis, x), (axes.yaxis, y)):
        # plain numbers; on a narrow range a log axis has no powers of ten to label
        wide = high / low > _WIDE
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if wide else MaxNLocator(8))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(True, color="#eeeeee", lw=0.6)
    # shown about 300 pixels wide: hence the large letters and the legend below
    figure.legend(loc="lower center", ncols=4, frameon=False, fontsize=10, columnspacing=1.2)
    return figure
