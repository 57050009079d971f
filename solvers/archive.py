"""The set of non-dominated feasible placements found so far."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.scc.model import evaluate
from semverse.envs.scc.types import BoolArray, Costs, FloatArray, Instance, IntArray
from semverse.solvers.base import Bound, Clock, Front, Snapshot

_APART = 1.02  # every second snapshot is at least this much later: a few hundred in all


def nondominated(objectives: FloatArray) -> BoolArray:
    """Mark the points [K] that no other of the [K, 2] dominates (minimisation); of equal ones the first."""
    keep = np.zeros(len(objectives), dtype=np.bool_)
    order = np.lexsort((objectives[:, 1], objectives[:, 0]))
    second = objectives[order, 1]
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(second)[:-1]])
    keep[order] = second < best_before
    return keep


class Archive:
    """Collects placements, keeps the feasible non-dominated ones and a history of the front.

    Args:
        instance: the problem; every placement is scored by `semverse.envs.scc.model.evaluate`.
        clock: the running budget; evaluations are counted on it.
    """

    def __init__(self, instance: Instance, clock: Clock) -> None:
        self._instance = instance
        self._clock = clock
        self._placements: IntArray = np.zeros((0, instance.num_requests), dtype=np.int64)
        self._objectives: FloatArray = np.zeros((0, 2))
        self._history: list[Snapshot] = []

    @property
    def placements(self) -> IntArray:
        """Placements of the front [K, R]."""
        return self._placements

    @property
    def objectives(self) -> FloatArray:
        """Objectives of the front [K, 2]."""
        return self._objectives

    def add(self, placements: npt.ArrayLike) -> Costs:
        """Score placements [B, R], keep what is feasible and not dominated; return all their costs."""
        array = np.asarray(placements, dtype=np.int64)
        costs = evaluate(self._instance, array)
        self._clock.evaluations += len(array)
        good = np.flatnonzero(costs.feasible)
        if len(good):
            objectives = np.concatenate([self._objectives, costs.objectives[good]])
            keep = nondominated(objectives)
            if keep[len(self._objectives) :].any():
                self._placements = np.concatenate([self._placements, array[good]])[keep]
                self._objectives = objectives[keep]
                self._note()
        return costs

    def _note(self) -> None:
        """Take a snapshot; of those that follow closely only the last is kept, for memory's sake."""
        now, history = self._clock.elapsed, self._history
        if len(history) > 1 and now < _APART * history[-2].seconds:
            history.pop()
        history.append(Snapshot(now, self._objectives))

    def front(self, bounds: tuple[Bound, ...] = ()) -> Front:
        """Return the front, sorted by latency."""
        order = np.argsort(self._objectives[:, 0])
        placements = self._placements[order]
        return Front(
            placements=placements,
            costs=evaluate(self._instance, placements),
            seconds=self._clock.elapsed,
            bounds=bounds,
            history=tuple(self._history),
        )
