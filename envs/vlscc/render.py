"""Pictures: a frame as sent and as received with its levels, and levels of users that share symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.canvas import new_figure, pixels
from semverse.envs.vlscc.core import Sent
from semverse.envs.vlscc.model import curves
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.render_picture import draw_picture
from semverse.envs.vlscc.shared import Shares

Picture = npt.NDArray[np.uint8]
BLUE, GREEN = "#4477aa", "#66aa77"


def draw_frame(problem: Problem, last: tuple[int, float, Sent] | None) -> Picture:
    """Return an image [height, width, 3]: a frame as sent and as received, and the level of each block.

    What is received is one more passage through the codec with noise of its own (needs torch; pictures do
    without, see `draw_picture`); the quality beside it is that of the step.

    Args:
        problem: profile and surfaces.
        last: frame, ratio in dB and what became of it; None: nothing was sent yet.
    """
    figure = new_figure(7.2, 2.8)
    sent_axes, received_axes, level_axes = figure.subplots(1, 3)
    if last is not None and problem.surfaces.sources.dtype.kind == "U":
        draw_picture((sent_axes, received_axes, level_axes), problem, *last)
        return pixels(figure)
    if last is not None:
        frame, snr_db, sent = last
        for axes, blocks in zip((sent_axes, received_axes), _both(problem, frame, snr_db, sent), strict=True):
            _draw(axes, blocks, problem)
        sent_axes.set_title(f"sent at {snr_db:.1f} dB")
        received_axes.set_title(f"received, quality {sent.quality[0]:.2f}")
        level_axes.set_title(f"{sent.symbols[0]:.0f} symbols, {sent.delay_ms[0]:.0f} ms")
        level_axes.bar(range(len(sent.levels)), sent.levels[:, 0], color=BLUE)
    level_axes.set(ylim=(0, problem.surfaces.levels - 1), xlabel="block", ylabel="level", xticks=[])
    return pixels(figure)


def _both(problem: Problem, frame: int, snr_db: float, sent: Sent) -> tuple[Any, Any]:
    """Return the blocks of a frame [P, ...] as sent and as received."""
    blocks = problem.surfaces.sources[frame]
    if not problem.surfaces.codec:  # what is lost of a toy's sizes is as large as the distortion
        found = curves(np.array([frame]), np.array([snr_db]), problem)[0]  # [P, L]
        return blocks, blocks - found[np.arange(len(blocks)), sent.levels[:, 0]]
    from semverse.envs.vlscc.live import LiveMeter

    return blocks, LiveMeter(problem).send(frame, snr_db, sent.levels[:, 0], np.random.default_rng(frame))[0]


def _draw(axes: Any, blocks: npt.NDArray[Any], problem: Problem) -> None:
    """Draw a body, or bars for the blocks of a formula."""
    if not problem.surfaces.codec:
        axes.bar(range(len(blocks)), blocks, color=GREEN)
        return
    import torch

    from semverse.envs.codecs.vlscc.body import PARENTS, POSE, SHAPE, KinematicBody

    parameters = torch.from_numpy(blocks).float()
    joints = KinematicBody().joints(parameters[:, POSE], parameters[:, SHAPE])[0].numpy()
    for joint, parent in enumerate(PARENTS[1:], start=1):
        axes.plot(*joints[[joint, parent], :2].T, color=GREEN, marker=".", linewidth=2)
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal", xticks=[], yticks=[])


def draw_shares(problem: Problem, shares: Shares | None, room: int) -> Picture:
    """Return an image [height, width, 3]: what each user asked for (pale) and what it was given."""
    figure = new_figure(7.2, 2.8)
    axes = figure.add_subplot()
    if shares is not None:
        users = range(len(shares.levels))
        axes.bar(users, shares.asked, color=BLUE, alpha=0.3)
        axes.bar(users, shares.levels, color=BLUE)
        axes.set_title(f"{int(shares.levels.sum())} of {room} steps")
    axes.set(xlabel="user", ylabel="level asked for (pale) and sent", ylim=(0, problem.surfaces.levels - 1))
    return pixels(figure)
