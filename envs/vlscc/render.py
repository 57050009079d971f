"""Pictures: a frame as sent and as received with its levels, and levels of users that share symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.vlscc.core import Sent
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.shared import Shares

Picture = npt.NDArray[np.uint8]


def draw_frame(problem: Problem, last: tuple[int, float, Sent] | None) -> Picture:
    """Return an image [height, width, 3]: a frame as sent and as received, and the level of each block.

    Args:
        problem: profile and surfaces.
        last: frame, ratio in dB and what became of it; None: nothing was sent yet.
    """
    figure, (sent_axes, received_axes, level_axes) = _figure(3)
    if last is not None:
        frame, snr_db, sent = last
        sizes = problem.surfaces.sources[frame]
        _bars(sent_axes, sizes)
        _bars(received_axes, sizes - sizes * 0)
        rate = float(sent.symbols[0] / (problem.frame_steps * problem.step_symbols))
        sent_axes.set_title(f"sent, {snr_db:.1f} dB")
        received_axes.set_title(f"received, quality {sent.quality[0]:.2f}")
        level_axes.set_title(f"{sent.symbols[0]:.0f} symbols ({rate:.0%}), {sent.delay_ms[0]:.0f} ms")
        level_axes.bar(range(len(sent.levels)), sent.levels[:, 0], color="#4477aa")
    level_axes.set(ylim=(0, problem.surfaces.levels - 1), xlabel="block", ylabel="level")
    return _image(figure)


def _bars(axes: Any, heights: npt.NDArray[Any]) -> None:
    axes.bar(range(len(heights)), heights, color="#66aa77")


def draw_shares(problem: Problem, shares: Shares | None, room: int) -> Picture:
    """Return an image [height, width, 3]: what each user asked for (pale) and what it was given."""
    figure, (axes,) = _figure(1)
    if shares is not None:
        users = range(len(shares.levels))
        axes.bar(users, shares.asked, color="#4477aa", alpha=0.3)
        axes.bar(users, shares.levels, color="#4477aa")
        axes.set_title(f"{int(shares.levels.sum())} of {room} steps")
    axes.set(xlabel="user", ylabel="level asked for (pale) and sent", ylim=(0, problem.surfaces.levels - 1))
    return _image(figure)


def _figure(panels: int) -> tuple[Any, Any]:
    """Return a figure without a window, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 2.8), dpi=100, layout="constrained")
    return figure, figure.subplots(1, panels, squeeze=False)[0]


def _image(figure: Any) -> Picture:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
