"""The pool of columns that all preferences of an instance share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.exact.pricing import Priced
from semverse.solvers.layout import Layout


_NO_HOSTS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Column:
    """One way to place one space: which MEC serves each of its requests."""

    space: int
    assignment: IntArray  # [k] MEC of each request of the space
    hosts: IntArray  # MECs that host the space, sorted; under branching some may serve nothing
    tasks: IntArray  # requests on each of them
    latency_ms: float
    energy_j: float

    def cost(self, weights: FloatArray) -> float:
        """Return the weighted cost."""
        return float(weights[0] * self.latency_ms + weights[1] * self.energy_j)


class Pool:
    """Distinct columns of one instance.

    Args:
        instance: the problem.
        layout: its requests by space.
        columns: columns to begin with.
    """

    def __init__(self, instance: Instance, layout: Layout, columns: Sequence[Column] = ()) -> None:
        self.instance, self.layout = instance, layout
        self.columns: list[Column] = list(columns)
        self._seen = {(c.space, c.assignment.tobytes(), c.hosts.tobytes()) for c in columns}

    def __len__(self) -> int:
        return len(self.columns)

    def add(self, space: int, assignment: IntArray, forced: IntArray = _NO_HOSTS) -> bool:
        """Add a column unless it is there or overloads a MEC by itself; return whether it was added.

        Args:
            space: the space.
            assignment: MEC of each of its requests [k].
            forced: MECs that host the space even if they serve none of its requests (branching).
        """
        tasks = np.bincount(assignment, minlength=self.instance.num_mecs)
        tasks_or_forced = tasks > 0
        tasks_or_forced[forced] = True
        hosts = np.flatnonzero(tasks_or_forced)
        key = (space, assignment.tobytes(), hosts.tobytes())
        if key in self._seen:
            return False
        self._seen.add(key)
        if (tasks > self.instance.mecs.max_tasks).any():
            return False
        t = tables(self.instance)
        requests = self.layout.of_space(space)
        cost = (
            t.request[requests, assignment].sum()
            + t.sync[np.ix_(hosts, hosts)].sum()
            + t.maintenance[space] * len(hosts)
        )
        self.columns.append(
            Column(space, assignment, hosts, tasks[hosts], float(cost.real), float(cost.imag))
        )
        return True

    def add_placements(self, placements: IntArray) -> None:
        """Add the columns that placements [B, R] consist of."""
        for space in np.flatnonzero(self.layout.count):
            for assignment in np.unique(placements[:, self.layout.of_space(space)], axis=0):
                self.add(int(space), assignment)

    def add_priced(self, priced: Priced, per_space: int, forced: BoolArray) -> int:
        """Add the cheapest columns a space that a pricing met under rules [V, M]; return how many were new."""
        order = np.lexsort((priced.value, priced.space))
        space = priced.space[order]
        rank = np.arange(len(space)) - np.searchsorted(space, space)
        added = 0
        for i in order[rank < per_space]:
            count = self.layout.count[priced.space[i]]
            added += self.add(
                int(priced.space[i]),
                priced.assignment[i, :count].copy(),
                np.flatnonzero(forced[priced.space[i]]),
            )
        return added

    def allowed(self, forbidden: BoolArray, forced: BoolArray) -> BoolArray:
        """Return which columns keep branching rules [V, M] each -> [N]."""
        out = np.ones(len(self.columns), dtype=np.bool_)
        for i, column in enumerate(self.columns):
            must = forced[column.space]
            out[i] = (
                not forbidden[column.space, column.hosts].any() and must[column.hosts].sum() == must.sum()
            )
        return out

    def placement(self, chosen: list[int]) -> IntArray:
        """Return the placement [R] of one chosen column a space."""
        out = np.zeros(self.instance.num_requests, dtype=np.int64)
        for i in chosen:
            column = self.columns[i]
            out[self.layout.of_space(column.space)] = column.assignment
        return out
