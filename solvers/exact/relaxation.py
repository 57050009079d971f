"""Column generation: the linear relaxation of one weighted sum, with a certified lower bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import FloatArray
from semverse.solvers.base import Clock
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.master import Master, MasterSolution
from semverse.solvers.exact.prices import Prices
from semverse.solvers.exact.pricing import Priced, Pricer, Rules
from semverse.solvers.exact.shortlist import Shortlist
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
    prices: Prices  # those that gave the bound
    best: FloatArray  # [V] minima of the spaces under these prices, or lower bounds on them
    complete: bool  # whether these are the minima


class Relaxer:
    """Runs column generation for any weighted sum over one shared pool.

    Args:
        pool: the columns.
        columns_per_space: columns taken over from each pricing, a space.
        shortlist: the host sets that matter; without it pricing searches all.
    """

    def __init__(self, pool: Pool, columns_per_space: int, shortlist: Shortlist | None = None) -> None:
        self._pool = pool
        self.shortlist = shortlist
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
        center = Prices.zero(instance.num_mecs)
        bound, best_of_bound, complete = -np.inf, np.zeros(instance.num_spaces), True
        smoothing = 0.0
        master = self._master.solve()
        for _ in range(_ITERATIONS):
            prices = center.blend(master.prices, smoothing)
            priced = self._price(problem, costs, prices)
            reached = priced.best[self._pool.layout.count > 0].sum()
            value = float(reached) - prices.paid(instance, limits) + constant
            if value > bound:
                bound, center, best_of_bound, complete = value, prices, priced.best, priced.complete
            added = self._pool.add_priced(priced, self._per_space, rules.forced)
            if added:
                master = self._master.solve()
            upper = master.value + constant
            converged = upper - bound <= tolerance * max(abs(upper), 1e-12)
            if converged or bound >= cutoff or clock.expired or (not added and smoothing == 0.0):
                break
            # no new column at smoothed prices: price at the master's own before giving up
            smoothing = _SMOOTHING if added and np.isfinite(bound) else 0.0
        return Relaxation(bound, master.value + constant, master, center, best_of_bound, complete)

    def _price(self, problem: Problem, costs: WeightedCosts, prices: Prices) -> Priced:
        instance, layout = self._pool.instance, self._pool.layout
        if prices.limits.any():
            costs = WeightedCosts.of(instance, layout, problem.weights + prices.limits)
        if self.shortlist is not None:
            return self.shortlist.within(problem.rules).price(costs, prices, self._per_space)
        return Pricer(instance, layout, costs, problem.rules).price(prices.cache, prices.tasks)

    def cut(self, solution: MasterSolution) -> int:
        """Add the cuts that a solution of the master breaks (shortlist only); return how many."""
        return self._master.cut(solution)
