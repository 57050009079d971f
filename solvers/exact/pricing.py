"""Exact pricing: for every space the cheapest host set under prices on cache and tasks.

Let F(H) be what a space costs on the host set H: pairs, hosts, and each request on its cheapest host.
F is supermodular: what one more host changes can only rise as H grows. Hence

* every chain of subsets of a minimal optimal set changes F downwards at each step, so sets need to
  grow only by hosts that lower F;
* F(H) plus the negative changes of all hosts still to come bounds every superset from below.

No MEC serves more than max_tasks requests of one space. Where the cheapest hosts would be overloaded,
the set costs more than F(H): the exact assignment is then solved, and the set may also grow by hosts
that raise F. F(H) remains a lower bound, so the second rule stays valid, and the search stays exact.
(Where the cheapest hosts of P are not overloaded, a host x that raises F(P) raises every superset by as
much: send all requests that a superset serves on P or x to their cheapest host in P.)

With a slack, both rules are relaxed by it, and all sets that cost at most the minimum plus the slack
are found.

Sets grow level by level (by size) for all spaces at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.layout import Layout, WeightedCosts

_EPSILON = 1e-9
_BLOCK = 512  # sets whose savings are computed at a time; keeps the temporary in cache


@dataclass(frozen=True, eq=False)
class Rules:
    """Branching decisions: hosts a space must not use, and hosts it must use."""

    forbidden: BoolArray  # [V, M]
    forced: BoolArray  # [V, M]

    @classmethod
    def none(cls, instance: Instance) -> Rules:
        """Return rules without any decision."""
        shape = (instance.num_spaces, instance.num_mecs)
        return cls(np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_))


@dataclass(frozen=True, eq=False)
class Priced:
    """N columns met during pricing, each a host set with its best assignment, and the optima."""

    space: IntArray  # [N]
    value: FloatArray  # [N] cost under the prices
    hosts: BoolArray  # [N, M]
    assignment: IntArray  # [N, K] MEC of each request of the space
    best: FloatArray  # [V] exact minimum a space; infinite if the rules leave none
    complete: bool = True  # False if the search was broken off: the minima are then no bounds


@dataclass(frozen=True, eq=False)
class _Level:
    """Host sets of one size."""

    space: IntArray  # [N]
    last: IntArray  # [N] sets grow by MECs behind this one only, so that each arises once
    hosts: BoolArray  # [N, M]
    nearest: IntArray  # [N, K]
    serve: FloatArray  # [N, K] cost of the nearest host
    value: FloatArray  # [N] F(H)
    opening: FloatArray  # [N, M] cost of hosting on one more MEC


class Pricer:
    """Prices the spaces of one instance for one weighted sum.

    Args:
        instance: the problem.
        layout: its requests by space.
        costs: its weighted costs.
        rules: branching decisions to keep.
    """

    def __init__(self, instance: Instance, layout: Layout, costs: WeightedCosts, rules: Rules) -> None:
        self._layout, self._costs, self._rules = layout, costs, rules
        self._cache = instance.spaces.cache_gb
        self._max_tasks = instance.mecs.max_tasks
        self._spaces = np.flatnonzero(layout.count)
        self._later = np.triu(np.ones((instance.num_mecs, instance.num_mecs), dtype=np.bool_), 1)

    def price(
        self, cache_price: FloatArray, task_price: FloatArray, slack: float = 0.0, most: float = np.inf
    ) -> Priced:
        """Find the cheapest host set of every space.

        Args:
            cache_price: price of a GB on each MEC [M], >= 0.
            task_price: price of a request on each MEC [M], >= 0.
            slack: also meet every set that costs less than this much more than the cheapest.
            most: break the search off after so many sets.

        Returns:
            The exact minima and every column met on the way.
        """
        serve = np.where(self._layout.real[:, :, None], self._costs.request + task_price, 0.0)
        host = self._costs.host + cache_price * self._cache[:, None]
        best = np.full(len(serve), np.inf)
        level = self._first_level(serve, host)
        found: list[tuple[IntArray, FloatArray, BoolArray, IntArray]] = []
        met = 0
        while len(level.space) and met < most:
            met += len(level.space)
            overloaded, value, assignment = self._settle(level, serve, best, slack)
            done = np.isfinite(value)
            found.append((level.space[done], value[done], level.hosts[done], assignment[done]))
            level = self._grow(level, serve, best + (slack - _EPSILON), overloaded, slack)
        space, value, hosts, assignment = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Priced(space, value, hosts, assignment, best, complete=not len(level.space))

    def _first_level(self, serve: FloatArray, host: FloatArray) -> _Level:
        """Return the single hosts of each space, or the set of its forced hosts."""
        forced, forbidden = self._rules.forced, self._rules.forbidden
        mecs = host.shape[1]
        single = (
            np.repeat(~forced.any(axis=1), mecs) & ~forbidden.ravel() & (self._layout.count.repeat(mecs) > 0)
        )
        space, mec = np.divmod(np.flatnonzero(single), mecs)
        hosts = np.eye(mecs, dtype=np.bool_)[mec]
        must = np.flatnonzero(forced.any(axis=1) & (self._layout.count > 0))
        space, hosts = np.concatenate([space, must]), np.concatenate([hosts, forced[must]])
        last = np.concatenate([mec, np.full(len(must), -1)])  # forced sets grow by any MEC
        on_hosts = np.where(hosts[:, None, :], serve[space], np.inf)
        nearest = on_hosts.argmin(axis=2)
        cost = on_hosts.min(axis=2)
        chosen = hosts.astype(np.float64)
        pairs = np.einsum("nm,ml,nl->n", chosen, self._costs.pair, chosen) / 2
        value = (host[space] * chosen).sum(axis=1) + pairs + cost.sum(axis=1)
        opening = host[space] + chosen @ self._costs.pair
        opening[hosts | forbidden[space]] = np.inf
        return _Level(space, last, hosts, nearest, cost, value, opening)

    def _settle(
        self, level: _Level, serve: FloatArray, best: FloatArray, slack: float
    ) -> tuple[BoolArray, FloatArray, IntArray]:
        """Update the minima; return which sets are overloaded, all true costs, and the assignments."""
        n, mecs = level.hosts.shape
        real = self._layout.real[level.space]
        cell = (np.arange(n)[:, None] * mecs + level.nearest)[real]
        counts = np.bincount(cell, minlength=n * mecs).reshape(n, mecs)
        overloaded = np.asarray((counts > self._max_tasks).any(axis=1), dtype=np.bool_)
        value = np.where(overloaded, np.inf, level.value)
        np.minimum.at(best, level.space, value)
        enough = level.hosts @ self._max_tasks >= self._layout.count[level.space]
        assignment = level.nearest
        if overloaded.any():
            assignment = assignment.copy()
        for i in np.flatnonzero(overloaded & enough & (level.value <= best[level.space] + slack)):
            space = level.space[i]
            if level.value[i] <= best[space] + slack:
                count = self._layout.count[space]
                mec, cost = assign_exactly(
                    serve[space, :count], np.flatnonzero(level.hosts[i]), self._max_tasks
                )
                value[i] = level.value[i] - level.serve[i].sum() + cost
                assignment[i, :count] = mec
                best[space] = min(best[space], value[i])
        return overloaded, value, assignment

    def _grow(
        self, level: _Level, serve: FloatArray, limit: FloatArray, overloaded: BoolArray, slack: float
    ) -> _Level:
        """Return all sets with one host more that may still lead to one below the limit [V]."""
        change = level.opening + self._savings(level, serve)  # [N, M]
        later = np.where(level.last[:, None] >= 0, self._later[level.last], True)
        open_for = later & ((change < slack - _EPSILON) | overloaded[:, None]) & np.isfinite(change)
        negative = np.where(open_for, np.minimum(change, 0.0), 0.0)
        # a forced start may grow by any host, and later ones always come behind it
        to_come = np.cumsum(negative[:, ::-1], axis=1)[:, ::-1] - negative
        with np.errstate(invalid="ignore"):
            promising = level.value[:, None] + change + to_come < limit[level.space][:, None]
        parent, mec = np.nonzero(open_for & promising)
        space = level.space[parent]
        hosts = level.hosts[parent]
        hosts[np.arange(len(parent)), mec] = True
        cost = serve[space, :, mec]
        nearer = cost < level.serve[parent]
        opening = level.opening[parent] + self._costs.pair[mec]
        opening[np.arange(len(parent)), mec] = np.inf
        return _Level(
            space=space,
            last=mec,
            hosts=hosts,
            nearest=np.where(nearer, mec[:, None], level.nearest[parent]),
            serve=np.minimum(cost, level.serve[parent]),
            value=level.value[parent] + change[parent, mec],
            opening=opening,
        )

    def _savings(self, level: _Level, serve: FloatArray) -> FloatArray:
        """Return what one more host changes in serving cost, <= 0, for each set and MEC [N, M]."""
        out = np.empty(level.hosts.shape)
        order = np.argsort(level.space, kind="stable")
        bounds = np.searchsorted(level.space[order], np.arange(len(serve) + 1))
        for space in self._spaces:
            count = self._layout.count[space]
            mine = order[bounds[space] : bounds[space + 1]]
            for start in range(0, len(mine), _BLOCK):
                block = mine[start : start + _BLOCK]
                saved = serve[space, :count] - level.serve[block, :count, None]
                out[block] = np.minimum(saved, 0.0, out=saved).sum(axis=1)
        return out


def assign_exactly(serve: FloatArray, hosts: IntArray, max_tasks: IntArray) -> tuple[IntArray, float]:
    """Assign requests to hosts at least cost with at most ``max_tasks`` each.

    Args:
        serve: cost of each request on each MEC [k, M].
        hosts: MECs to use; together they have room for all k requests.
        max_tasks: room of each MEC [M].

    Returns:
        MEC of each request [k] and the total cost.
    """
    slots = np.repeat(hosts, np.minimum(max_tasks[hosts], len(serve)))
    row, slot = linear_sum_assignment(serve[:, slots])
    mec = slots[slot]
    return mec, float(serve[row, mec].sum())
