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
from semverse.envs.scc.types import BoolArray, FloatArray, IntArray
from semverse.solvers.base import Clock
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.pricing import Rules, assign_exactly
from semverse.solvers.exact.relaxation import Problem, Relaxation, Relaxer
from semverse.solvers.layout import weigh

_INTEGRAL = 1e-6


@dataclass(order=True)
class _Node:
    bound: float
    number: int
    problem: Problem = field(compare=False)


@dataclass
class Incumbent:
    """Best value known; ``offer`` scores a placement [R] and returns the best value since."""

    value: float
    offer: Callable[[IntArray], float]


def branch_and_price(
    pool: Pool,
    relaxer: Relaxer,
    problem: Problem,
    root: Relaxation,
    incumbent: Incumbent,
    *,
    tolerance: float,
    nodes: int,
    clock: Clock,
) -> float:
    """Raise the lower bound of a weighted sum, best node first.

    Args:
        pool: shared columns; grows.
        relaxer: column generation over that pool.
        problem: the root problem.
        root: its relaxation.
        incumbent: best known value; improved placements are offered to it.
        tolerance: relative gap at which a node counts as closed.
        nodes: how many nodes to relax at most.
        clock: stops early when expired.

    Returns:
        A lower bound of the problem, at least the root's.
    """
    heap = [_Node(root.lower_bound, 0, problem)]
    count = 1
    relaxation = root
    for step in range(nodes):
        if not heap or clock.expired or _closed(heap[0].bound, incumbent, tolerance):
            break
        node = heapq.heappop(heap)
        if step:
            relaxation = relaxer.solve(node.problem, tolerance / 2, clock, cutoff=incumbent.value)
        bound = max(node.bound, relaxation.lower_bound)
        if _closed(bound, incumbent, tolerance):
            continue
        hosted = _hosted(pool, relaxation.master.fraction)
        split = _most_fractional(hosted)
        if split is None:
            incumbent.value = min(
                incumbent.value, incumbent.offer(transport(pool, problem.weights, hosted > 0.5))
            )
            if not _closed(bound, incumbent, tolerance):
                # the remainder of this gap is the relaxation's own tolerance: keep its bound
                return min([bound, *(n.bound for n in heap)])
            continue
        for rules in _children(node.problem.rules, *split):
            child = Problem(problem.weights, rules, problem.limits)
            heapq.heappush(heap, _Node(bound, count, child))
            count += 1
    return min([incumbent.value, *(n.bound for n in heap)])


def _closed(bound: float, incumbent: Incumbent, tolerance: float) -> bool:
    return bound >= incumbent.value - tolerance * abs(incumbent.value)


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


def transport(pool: Pool, weights: FloatArray, hosted: BoolArray) -> IntArray:
    """Return the cheapest placement [R] for given host sets [V, M] within max_tasks."""
    instance = pool.instance
    cost = weigh(tables(instance).request, weights)
    # a host outside the set costs more than everything inside together: used only if room is short
    penalty = float(cost.max(axis=1).sum()) + 1.0
    cost = np.where(hosted[instance.requests.space], cost, penalty)
    return assign_exactly(cost, np.arange(instance.num_mecs), instance.mecs.max_tasks)[0]
