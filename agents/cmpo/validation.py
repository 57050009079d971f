"""Scores while training: fronts of held-out instances against those of their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from semverse.agents.training.evaluation import Evaluation
from semverse.envs.errors import InputError
from semverse.envs.scc.types import FloatArray, Instance
from semverse.solvers.base import Budget, Front
from semverse.solvers.indicators import hypervolume
from semverse.solvers.label_store import load_labels

_MARGIN = 0.1  # of the labels' range, from their nadir to the reference point
_SHOWN = 4  # figures


class FrontSolver(Protocol):
    """What can be scored."""

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """See `semverse.solvers.base.Solver.solve`."""


class Validation:
    """Held-out labelled instances, and the fronts last found for them.

    Args:
        folder: a label set.

    Raises:
        InputError: none is given, or it cannot be read.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is None:
            raise InputError(
                "is not set", key="settings.supervised.validation", remedy="semverse generate --labels"
            )
        self._items = [item for item in load_labels(folder) if item.labels is not None]
        self._fronts: list[tuple[str, FloatArray, FloatArray]] = []

    def score(self, solver: FrontSolver, count: int, seed: int) -> Evaluation:
        """Return hypervolumes over those of the labels, for the first ``count`` instances.

        Both are measured below the labels' nadir plus a tenth of their range, at the labels' own preferences.
        """
        scores, self._fronts = [], []
        for item in self._items[:count]:
            labels = item.labels
            if labels is None:
                continue
            known = labels.costs.objectives
            front = solver.solve(
                item.instance,
                preferences=labels.preferences,
                budget=Budget(),
                rng=np.random.default_rng([seed, item.index]),
            )
            spread = np.ptp(known, axis=0)
            reference = known.max(axis=0) + np.maximum(_MARGIN * spread, 1e-9)
            scores.append(hypervolume(front.objectives, reference) / hypervolume(known, reference))
            self._fronts.append((f"{item.instance.name}-{item.index}", known, front.objectives))
        return Evaluation(np.array(scores), {})

    def figures(self) -> dict[str, Any]:
        """Return one figure an instance: the front found beside the labels'."""
        from matplotlib.figure import Figure

        out: dict[str, Any] = {}
        for name, known, found in self._fronts[:_SHOWN]:
            figure = Figure(figsize=(5, 4), layout="constrained")
            axes = figure.subplots()
            for points, label, marker in ((known, "exact", "o"), (found, "agent", ".")):
                order = np.argsort(points[:, 0])
                axes.step(points[order, 0], points[order, 1], where="post", marker=marker, label=label)
            axes.set(xlabel="latency (ms)", ylabel="energy (J)", title=name)
            axes.legend()
            out[name] = figure
        return out
