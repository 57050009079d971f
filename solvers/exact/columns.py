"""The pool of columns that all preferences of an instance share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.exact.pricing import Priced
from semverse.solvers.layout import Layout


@dataclass(frozen=True, eq=False)
class Column:
    """One way to place one space: which MEC serves each of its requests."""

    space: int
    assignment: IntArray  # [k] MEC of each request of the space
    hosts: IntArray  # MECs used, sorted
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
    """

    def __init__(self, instance: Instance, layout: Layout) -> None:
        self.instance, self.layout = instance, layout
        self.columns: list[Column] = []
        self._seen: set[tuple[int, bytes]] = set()

    def __len__(self) -> int:
        return len(self.columns)

    def add(self, space: int, assignment: IntArray) -> bool:
        """Add a column unless it is there or overloads a MEC by itself; return whether it was added."""
        key = (space, assignment.tobytes())
        if key in self._seen:
            return False
        self._seen.add(key)
        hosts, tasks = np.unique(assignment, return_counts=True)
        if (tasks > self.instance.mecs.max_tasks[hosts]).any():
            return False
        t = tables(self.instance)
        requests = self.layout.of_space(space)
        cost = (
            t.request[requests, assignment].sum()
            + t.sync[np.ix_(hosts, hosts)].sum()
            + t.maintenance[space] * len(hosts)
        )
        self.columns.append(Column(space, assignment, hosts, tasks, float(cost.real), float(cost.imag)))
        return True

    def add_placements(self, placements: IntArray) -> None:
        """Add the columns that placements [B, R] consist of."""
        for space in np.flatnonzero(self.layout.count):
            for assignment in np.unique(placements[:, self.layout.of_space(space)], axis=0):
                self.add(int(space), assignment)

    def add_priced(self, priced: Priced, per_space: int) -> int:
        """Add the cheapest columns a space that a pricing met; return how many were new."""
        order = np.lexsort((priced.value, priced.space))
        space = priced.space[order]
        rank = np.arange(len(space)) - np.searchsorted(space, space)
        added = 0
        for i in order[rank < per_space]:
            count = self.layout.count[priced.space[i]]
            added += self.add(int(priced.space[i]), priced.assignment[i, :count].copy())
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
