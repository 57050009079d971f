"""Column generation: the linear relaxation of one weighted sum, with a certified lower bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import FloatArray
from semverse.solvers.base import Clock
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.master import Master, MasterSolution
from semverse.solvers.exact.pricing import Pricer, Rules
from semverse.solvers.layout import WeightedCosts

_SMOOTHING = 0.5  # weight of the best prices so far (Wentges 1997): damps their oscillation
_ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class Problem:
    """One weighted sum, where wanted with limits (epsilon constraints) and branching rules."""

    weights: FloatArray  # [2] on latency_ms and energy_j
    rules: Rules
    limits: FloatArray  # [2] largest latency_ms and energy_j, infinite for none


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Outcome of column generation."""

    lower_bound: float  # valid whether or not it has converged
    value: float  # of the linear master; equals the bound at convergence
    master: MasterSolution
    prices: tuple[FloatArray, FloatArray, FloatArray]  # cache, tasks, limits that gave the bound
    best: FloatArray  # [V] minima of the spaces under these prices


class Relaxer:
    """Runs column generation for any weighted sum over one shared pool.

    Args:
        pool: the columns.
        columns_per_space: columns taken over from each pricing, a space.
    """

    def __init__(self, pool: Pool, columns_per_space: int) -> None:
        self._pool = pool
        self._per_space = columns_per_space
        self._master = Master(pool)

    def solve(self, problem: Problem, tolerance: float, clock: Clock, cutoff: float = np.inf) -> Relaxation:
        """Generate columns until bound and master value meet.

        Args:
            problem: what to minimise.
            tolerance: relative difference at which to stop.
            clock: stops early when expired (after one pricing at least: there is always a bound).
            cutoff: stop as soon as the bound reaches it.

        Returns:
            The relaxation; its bound holds for every placement that keeps rules and limits.
        """
        instance = self._pool.instance
        access = tables(instance).access
        access_pair = np.array([access.real, access.imag])
        limits = problem.limits - access_pair
        costs = WeightedCosts.of(instance, self._pool.layout, problem.weights)
        self._master.set_objective(problem.weights, costs, limits)
        rules = problem.rules
        self._master.set_allowed(self._pool.allowed(rules.forbidden, rules.forced))
        constant = float(problem.weights @ access_pair)
        zeros = np.zeros(instance.num_mecs)
        center = (zeros, zeros, np.zeros(2))
        bound, best_of_bound = -np.inf, np.zeros(instance.num_spaces)
        smoothing = 0.0
        master = self._master.solve()
        for _ in range(_ITERATIONS):
            target = (master.cache_price, master.task_price, master.limit_price)
            prices = tuple(smoothing * c + (1 - smoothing) * t for c, t in zip(center, target, strict=True))
            weights = problem.weights + prices[2]
            priced = Pricer(
                instance,
                self._pool.layout,
                costs if not prices[2].any() else WeightedCosts.of(instance, self._pool.layout, weights),
                rules,
            ).price(prices[0], prices[1])
            value = self._lagrangian(priced.best, prices, limits) + constant
            if value > bound:
                bound, center, best_of_bound = value, prices, priced.best
            added = self._pool.add_priced(priced, self._per_space, rules.forced)
            if added:
                master = self._master.solve()
            upper = master.value + constant
            converged = upper - bound <= tolerance * max(abs(upper), 1e-12)
            if converged or bound >= cutoff or clock.expired or (not added and smoothing == 0.0):
                break
            # no new column at smoothed prices: price at the master's own before giving up
            smoothing = _SMOOTHING if added and np.isfinite(bound) else 0.0
        return Relaxation(bound, master.value + constant, master, center, best_of_bound)

    def _lagrangian(self, best: FloatArray, prices: tuple[FloatArray, ...], limits: FloatArray) -> float:
        """Return the Lagrangian bound: exact minima of the spaces minus what the prices paid for."""
        mecs = self._pool.instance.mecs
        paid = prices[0] @ mecs.cache_gb + prices[1] @ mecs.max_tasks
        priced_limits = prices[2] > 0
        paid += float(prices[2][priced_limits] @ limits[priced_limits])
        return float(best[self._pool.layout.count > 0].sum() - paid)
