"""Picture of a split beside the quickest and the best one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = {"quickest": min_time_split(state, config), "best": optimum(state, config).split_mhz}
    if split_mhz is not None:
        rows["executed"] = split_mhz
    figure = Figure(figsize=(6.4, 2.8), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
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
    canvas.draw()  # type: ignore[no-untyped-call]
    image = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return image[..., :3].copy()
