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

Sets grow depth first, a block of them at a time. Each parent takes the host that lowers F most first, and
what grew from a lesser host may not take a greater one any more: there is little to gain, so it is soon
bounded away. What waits is only named, as a parent and one host more, and made when its turn comes:
parents of at most one block a size are held, however many sets there are.

A search that takes too long is broken off. The least bound of what still waits, or the least cost met if
that is less, is then a lower bound on the minimum of a space: weaker, but valid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.layout import Layout, WeightedCosts

_EPSILON = 1e-9
_BLOCK = 256  # sets that are worked on together
_MOST_CELLS = 100_000_000  # sets times requests times MECs in one pricing: some seconds
_ASSIGNMENT = 20  # an exact assignment takes about as long as so many sets


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
    best: FloatArray  # [V] minimum a space, or a lower bound on it; infinite if the rules leave no set
    complete: bool = True  # False if the search was broken off: some of `best` may be below the minimum


@dataclass(frozen=True, eq=False)
class _Sets:
    """Host sets that are worked on together."""

    space: IntArray  # [N]
    open: BoolArray  # [N, M] MECs that a set may still grow by
    hosts: BoolArray  # [N, M]
    nearest: IntArray  # [N, K]
    serve: FloatArray  # [N, K] cost of the nearest host
    value: FloatArray  # [N] F(H)
    opening: FloatArray  # [N, M] cost of hosting on one more MEC


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Host sets whose turn is still to come: C sets, each of them one of N parents and one host more."""

    parents: _Sets
    usable: BoolArray  # [N, M] hosts that a parent may grow by
    rank: IntArray  # [N, M] order in which it takes them
    row: IntArray  # [C] parent
    mec: IntArray  # [C] the host more
    value: FloatArray  # [C] F(H)
    bound: FloatArray  # [C] what the set and all that grow from it cost at least

    @property
    def space(self) -> IntArray:
        """The space of each set [C]."""
        return self.parents.space[self.row]

    def subset(self, which: BoolArray | IntArray) -> _Waiting:
        """Return some of the sets."""
        return replace(
            self, row=self.row[which], mec=self.mec[which], value=self.value[which], bound=self.bound[which]
        )

    def below(self, limit: FloatArray) -> _Waiting:
        """Return the sets whose bound is below the limit of their space [V]."""
        return self.subset(self.bound < limit[self.space])

    def blocks(self, order: IntArray) -> list[_Waiting]:
        """Return the sets in some order, the first ones in the last block."""
        starts = range(0, len(order), _BLOCK)
        return [self.subset(order[start : start + _BLOCK]) for start in reversed(starts)]


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

    def price(
        self, cache_price: FloatArray, task_price: FloatArray, slack: float = 0.0, most: float = np.inf
    ) -> Priced:
        """Find the cheapest host set of every space.

        Args:
            cache_price: price of a GB on each MEC [M], >= 0.
            task_price: price of a request on each MEC [M], >= 0.
            slack: also meet every set that costs less than this much more than the cheapest.
            most: break the search off after so many sets, or before if it would take many seconds.

        Returns:
            The minima and columns met on the way; if the search was broken off, lower bounds on the minima.
        """
        serve = np.where(self._layout.real[:, :, None], self._costs.request + task_price, 0.0)
        host = self._costs.host + cache_price * self._cache[:, None]
        best = np.full(len(serve), np.inf)
        left = min(most, _MOST_CELLS // serve[0].size)
        sets: _Sets | None = self._first_sets(serve, host)
        waiting: list[_Waiting] = []
        found: list[tuple[IntArray, FloatArray, BoolArray, IntArray]] = []
        while sets is not None:
            overloaded, value, assignment = self._settle(sets, serve, best, slack)
            left -= len(sets.space) + _ASSIGNMENT * int((overloaded & np.isfinite(value)).sum())
            kept = np.isfinite(value)
            found.append((sets.space[kept], value[kept], sets.hosts[kept], assignment[kept]))
            waiting += self._growths(sets, serve, best + (slack - _EPSILON), overloaded, slack)
            if left <= 0:
                break
            sets = self._next_sets(waiting, serve, best + (slack - _EPSILON))
        space, value, hosts, assignment = (np.concatenate(parts) for parts in zip(*found, strict=True))
        rest = [some.below(best + (slack - _EPSILON)) for some in waiting]
        for some in rest:
            np.minimum.at(best, some.space, some.bound)
        complete = not any(len(some.row) for some in rest)
        return Priced(space, value, hosts, assignment, best, complete)

    def _first_sets(self, serve: FloatArray, host: FloatArray) -> _Sets:
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
        on_hosts = np.where(hosts[:, None, :], serve[space], np.inf)
        nearest = on_hosts.argmin(axis=2)
        cost = on_hosts.min(axis=2)
        chosen = hosts.astype(np.float64)
        pairs = np.einsum("nm,ml,nl->n", chosen, self._costs.pair, chosen) / 2
        value = (host[space] * chosen).sum(axis=1) + pairs + cost.sum(axis=1)
        opening = host[space] + chosen @ self._costs.pair
        opening[hosts | forbidden[space]] = np.inf
        # so that each set arises once: a single host grows by those alone that would be dearer by themselves
        rank = np.argsort(np.argsort(host + serve.sum(axis=1), axis=1), axis=1)
        usable = np.ones_like(hosts)
        usable[: len(mec)] = rank[space[: len(mec)]] > rank[space[: len(mec)], mec][:, None]
        return _Sets(space, usable, hosts, nearest, cost, value, opening)

    def _settle(
        self, sets: _Sets, serve: FloatArray, best: FloatArray, slack: float
    ) -> tuple[BoolArray, FloatArray, IntArray]:
        """Update the minima; return which sets are overloaded, all true costs, and the assignments."""
        n, mecs = sets.hosts.shape
        real = self._layout.real[sets.space]
        cell = (np.arange(n)[:, None] * mecs + sets.nearest)[real]
        counts = np.bincount(cell, minlength=n * mecs).reshape(n, mecs)
        overloaded = np.asarray((counts > self._max_tasks).any(axis=1), dtype=np.bool_)
        value = np.where(overloaded, np.inf, sets.value)
        np.minimum.at(best, sets.space, value)
        enough = sets.hosts @ self._max_tasks >= self._layout.count[sets.space]
        assignment = sets.nearest
        if overloaded.any():
            assignment = assignment.copy()
        for i in np.flatnonzero(overloaded & enough & (sets.value <= best[sets.space] + slack)):
            space, count = sets.space[i], self._layout.count[sets.space[i]]
            hosts, serving = np.flatnonzero(sets.hosts[i]), serve[space, :count]
            excess = np.maximum(counts[i] - self._max_tasks, 0)
            if sets.value[i] + unloading(serving, hosts, excess) <= best[space] + slack:
                mec, cost = assign_exactly(serving, hosts, self._max_tasks)
                value[i] = sets.value[i] - sets.serve[i].sum() + cost
                assignment[i, :count] = mec
                best[space] = min(best[space], value[i])
        return overloaded, value, assignment

    def _growths(
        self, sets: _Sets, serve: FloatArray, limit: FloatArray, overloaded: BoolArray, slack: float
    ) -> list[_Waiting]:
        """Return all sets with one host more that may lead to one below the limit [V], in blocks."""
        change = sets.opening + self._savings(sets, serve)  # [N, M]
        change[~(sets.open & ((change < slack - _EPSILON) | overloaded[:, None]))] = np.inf
        order = np.argsort(change, axis=1)
        rank = np.argsort(order, axis=1)
        ordered = np.take_along_axis(change, order, axis=1)
        padded = np.pad(ordered, ((0, 0), (1, 1)), constant_values=((0.0, 0.0), (0.0, np.inf)))
        total = np.cumsum(padded, axis=1)  # [N, M + 2] of the first so many hosts; infinite for too many
        row, mec = np.nonzero(np.isfinite(change))
        place = rank[row, mec]
        # from its place on a set takes all hosts that lower F, and as many as it lacks for room
        last = np.maximum((ordered < 0).sum(axis=1)[row], place + self._lacking(sets)[row])
        rest = total[row, np.minimum(last, len(self._max_tasks) + 1)] - total[row, place]
        value = sets.value[row] + change[row, mec]
        waiting = _Waiting(sets, np.isfinite(change), rank, row, mec, value, sets.value[row] + rest)
        waiting = waiting.below(limit)
        return waiting.blocks(np.argsort(waiting.bound - limit[waiting.space]))

    def _lacking(self, sets: _Sets) -> IntArray:
        """Return how many hosts more a set needs at least to have room for its requests, 1 or more [N]."""
        short = self._layout.count[sets.space] - sets.hosts @ self._max_tasks
        return np.asarray(np.maximum(-(-short // max(int(self._max_tasks.max()), 1)), 1), dtype=np.int64)

    def _next_sets(self, waiting: list[_Waiting], serve: FloatArray, limit: FloatArray) -> _Sets | None:
        """Take the next block of sets that may still lead to one below the limit [V]."""
        while waiting:
            block = waiting.pop().below(limit)
            if len(block.row):
                return self._make(block, serve)
        return None

    def _make(self, block: _Waiting, serve: FloatArray) -> _Sets:
        parents, row, mec, space = block.parents, block.row, block.mec, block.space
        added = np.arange(len(row)), mec
        hosts = parents.hosts[row]
        hosts[added] = True
        opening = parents.opening[row] + self._costs.pair[mec]
        opening[added] = np.inf
        cost = serve[space, :, mec]
        nearer = cost < parents.serve[row]
        return _Sets(
            space=space,
            open=block.usable[row] & (block.rank[row] > block.rank[row, mec][:, None]),
            hosts=hosts,
            nearest=np.where(nearer, mec[:, None], parents.nearest[row]),
            serve=np.minimum(cost, parents.serve[row]),
            value=block.value,
            opening=opening,
        )

    def _savings(self, sets: _Sets, serve: FloatArray) -> FloatArray:
        """Return what one more host changes in serving cost, <= 0, for each set and MEC [N, M]."""
        out = np.empty(sets.hosts.shape)
        order = np.argsort(sets.space, kind="stable")
        bounds = np.searchsorted(sets.space[order], np.arange(len(serve) + 1))
        for space in self._spaces:
            count = self._layout.count[space]
            mine = order[bounds[space] : bounds[space + 1]]
            for start in range(0, len(mine), _BLOCK):
                block = mine[start : start + _BLOCK]
                saved = serve[space, :count] - sets.serve[block, :count, None]
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


def unloading(serve: FloatArray, hosts: IntArray, excess: IntArray) -> float:
    """Return what it costs at least to take requests from their nearest hosts.

    Args:
        serve: cost of each request on each MEC [k, M].
        hosts: MECs to use, 2 or more.
        excess: how many requests each MEC has to give away [M].
    """
    on_hosts = serve[:, hosts]
    nearest = hosts[on_hosts.argmin(axis=1)]
    least = np.partition(on_hosts, 1, axis=1)
    regret = least[:, 1] - least[:, 0]
    return float(sum(np.sort(regret[nearest == m])[: excess[m]].sum() for m in np.flatnonzero(excess)))
