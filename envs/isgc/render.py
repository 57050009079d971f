"""Picture of a split beside the quickest and the best one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.canvas import new_figure, pixels
from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.model import evaluate, min_time_split, optimum
from semverse.envs.isgc.types import LINKS, FloatArray

COLOURS = ("#4477aa", "#ee9933", "#66aa77")


def draw_split(
    state: npt.ArrayLike, split_mhz: FloatArray | None, config: ISGCConfig
) -> npt.NDArray[np.uint8]:
    """Return an image [height, width, 3]: a bar a split, one colour a link; utility and latency beside it.

    Args:
        state: [10].
        split_mhz: [3] executed split; None shows the other two only.
        config: the profile.
    """
    rows = {"quickest": min_time_split(state, config), "best": optimum(state, config).split_mhz}
    if split_mhz is not None:
        rows["executed"] = split_mhz
    figure = new_figure(6.4, 2.8)
    axes = figure.add_subplot()
    for place, (name, split) in enumerate(rows.items()):
        costs = evaluate(state, split, config)
        left = np.concatenate([[0.0], np.cumsum(split)[:2]])
        axes.barh(np.full(3, place), split, left=left, color=COLOURS, height=0.6)
        note = f" {float(costs.utility):.1f} credit/s, {float(costs.latency_s):.2f} s"
        axes.text(config.bandwidth_mhz, place, note, va="center", color="black" if costs.feasible else "red")
        axes.text(0, place + 0.32, name, va="bottom", fontsize="small")
    axes.set(xlim=(0, 1.55 * config.bandwidth_mhz), yticks=[], xlabel="MHz", ylim=(-0.5, len(rows)))
    axes.legend(
        [axes.patches[i] for i in range(3)],
        LINKS,
        loc="upper right",
        fontsize="small",
        ncols=3,
        frameon=False,
    )
    return pixels(figure)


def draw_queues(
    arrived: FloatArray, backlog: FloatArray, split_mhz: FloatArray | None
) -> npt.NDArray[np.uint8]:
    """Return an image [height, width, 3]: what arrived so far a link, what of it waits, the last split.

    Args:
        arrived: [3] Msut, Mbit, Mbit.
        backlog: [3] Msut, Mbit, Mbit.
        split_mhz: [3] of the last slot, if there was one.
    """
    figure = new_figure(6.4, 2.8)
    axes = figure.add_subplot()
    axes.barh(range(3), arrived, color=COLOURS, alpha=0.3, height=0.6)
    axes.barh(range(3), backlog, color=COLOURS, height=0.6)
    for place, name in enumerate(LINKS):
        note = name if split_mhz is None else f"{name}: {split_mhz[place]:.1f} MHz"
        axes.text(0, place + 0.32, note, va="bottom", fontsize="small")
    axes.set(yticks=[], xlabel="arrived (pale) and waiting, Msut or Mbit", ylim=(-0.5, 3))
    return pixels(figure)


def draw_shares(split_mhz: FloatArray) -> npt.NDArray[np.uint8]:
    """Return an image [height, width, 3] of the shares [N, 3] of many devices."""
    figure = new_figure(6.4, 2.8)
    axes = figure.add_subplot()
    left = np.zeros(len(split_mhz))
    for link, colour in enumerate(COLOURS):
        axes.barh(range(len(split_mhz)), split_mhz[:, link], left=left, color=colour, label=LINKS[link])
        left = left + split_mhz[:, link]
    axes.set(xlabel="MHz", ylabel="device", xlim=(0, max(float(left.max()), 1.0)))
    axes.legend(loc="upper right", fontsize="small", ncols=3)
    return pixels(figure)
