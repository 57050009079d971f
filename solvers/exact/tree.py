"""Branch and price: closes the gap that the linear relaxation leaves, by deciding who hosts what.

Branching on "space v is hosted on MEC m" suffices: once every host set is decided, assigning requests
to hosts is a transportation problem, whose optimum is integral. Only an epsilon constraint breaks that:
then the assignment to decided host sets is left to CP-SAT.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.base import Clock
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.integer import assign_within_limits, reduced_costs
from semverse.solvers.exact.pricing import Rules, assign_exactly
from semverse.solvers.exact.relaxation import Problem, Relaxation, Relaxer
from semverse.solvers.exact.shortlist import Shortlist
from semverse.solvers.layout import WeightedCosts, weigh

_INTEGRAL = 1e-6
_MOST_SETS = 60_000  # met while listing; beyond, the weighted sum is latency-heavy and better searched
_CUT_ROUNDS = 6
_MARGIN = 1e-7  # on gaps, for rounding


@dataclass(order=True)
class _Node:
    bound: float
    number: int
    problem: Problem = field(compare=False)


class Tree:
    """Branch and price on one weighted sum, best node first; can be continued at any time.

    Only host sets and columns whose reduced cost at the root is within the gap can be part of a better
    placement, so the tree works on those alone. Where the sets are few enough to list, the root is
    tightened by cuts first.

    Args:
        pool: columns known so far.
        problem: the root problem.
        root: its relaxation over the pool.
        upper: value of the best known placement.
        columns_per_space: columns taken over from each pricing, a space.
    """

    def __init__(
        self, pool: Pool, problem: Problem, root: Relaxation, upper: float, columns_per_space: int
    ) -> None:
        gap = upper - root.lower_bound
        self.pool = pool.subset(np.flatnonzero(reduced_costs(pool, problem, root) <= gap))
        self.root = root
        self._upper = upper
        costs = WeightedCosts.of(pool.instance, pool.layout, problem.weights + root.prices.limits)
        shortlist = Shortlist.find(pool.instance, pool.layout, costs, root.prices, gap, _MOST_SETS)
        self._relaxer = Relaxer(self.pool, columns_per_space, shortlist)
        self._heap = [_Node(root.lower_bound, 0, problem)]
        self._count = 1
        self._leaves = np.inf  # least bound of the nodes that were closed by tolerance
        self.bound = root.lower_bound

    @property
    def open(self) -> bool:
        """Whether nodes are left."""
        return bool(self._heap)

    def tighten(self, clock: Clock, tolerance: float) -> None:
        """Raise the root's bound by cuts, as long as there are any; then shorten the list of host sets.

        Args:
            clock: stops early when expired.
            tolerance: relative gap of a linear relaxation.
        """
        problem, shortlist = self._heap[0].problem, self._relaxer.shortlist
        for _ in range(_CUT_ROUNDS if shortlist is not None else 0):
            relaxation = self._relaxer.solve(problem, tolerance, clock, cutoff=self._upper)
            if self.root.lower_bound < relaxation.lower_bound < np.inf:
                self.root = relaxation
            self.bound = max(self.bound, min(relaxation.lower_bound, self._upper))
            if self.bound >= self._upper or clock.expired or not self._relaxer.cut(relaxation.master):
                break
        self._heap[0].bound = self.bound
        if shortlist is not None:
            costs = WeightedCosts.of(
                self.pool.instance, self.pool.layout, problem.weights + self.root.prices.limits
            )
            excess = shortlist.relaxed_costs(costs, self.root.prices) - self.root.best[shortlist.space]
            limit = (self._upper - self.root.lower_bound) * (1 + _MARGIN) + _MARGIN
            self._relaxer.shortlist = shortlist.keep(excess <= limit)

    def advance(
        self,
        nodes: int,
        clock: Clock,
        tolerance: float,
        upper: float,
        offer: Callable[[IntArray], float],
    ) -> None:
        """Relax up to ``nodes`` nodes and raise ``bound``.

        Args:
            nodes: how many.
            clock: stops early when expired.
            tolerance: relative gap at which a node counts as closed.
            upper: value of the best known placement.
            offer: takes a placement [R] that was found, returns the best known value.
        """
        for _ in range(nodes):
            if not self._heap or clock.expired or _closed(self._heap[0].bound, upper, tolerance):
                break
            node = heapq.heappop(self._heap)
            relaxation = self._relaxer.solve(node.problem, tolerance / 2, clock, cutoff=upper)
            bound = max(node.bound, relaxation.lower_bound)
            hosted = _hosted(self.pool, relaxation.master.fraction)
            split = _most_fractional(node.problem.rules, hosted)
            if split is None:
                upper = min(upper, offer(transport(self.pool.instance, node.problem.weights, hosted > 0.5)))
                # limits, or artificial columns, may leave a gap although hosts look decided
                if not _closed(bound, upper, tolerance):
                    split = _undecided(node.problem.rules, hosted)
                    if split is None:
                        found, bound = assign_within_limits(self.pool, node.problem)
                        upper = upper if found is None else min(upper, offer(found))
            if split is None or _closed(bound, upper, tolerance):
                self._leaves = min(self._leaves, bound)
                continue
            for rules in _children(node.problem.rules, *split):
                child = Problem(node.problem.weights, rules, node.problem.limits)
                heapq.heappush(self._heap, _Node(bound, self._count, child))
                self._count += 1
        least = self._heap[0].bound if self._heap else np.inf
        self.bound = max(self.bound, min(least, self._leaves, upper))


def _closed(bound: float, upper: float, tolerance: float) -> bool:
    return bound >= upper - tolerance * abs(upper)


def _hosted(pool: Pool, fraction: FloatArray) -> FloatArray:
    """Return to which degree each MEC hosts each space [V, M]."""
    out = np.zeros((pool.instance.num_spaces, pool.instance.num_mecs))
    for i in np.flatnonzero(fraction > _INTEGRAL):
        column = pool.columns[i]
        out[column.space, column.hosts] += fraction[i]
    return out


def _most_fractional(rules: Rules, hosted: FloatArray) -> tuple[int, int] | None:
    distance = np.abs(hosted - np.round(hosted))
    distance[rules.forbidden | rules.forced] = 0.0
    space, mec = np.unravel_index(int(distance.argmax()), distance.shape)
    return None if distance[space, mec] <= 10 * _INTEGRAL else (int(space), int(mec))


def _undecided(rules: Rules, hosted: FloatArray) -> tuple[int, int] | None:
    """Return a space and a MEC about which no rule decides, hosts of the present solution first."""
    preferred = np.where(rules.forbidden | rules.forced, -1.0, hosted)
    space, mec = np.unravel_index(int(preferred.argmax()), preferred.shape)
    return None if preferred[space, mec] < 0 else (int(space), int(mec))


def _children(rules: Rules, space: int, mec: int) -> tuple[Rules, Rules]:
    """Return the rules without and with that host."""
    forbidden, forced = rules.forbidden.copy(), rules.forced.copy()
    forbidden[space, mec] = True
    forced[space, mec] = True
    return Rules(forbidden, rules.forced), Rules(rules.forbidden, forced)


def transport(instance: Instance, weights: FloatArray, hosted: BoolArray) -> IntArray:
    """Return the cheapest placement [R] for given host sets [V, M] within max_tasks."""
    cost = weigh(tables(instance).request, weights)
    # a host outside the set costs more than everything inside together: used only if room is short
    penalty = float(cost.max(axis=1).sum()) + 1.0
    cost = np.where(hosted[instance.requests.space], cost, penalty)
    return assign_exactly(cost, np.arange(instance.num_mecs), instance.mecs.max_tasks)[0]
