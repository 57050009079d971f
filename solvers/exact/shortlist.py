"""The host sets that can still matter to one weighted sum, and exact pricing among them.

A placement costs at least the lower bound plus the reduced costs of its columns. So whoever beats a
known placement uses only host sets whose reduced cost is less than the gap. Those are few; once they
are listed, pricing evaluates them all instead of searching, and prices of cuts do not hurt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.exact.prices import Prices
from semverse.solvers.exact.pricing import Priced, Pricer, Rules, assign_exactly
from semverse.solvers.layout import Layout, WeightedCosts

_MARGIN = 1e-7  # on the gap, for rounding


@dataclass(frozen=True, eq=False)
class Shortlist:
    """Host sets of one instance."""

    instance: Instance
    layout: Layout
    space: IntArray  # [N]
    hosts: BoolArray  # [N, M]

    @classmethod
    def find(
        cls, instance: Instance, layout: Layout, costs: WeightedCosts, prices: Prices, gap: float, most: int
    ) -> Shortlist | None:
        """List all sets whose reduced cost is below the gap; None if the search meets more than ``most``.

        Args:
            instance: the problem.
            layout: its requests by space.
            costs: its weighted costs, prices of limits included.
            prices: those of the lower bound; without cuts.
            gap: value of the best known placement minus the lower bound.
            most: host sets to look at.
        """
        slack = gap * (1 + _MARGIN) + _MARGIN
        pricer = Pricer(instance, layout, costs, Rules.none(instance))
        priced = pricer.price(prices.cache, prices.tasks, slack, most)
        keep = priced.value <= priced.best[priced.space] + slack
        return cls(instance, layout, priced.space[keep], priced.hosts[keep]) if priced.complete else None

    def keep(self, which: BoolArray) -> Shortlist:
        """Return the list of only some of the sets [N]."""
        return Shortlist(self.instance, self.layout, self.space[which], self.hosts[which])

    def within(self, rules: Rules) -> Shortlist:
        """Return the list of the sets that keep rules."""
        breaks = self.hosts & rules.forbidden[self.space] | ~self.hosts & rules.forced[self.space]
        return self.keep(np.asarray(~breaks.any(axis=1), dtype=np.bool_))

    def relaxed_costs(self, costs: WeightedCosts, prices: Prices) -> FloatArray:
        """Return what each set costs at least [N]: every request on its nearest host, cuts for nothing."""
        chosen = self.hosts.astype(np.float64)
        out = (costs.host[self.space] * chosen).sum(axis=1)
        out += ((chosen @ costs.pair) * chosen).sum(axis=1) / 2
        out += (chosen @ prices.cache) * self.instance.spaces.cache_gb[self.space]
        for space in np.flatnonzero(self.layout.count):
            mine = np.flatnonzero(self.space == space)
            serve = costs.request[space, : self.layout.count[space]] + prices.tasks
            out[mine] += self._nearest(serve, mine)
        return np.asarray(out, dtype=np.float64)

    def _nearest(self, serve: FloatArray, mine: IntArray) -> FloatArray:
        """Return what serving all requests [k, M] from the nearest hosts of some sets costs [n]."""
        if not len(mine):
            return np.zeros(0)
        hosts = self.hosts[mine]
        padded = np.concatenate([serve, np.full((len(serve), 1), np.inf)], axis=1)
        order = np.argsort(~hosts, axis=1, kind="stable")
        size = hosts.sum(axis=1)
        slots = np.where(np.arange(hosts.shape[1]) < size[:, None], order, hosts.shape[1])
        out = padded[:, slots[:, 0]]
        for i in range(1, int(size.max())):
            np.minimum(out, padded[:, slots[:, i]], out=out)
        return np.asarray(out.sum(axis=0), dtype=np.float64)

    def price(self, costs: WeightedCosts, prices: Prices, per_space: int) -> Priced:
        """Find the cheapest listed host set of every space, and the next cheapest ones.

        Args:
            costs: weighted costs, prices of limits included.
            prices: of cache, tasks and cuts.
            per_space: about how many sets to evaluate a space.

        Returns:
            Exact minima, and the sets that were evaluated.
        """
        relaxed = self.relaxed_costs(costs, prices)
        steps = prices.steps(self.instance, self.layout.request.shape[1])
        best = np.full(len(self.layout.count), np.inf)
        found: list[tuple[int, float, IntArray]] = []  # index, cost, MEC of each request
        for space in np.flatnonzero(self.layout.count):
            count = self.layout.count[space]
            serve = costs.request[space, :count] + prices.tasks
            mine = np.flatnonzero(self.space == space)
            for rank, i in enumerate(mine[np.argsort(relaxed[mine], kind="stable")]):
                if relaxed[i] >= best[space] and rank >= per_space:
                    break
                hosts = np.flatnonzero(self.hosts[i])
                extra, assignment = serve_exactly(serve, hosts, self.instance.mecs.max_tasks, steps)
                if np.isfinite(extra):
                    value = float(relaxed[i] + extra)
                    best[space] = min(best[space], value)
                    found.append((int(i), value, assignment))
        index = np.array([i for i, _, _ in found], dtype=np.int64)
        assignments = np.zeros((len(found), self.layout.request.shape[1]), dtype=np.int64)
        for row, (_, _, assignment) in zip(assignments, found, strict=True):
            row[: len(assignment)] = assignment
        values = np.array([value for _, value, _ in found])
        return Priced(self.space[index], values, self.hosts[index], assignments, best)


def serve_exactly(
    serve: FloatArray, hosts: IntArray, max_tasks: IntArray, steps: FloatArray | None
) -> tuple[float, IntArray]:
    """Assign requests to hosts at least cost, with a charge that depends on how many each serves.

    Args:
        serve: cost of each request on each MEC [k, M].
        hosts: MECs to use.
        max_tasks: room of each MEC [M].
        steps: charge for n requests on a MEC [M, >= k + 1], rising in n; None for none.

    Returns:
        By how much the optimum exceeds serving all requests from their nearest hosts free of charge
        (infinite if there is no room), and the MEC of each request [k].
    """
    nearest = hosts[serve[:, hosts].argmin(axis=1)]
    least = float(serve[np.arange(len(serve)), nearest].sum())
    tasks = np.bincount(nearest, minlength=serve.shape[1])
    fits = bool((tasks <= max_tasks).all())
    if steps is None:
        steps = np.zeros((serve.shape[1], len(serve) + 1))
    best, assignment = np.inf, nearest
    if fits:
        best = float(steps[hosts, tasks[hosts]].sum())
    for charge, room in _levels(hosts, np.minimum(max_tasks, len(serve)), steps):
        if charge >= best:
            break
        if room[hosts].sum() >= len(serve):
            mec, cost = assign_exactly(serve, hosts, room)
            # what is served may stay below the level that was paid for
            total = cost - least + float(steps[hosts, np.bincount(mec, minlength=len(room))[hosts]].sum())
            if total < best:
                best, assignment = total, mec
    return best, assignment


def _levels(hosts: IntArray, room: IntArray, steps: FloatArray) -> Iterator[tuple[float, IntArray]]:
    """Yield every combination of levels of the step functions: charge and room, by rising charge."""
    choices = []
    for mec in hosts:
        charge = steps[mec, : room[mec] + 1]
        last = np.flatnonzero(np.append(np.diff(charge) > 0, True))  # most requests of each level
        choices.append([(float(charge[n]), int(n)) for n in last])
    for combination in sorted(product(*choices), key=lambda levels: sum(charge for charge, _ in levels)):
        limits = np.zeros_like(room)
        limits[hosts] = [n for _, n in combination]
        yield sum(charge for charge, _ in combination), limits
