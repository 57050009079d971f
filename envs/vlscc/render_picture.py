"""A picture as sent and as received, and its rate map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.vlscc.core import Sent
from semverse.envs.vlscc.model import curves
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.references import blocks_of, rows_of


def draw_picture(axes: tuple[Any, Any, Any], problem: Problem, frame: int, snr_db: float, sent: Sent) -> None:
    """Draw a frame as sent, as received, and the level of each block.

    Where the picture is not at hand, the entropy of each block stands for it; where picture or torch are
    missing, the PSNR of each block stands for what is received.

    Args:
        axes: three of matplotlib.
        problem: profile and surfaces.
        frame: which.
        snr_db: its ratio.
        sent: what became of it.
    """
    surfaces, levels = problem.surfaces, sent.levels[:, 0]
    rows = rows_of(surfaces.sources[frame])
    before, after = _pictures(problem, frame, snr_db, levels)
    if before is None:
        entropy = surfaces.features[frame, :, surfaces.feature_names.index("entropy")]
        _draw_map(axes[0], entropy.reshape(rows, -1), "entropy")
    else:
        axes[0].imshow(_joined(before, rows))
    if after is None:
        found = curves(np.array([frame]), np.array([snr_db]), problem)[0]
        psnr_db = -10.0 * np.log10(found[np.arange(len(levels)), levels])
        _draw_map(axes[1], psnr_db.reshape(rows, -1), "PSNR [dB]")
    else:
        axes[1].imshow(_joined(after, rows))
    _draw_map(axes[2], levels.reshape(rows, -1), "level", surfaces.levels - 1)
    axes[0].set_title(f"sent at {snr_db:.1f} dB")
    axes[1].set_title(f"received, quality {sent.quality[0]:.2f}")
    axes[2].set_title(f"{sent.symbols[0]:.0f} symbols, {sent.delay_ms[0]:.0f} ms")
    for one in axes:
        one.set(xticks=[], yticks=[])


def _pictures(problem: Problem, frame: int, snr_db: float, levels: npt.NDArray[Any]) -> tuple[Any, Any]:
    """Return the blocks as sent and as received [P, 3, side, side], each None if it cannot be had."""
    try:
        before = blocks_of(problem.surfaces, frame)
    except (InputError, ModuleNotFoundError):  # no such picture, or nothing to read it with
        return None, None
    try:
        from semverse.envs.vlscc.live import LiveMeter

        return before, LiveMeter(problem).send(frame, snr_db, levels, np.random.default_rng(frame))[0]
    except InputError:  # no torch
        return before, None


def _joined(blocks: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """Put blocks [P, 3, side, side] together to a picture [height, width, 3]."""
    count, _, side, _ = blocks.shape
    grid = blocks.reshape(rows, count // rows, 3, side, side).transpose(0, 3, 1, 4, 2)
    joined: npt.NDArray[Any] = grid.reshape(rows * side, count // rows * side, 3)
    return joined


def _draw_map(axes: Any, values: npt.NDArray[Any], label: str, top: float | None = None) -> None:
    """Draw a number for each block, with the number in it."""
    axes.imshow(values, cmap="viridis", vmin=None if top is None else 0, vmax=top)
    axes.set_xlabel(label)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", color="white")
