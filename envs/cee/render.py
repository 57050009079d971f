"""Pictures: the three tiers with what runs on each and the links between them, and the users of a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.canvas import new_figure, pixels
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.scalar import Found, Moment
from semverse.envs.cee.types import TIERS, IntArray, Outcomes

Picture = npt.NDArray[np.uint8]
BLUE, GREEN, GREY = "#4477aa", "#66aa77", "#bbbbbb"
SAMPLE_SIDE = 48  # pixels of the picture that stands for what arrives
PLACES = (1.0, 4.5, 8.0)  # of the tiers, left to right


def draw_service(problem: Problem, last: tuple[list[int], Found] | None, now: Moment) -> Picture:
    """Return an image [height, width, 3]: the tiers, what ran where in the last epoch, the links, the view.

    The picture on the right is a test card with noise of the epoch's error: what its PSNR looks like.

    Args:
        problem: constants.
        last: decision and outcomes; None: nothing was played yet.
        now: conditions of that epoch.
    """
    figure = new_figure(9.6, 3.4)
    axes, view = figure.subplots(1, 2, width_ratios=(4, 1))
    titles = ("device", f"edge, load {now.edge_load:.0%}", f"cloud, load {now.cloud_load:.0%}")
    for tier, (place, title) in enumerate(zip(PLACES, titles, strict=True)):
        modules = _modules(tier, last, problem)
        axes.add_patch(_box(place, BLUE if modules else GREY))
        axes.text(place, 4.0, title, ha="center", weight="bold")
        axes.text(place, 2.3, "\n".join(modules), ha="center", va="center", fontsize=8)
    names = ("", "") if last is None else tuple(problem.table.names[option] for option in last[0][:2])
    _draw_link(axes, 3.4, (2.1, 3.4), f"up {now.uplink_db:.1f} dB", names[0])
    _draw_link(axes, 1.0, (3.4, 2.1), f"down {now.downlink_db:.1f} dB", names[1])
    _draw_link(axes, 2.2, (5.6, 6.9), "fibre", "")
    axes.set(xlim=(-0.3, 9.3), ylim=(0, 5), xticks=[], yticks=[])
    view.set_axis_off()
    if last is not None:
        found = last[1]
        latencies = f"motion-to-photon {found.motion_to_photon_ms:.0f} ms, content {found.content_ms:.0f} ms"
        axes.set_title(f"{latencies}, {found.energy_j:.2f} J, {found.cost_usd_h:.1f} $/h", fontsize=9)
        view.imshow(_received(found.psnr_db))
        view.set_title(f"{found.psnr_db:.1f} dB", fontsize=9)
    return pixels(figure)


def _draw_link(axes: Any, height: float, ends: tuple[float, float], label: str, option: str) -> None:
    """Draw an arrow from one end to the other, with a label above and the option below."""
    arrow, middle = {"arrowstyle": "->", "color": GREEN, "lw": 2}, sum(ends) / 2
    axes.annotate("", (ends[1], height), (ends[0], height), arrowprops=arrow)
    axes.text(middle, height + 0.2, label, ha="center", fontsize=7)
    axes.text(middle, height - 0.45, option.replace(" QP", "\nQP"), ha="center", va="center", fontsize=6)


def _box(place: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((place - 1.1, 0.6), 2.2, 3.9, facecolor=colour, alpha=0.25, edgecolor=colour)


def _modules(tier: int, last: tuple[list[int], Found] | None, problem: Problem) -> list[str]:
    """Return what ran on a tier."""
    if last is None:
        return []
    up, down, matte, level, render = last[0]
    codecs = ["semantic" if problem.table.semantic[option] else "H.264" for option in (up, down)]
    found = [f"{codecs[0]} encoder", f"{codecs[1]} decoder"] if tier == 0 else []
    found += [f"{codecs[0]} decoder", f"{codecs[1]} encoder"] if tier == 1 else []
    found += ["matting"] if matte == tier else []
    found += ["rendering"] if render == tier else []
    if tier == 2:
        share = problem.config.work.preprocessing_levels[level]
        found += ["fusion", f"3-D preprocessing {share:.3g}", f"scene quality {last[1].quality}"]
    return found


def _received(psnr_db: float) -> npt.NDArray[np.float64]:
    """Return a test card [S, S, 3] with as much error."""
    ramp = np.linspace(0.1, 0.9, SAMPLE_SIDE)
    card = np.stack(np.broadcast_arrays(ramp[:, None], ramp, 0.5 + 0 * ramp), axis=-1)
    inside = np.hypot(*np.meshgrid(ramp - 0.5, ramp - 0.5)) < 0.25
    card = np.where(inside[..., None], 1.0 - card, card)
    noise = np.random.default_rng(0).normal(0.0, 10.0 ** (-psnr_db / 20.0), card.shape)
    return np.clip(card + noise, 0.0, 1.0)


def draw_users(problem: Problem, last: tuple[IntArray, Outcomes] | None) -> Picture:
    """Return an image [height, width, 3]: latency and quality of each user, and the tier that renders."""
    figure = new_figure(7.2, 2.8)
    left, right = figure.subplots(1, 2)
    if last is not None:
        actions, outcomes = last
        users = np.arange(len(actions))
        left.bar(users, outcomes.motion_to_photon_ms, color=BLUE)
        left.axhline(problem.config.limits.motion_to_photon_ms, color=GREY)
        right.bar(users, outcomes.psnr_db, color=GREEN)
        for user, tier in zip(users.tolist(), actions[:, 4].tolist(), strict=True):
            right.text(user, 1.0, TIERS[tier], rotation=90, ha="center", fontsize=7)
    left.set(xlabel="user", ylabel="motion-to-photon [ms]")
    right.set(xlabel="user", ylabel="PSNR [dB]", ylim=(0, 45))
    return pixels(figure)
