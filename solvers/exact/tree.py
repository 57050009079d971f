"""Branch and price: closes the gap that the linear relaxation leaves, by deciding who hosts what.

Branching on "space v is hosted on MEC m" suffices: once every host set is decided, assigning requests
to hosts is a transportation problem, whose optimum is integral.
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
from semverse.solvers.exact.integer import reduced_costs
from semverse.solvers.exact.pricing import Rules, assign_exactly
from semverse.solvers.exact.relaxation import Problem, Relaxation, Relaxer
from semverse.solvers.layout import weigh

_INTEGRAL = 1e-6


@dataclass(order=True)
class _Node:
    bound: float
    number: int
    problem: Problem = field(compare=False)


class Tree:
    """Branch and price on one weighted sum, best node first; can be continued at any time.

    Only columns whose reduced cost at the root is within the gap can be part of a better placement, so
    the tree works on those alone.

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
        within = reduced_costs(pool, problem, root) <= upper - root.lower_bound
        self.pool = Pool(pool.instance, pool.layout, [pool.columns[i] for i in np.flatnonzero(within)])
        self._relaxer = Relaxer(self.pool, columns_per_space)
        self._heap = [_Node(root.lower_bound, 0, problem)]
        self._count = 1
        self._leaves = np.inf  # least bound of the nodes that were closed by tolerance
        self.bound = root.lower_bound

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
            split = _most_fractional(hosted)
            if split is None:
                upper = min(upper, offer(transport(self.pool.instance, node.problem.weights, hosted > 0.5)))
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


def _most_fractional(hosted: FloatArray) -> tuple[int, int] | None:
    distance = np.abs(hosted - np.round(hosted))
    space, mec = np.unravel_index(int(distance.argmax()), distance.shape)
    return None if distance[space, mec] <= 10 * _INTEGRAL else (int(space), int(mec))


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
