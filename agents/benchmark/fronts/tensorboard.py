"""TensorBoard logs: each agent a run, curves over the budget, fronts overlaid, hyper-parameters."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from semverse.agents.benchmark.fronts.plan import FRONTS_RUN
from semverse.agents.benchmark.fronts.plots import fronts_figure
from semverse.agents.benchmark.fronts.results import Results, mean_curves, spread_times
from semverse.agents.benchmark.hyperparameters import write_hyperparameters
from semverse.envs.scc.types import FloatArray

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

IMAGE_TIMES = 10
_IMAGE_START = 0.01  # first image, as a share of the budget


def write_tensorboard(results: Results, folder: Path) -> None:
    """Write the logs of a benchmark into a new folder.

    Every point's step is the time into the solve in milliseconds; its wall time is now plus that time, so
    that TensorBoard's "relative" axis reads in seconds of the budget.
    """
    from torch.utils.tensorboard import SummaryWriter

    start = time.time()
    for agent in results.agents:
        if results.of(agent=agent):
            with SummaryWriter(str(folder / agent)) as writer:
                final = _write_curves(writer, results, agent, start)
                shared = {"preferences": results.config.preferences}
                write_hyperparameters(writer, results.config.variants[agent], shared, final)
    with SummaryWriter(str(folder / FRONTS_RUN)) as writer:
        writer.add_text("about", _about(results), global_step=0)
        _write_fronts(writer, results, start)


def _write_curves(writer: SummaryWriter, results: Results, agent: str, start: float) -> dict[str, float]:
    """Write each indicator's mean over the seeds of each region; return the last values by tag."""
    final: dict[str, float] = {}
    for region in results.regions:
        curves = mean_curves(results, agent, region)
        for key, curve in curves.values.items():
            tag = f"{key}/{region}"
            for at, value in zip(curves.seconds, curve, strict=True):
                if np.isfinite(value):
                    writer.add_scalar(tag, value, global_step=milliseconds(at), walltime=start + at)
                    final[tag] = float(value)
    return final


def _write_fronts(writer: SummaryWriter, results: Results, start: float) -> None:
    """Write one figure an instance, with all agents' fronts, as it evolves over the budget."""
    longest = max(variant.budget_s for variant in results.config.variants.values())
    for instance in results.instances:
        for at in image_times(longest):
            last = at >= longest  # a solve may end a little later than its budget
            figure = fronts_figure(results, instance, np.inf if last else at)
            step = milliseconds(at)
            writer.add_figure(f"fronts/{instance}", figure, global_step=step, walltime=start + at)


def _about(results: Results) -> str:
    """Return what the tags mean, as Markdown."""
    lines = ["Steps are milliseconds into the solve. Every curve is the mean over the seeds of a region.", ""]
    lines += ["| tag | indicator | better |", "|---|---|---|"]
    lines += [
        f"| {m.key} | {m.title} | {'higher' if m.larger_is_better else 'lower'} |" for m in results.metrics
    ]
    if results.missing:
        lines += ["", "Missing: " + ", ".join(map(str, results.missing))]
    return "\n".join(lines)


def image_times(budget_s: float) -> FloatArray:
    """Return the times of the images in seconds, the last being the budget."""
    return spread_times(_IMAGE_START, budget_s, IMAGE_TIMES)


def milliseconds(seconds: float) -> int:
    """Return a time as a step number."""
    return round(1000 * seconds)
