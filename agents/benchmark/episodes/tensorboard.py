"""TensorBoard logs of a benchmark of episodes: each agent a run, means over ever more episodes, settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from semverse.agents.benchmark.episodes.results import FloatArray, Results, Runs
from semverse.agents.benchmark.hyperparameters import write_hyperparameters

_POINTS = 200  # of a curve


def write_tensorboard(results: Results, folder: Path) -> None:
    """Write the logs of a benchmark into a new folder.

    A point's step is a number of episodes, its value the mean over the first so many and over all runs: the
    last value of a curve is that of the table.
    """
    from torch.utils.tensorboard import SummaryWriter

    for label, runs in results.runs.items():
        with SummaryWriter(str(folder / label)) as writer:
            final = {"decision_ms/p50": float(np.median(runs.decision_ms))}
            for tag, values in _curves(results, runs).items():
                means = np.cumsum(values.mean(axis=0)) / np.arange(1, values.shape[1] + 1)
                for step in np.unique(np.linspace(1, len(means), _POINTS).astype(int)):
                    writer.add_scalar(tag, means[step - 1], global_step=int(step))
                writer.add_histogram(tag, values)
                final[tag] = float(means[-1])
            writer.add_scalar("decision_ms/p50", final["decision_ms/p50"])
            shared = {"episodes": len(runs.seeds), "runs": len(runs.trainings)}
            write_hyperparameters(writer, results.config.variants[label], shared, final)


def _curves(results: Results, runs: Runs) -> dict[str, FloatArray]:
    """Return what is drawn [R, E] by tag."""
    curves = {"return": runs.returns, "share": runs.share}
    curves |= {f"info/{name}": runs.infos[name] for name in results.infos if name in runs.infos}
    return {tag: values for tag, values in curves.items() if np.isfinite(values).all()}
