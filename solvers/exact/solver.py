"""The exact solver: column generation, branch and price, certified lower bounds, whole fronts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import Instance, IntArray
from semverse.solvers.base import Budget, Front, spread_order
from semverse.solvers.exact.config import ExactConfig, default_config
from semverse.solvers.exact.search import Search

__all__ = ["ExactConfig", "ExactSolver", "Proven", "default_config"]


@dataclass(frozen=True, eq=False)
class Proven:
    """Optimum of one weighted sum as far as proven; value and bound are weights @ [latency_ms, energy_j]."""

    placement: IntArray | None  # [R], None if none was found
    value: float
    lower_bound: float

    @property
    def gap(self) -> float:
        """Relative distance between value and bound."""
        return (self.value - self.lower_bound) / max(abs(self.value), 1e-12)


class ExactSolver:
    """Column generation over all preferences with one pool of columns; anytime within its budget."""

    Config = ExactConfig

    def __init__(self, config: ExactConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Return a front with one certified lower bound a preference that was reached.

        Extremes come first, then ever finer steps between them. When all preferences are done, those
        with the largest gaps are branched on and points between known ones are filled in.
        """
        search = Search(instance, self.config, budget.start(), rng)
        weights = raw_weights(instance, preferences)
        search.start(weights)
        for i in spread_order(len(weights)):
            if search.targets and search.reserved:
                break
            search.visit(search.new_target(weights[i]))
        search.refine()
        return search.archive.front(search.bounds())

    def minimise(
        self,
        instance: Instance,
        weights: npt.ArrayLike,
        *,
        budget: Budget,
        rng: np.random.Generator,
        latency_limit_ms: float = np.inf,
        energy_limit_j: float = np.inf,
    ) -> Proven:
        """Minimise one weighted sum, where wanted under epsilon constraints.

        Args:
            instance: the problem.
            weights: on latency_ms and energy_j [2], >= 0, not both 0.
            budget: when to stop; without a limit, stops when proven optimal.
            rng: source of all randomness.
            latency_limit_ms: largest latency allowed.
            energy_limit_j: largest energy allowed.

        Returns:
            The best placement found and a lower bound that holds for all placements within the limits
            (infinite if there are none).

        Raises:
            InputError: weights of the wrong shape, negative or all zero.
        """
        array = np.asarray(weights, dtype=np.float64)
        if array.shape != (2,) or not (array >= 0).all() or not 0 < array.sum() < np.inf:
            raise InputError(f"are {weights!r}", key="weights", remedy="give two numbers >= 0, not both 0")
        limits = np.array([latency_limit_ms, energy_limit_j])
        search = Search(instance, self.config, budget.start(), rng)
        search.start(array[None])
        target = search.new_target(array, limits)
        search.visit(target)
        while not search.settled(target) and not search.clock.expired and target.open:
            search.visit(target)
        placement, value = search.best(target)
        scale = float(array.sum())
        return Proven(placement, value * scale, min(target.bound, value) * scale)
