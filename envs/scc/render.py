"""A map of a placement: sites and their loads, who serves whom, and the hosts of the space at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.scc.core import PlacementCore
from semverse.envs.scc.geo import KM_PER_DEGREE
from semverse.envs.scc.types import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCH, DPI = (11.0, 7.5), 100
INK, FAINT, PAPER, LAND = "#22303c", "#9fb0bd", "#ffffff", "#f2f5f7"
TRAFFIC, CACHE, SPACE = "#4a7fb5", "#2a9d8f", "#e76f51"
MAP_WIDTH = 1.242  # of the map's height
SITE_RADIUS = 0.027  # of the map's height
LOAD_MAP = "YlOrRd"


def draw_episode(core: PlacementCore, row: int = 0) -> npt.NDArray[np.uint8]:
    """Draw the state of one episode.

    Args:
        core: the episodes.
        row: which of them.

    Returns:
        An image [height, width, 3].

    Raises:
        gymnasium.error.DependencyNotInstalled: matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise gymnasium.error.DependencyNotInstalled(
            "rendering needs matplotlib: pip install 'semverse[report]'"
        ) from error
    figure = Figure(figsize=SIZE_INCH, dpi=DPI, facecolor=PAPER)
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.03, 0.72, 0.85))
    axes.set(xlim=(0, MAP_WIDTH), ylim=(0, 1), xticks=[], yticks=[], facecolor=LAND, aspect="equal")
    for spine in axes.spines.values():
        spine.set_visible(False)
    true, shown, km = site_positions(core.instances[row].mecs.lon, core.instances[row].mecs.lat)
    _draw_traffic(axes, core, row, shown)
    _draw_current(axes, core, row, shown)
    _draw_sites(axes, core, row, true, shown)
    _draw_scale_bar(axes, km)
    _write_title(figure, core, row)
    _draw_legend(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def site_positions(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return true and shown positions [M, 2] on the map, and the km of one unit of the map.

    Sites that would overlap are pushed apart; everything stays near where it is.
    """
    east = (lon - lon.mean()) * KM_PER_DEGREE * np.cos(np.radians(lat.mean()))
    km = np.stack([east, (lat - lat.mean()) * KM_PER_DEGREE], axis=1)
    low, span = km.min(axis=0), np.maximum(np.ptp(km, axis=0), 1e-9)
    unit = float(max(span[0] / (MAP_WIDTH - 0.16), span[1] / 0.82))
    true = np.array([MAP_WIDTH / 2, 0.5]) + (km - low - span / 2) / unit
    return true, _push_apart(true, 2.9 * SITE_RADIUS), unit


def _push_apart(points: FloatArray, distance: float) -> FloatArray:
    """Move points until none are closer than ``distance`` (or for 200 rounds)."""
    shown = points + 1e-6 * np.stack([np.cos(np.arange(len(points))), np.sin(np.arange(len(points)))], axis=1)
    for _ in range(200):
        gap = shown[:, None] - shown
        length = np.sqrt((gap**2).sum(axis=-1)) + np.eye(len(points))
        overlap = np.maximum(distance - length, 0.0) * (1 - np.eye(len(points)))
        if not overlap.any():
            break
        shown = shown + 0.5 * (gap / length[..., None] * overlap[..., None]).sum(axis=1)
        shown = np.clip(shown, 0.05, [MAP_WIDTH - 0.05, 0.93])
    return shown


def _placed(core: PlacementCore, row: int) -> tuple[IntArray, IntArray]:
    """Return the requests placed so far and their MECs."""
    placement = core.placement(row)
    requests = np.flatnonzero(placement >= 0)
    return requests, placement[requests]


def _draw_traffic(axes: Axes, core: PlacementCore, row: int, at: FloatArray) -> None:
    """Draw a line from each local MEC to the MECs that serve its users, as wide as their traffic."""
    from matplotlib.patches import FancyArrowPatch

    instance = core.instances[row]
    requests, mecs = _placed(core, row)
    traffic = np.zeros((instance.num_mecs, instance.num_mecs))
    mbit = instance.requests.probability * instance.spaces.frame_mbit[instance.requests.space]
    np.add.at(traffic, (instance.users.mec[instance.requests.user[requests]], mecs), mbit[requests])
    np.fill_diagonal(traffic, 0.0)
    most = max(float(traffic.max()), 1.0)
    for local, serving in np.argwhere(traffic > 0).tolist():
        share = traffic[local, serving] / most
        axes.add_patch(
            FancyArrowPatch(
                tuple(at[local]),
                tuple(at[serving]),
                connectionstyle="arc3,rad=0.12",
                arrowstyle="-|>,head_width=0.12,head_length=0.3",
                mutation_scale=14,
                shrinkB=17,
                linewidth=0.7 + 4.0 * share,
                color=TRAFFIC,
                alpha=0.25 + 0.45 * share,
                zorder=2,
            )
        )


def _draw_current(axes: Axes, core: PlacementCore, row: int, at: FloatArray) -> None:
    """Draw the hosts of the space at hand, their synchronisation and where the request comes from."""
    if core.cursor[row] >= core.length[row]:
        return
    instance, request = core.instances[row], int(core.request[row])
    space = int(instance.requests.space[request])
    hosts = np.flatnonzero(core.state.hosted[row, space] > 0)
    for i, first in enumerate(hosts):
        for second in hosts[i + 1 :]:
            axes.plot(*at[[first, second]].T, color=SPACE, lw=1.8, ls=(0, (4, 2)), zorder=3)
    axes.scatter(at[hosts, 0], at[hosts, 1], s=1150, facecolor="none", edgecolor=SPACE, lw=2.4, zorder=4)
    local = at[instance.users.mec[instance.requests.user[request]]]
    label_x, label_y = local[0], local[1] + 2.2 * SITE_RADIUS
    axes.scatter([label_x], [label_y], marker="v", s=150, color=SPACE, edgecolor=PAPER, lw=1.2, zorder=7)


def _draw_sites(axes: Axes, core: PlacementCore, row: int, true: FloatArray, at: FloatArray) -> None:
    """Draw each site: filled by task load, ringed by cache use, numbered."""
    from matplotlib import colormaps
    from matplotlib.patches import Circle, Wedge

    state = core.state
    load = 1.0 - state.tasks_left[row] / np.maximum(state.max_tasks[row], 1)
    cache = 1.0 - state.cache_left[row] / np.maximum(state.cache_gb[row], 1e-9)
    room = state.max_tasks[row] / max(int(state.max_tasks[row].max()), 1)
    colours = colormaps[LOAD_MAP](np.clip(load, 0.0, 1.0) * 0.85)
    for m, (x, y) in enumerate(at.tolist()):
        if np.hypot(*(true[m] - at[m])) > SITE_RADIUS / 2:  # moved: a pin at the true place
            axes.plot([true[m, 0], x], [true[m, 1], y], color=FAINT, lw=0.8, zorder=1)
            axes.plot(*true[m], marker="o", ms=2.5, color=FAINT, zorder=1)
        radius = SITE_RADIUS * (0.75 + 0.25 * room[m])
        over = load[m] > 1.0 or cache[m] > 1.0
        axes.add_patch(Circle((x, y), radius * 1.3, facecolor="#dde5ea", edgecolor=PAPER, lw=0.8, zorder=5))
        turn = 360.0 * float(np.clip(cache[m], 0.0, 1.0))
        ring = Wedge((x, y), radius * 1.3, 90 - turn, 90, width=radius * 0.3, color=CACHE, zorder=5)
        if turn:
            axes.add_patch(ring)
        edge, width = (INK, 3.2) if over else (PAPER, 1.6)
        axes.add_patch(Circle((x, y), radius, facecolor=colours[m], edgecolor=edge, lw=width, zorder=6))
        ink = PAPER if load[m] > 0.6 else INK
        axes.text(x, y, str(m), ha="center", va="center", fontsize=8.5, color=ink, weight="bold", zorder=7)


def _draw_scale_bar(axes: Axes, km: float) -> None:
    length = 10.0 ** np.floor(np.log10(km / 3))
    length *= max(factor for factor in (1, 2, 5) if factor * length <= km / 3)
    axes.plot([0.03, 0.03 + length / km], [0.035, 0.035], color=INK, lw=2, solid_capstyle="butt")
    axes.text(0.03, 0.048, f"{length:g} km", fontsize=9, color=INK)


def _write_title(figure: Figure, core: PlacementCore, row: int) -> None:
    instance, cost = core.instances[row], core.state.cost[row]
    done, total = int(core.cursor[row]), int(core.length[row])
    violation = float(core.state.violation(np.array([row]))[0])
    figure.text(
        0.02, 0.945, f"Virtual spaces on the edge: {instance.name}", fontsize=16, color=INK, weight="bold"
    )
    status = f"over capacity by {violation:.3g}" if violation else "within capacity"
    parts = (
        f"latency {cost.real:,.0f} ms",
        f"energy {cost.imag:,.0f} J",
        f"{done} of {total} requests placed",
        status,
        "weights {:.2f} : {:.2f}".format(*core.preference[row]),
    )
    figure.text(0.02, 0.905, "   ·   ".join(parts), fontsize=11, color=INK)
    # progress: a thin bar under the title
    bar = figure.add_axes((0.02, 0.885, 0.72, 0.007))
    bar.set(xlim=(0, 1), ylim=(0, 1))
    bar.axis("off")
    bar.axvspan(0, 1, color="#dde5ea")
    bar.axvspan(0, done / max(total, 1), color=TRAFFIC)


def _draw_legend(figure: Figure) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.lines import Line2D

    def line(label: str, **style: Any) -> Line2D:
        return Line2D([], [], label=label, **style)

    handles = [
        line("edge server (size: task limit)", ls="", marker="o", ms=13, mfc="#fed976", mec=PAPER),
        line("ring: share of cache used", ls="", marker="o", ms=12, mfc="none", mec=CACHE, mew=3),
        line("dark edge: over capacity", ls="", marker="o", ms=12, mfc="#bd0026", mec=INK, mew=3),
        line("users served by another site", color=TRAFFIC, lw=4, alpha=0.6),
        line("(arrow to it; width: traffic)", ls=""),
        line("hosts of the space at hand", ls="", marker="o", ms=14, mfc="none", mec=SPACE, mew=2.2),
        line("their synchronisation", color=SPACE, lw=1.8, ls=(0, (4, 2))),
        line("home of the request at hand", ls="", marker="v", ms=11, mfc=SPACE, mec=PAPER),
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.75, 0.89),
        frameon=False,
        fontsize=10,
        labelcolor=INK,
        labelspacing=1.15,
        handletextpad=1.0,
    )
    axes = figure.add_axes((0.77, 0.14, 0.2, 0.022))
    shades = LinearSegmentedColormap.from_list("load", colormaps[LOAD_MAP](np.linspace(0, 0.85, 64)))
    scale = figure.colorbar(ScalarMappable(Normalize(0, 100), shades), cax=axes, orientation="horizontal")
    scale.set_label("task load, % of limit", color=INK, fontsize=10)
    scale.outline.set_visible(False)
    scale.ax.tick_params(labelsize=9, colors=INK, length=0)
