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


@dataclass(frozen=True, eq=False)
class Matrix:
    """The same of N columns as arrays."""

    space: IntArray  # [N]
    hosts: BoolArray  # [N, M]
    tasks: IntArray  # [N, M]
    costs: FloatArray  # [N, 2] latency_ms, energy_j

    @classmethod
    def of(cls, columns: Sequence[Column], num_mecs: int) -> Matrix:
        """Lay columns out as arrays."""
        hosts = np.zeros((len(columns), num_mecs), dtype=np.bool_)
        tasks = np.zeros((len(columns), num_mecs), dtype=np.int64)
        for i, column in enumerate(columns):
            hosts[i, column.hosts] = True
            tasks[i, column.hosts] = column.tasks
        costs = np.array([(c.latency_ms, c.energy_j) for c in columns], dtype=np.float64).reshape(-1, 2)
        return cls(np.array([c.space for c in columns], dtype=np.int64), hosts, tasks, costs)

    def subset(self, keep: IntArray) -> Matrix:
        """Return the columns with these indices."""
        return Matrix(*(array[keep] for array in vars(self).values()))

    def extended(self, other: Matrix) -> Matrix:
        """Return these columns and those of another matrix."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Matrix(*(np.concatenate(pair) for pair in pairs))


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
        self._matrix = Matrix.of(self.columns, instance.num_mecs)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def matrix(self) -> Matrix:
        """All columns as arrays."""
        known = len(self._matrix.space)
        if known < len(self.columns):
            new = Matrix.of(self.columns[known:], self.instance.num_mecs)
            self._matrix = self._matrix.extended(new)
        return self._matrix

    def subset(self, keep: IntArray) -> Pool:
        """Return a pool of the columns with these indices."""
        return Pool(self.instance, self.layout, [self.columns[i] for i in keep])

    def add(self, space: int, assignment: IntArray, forced: IntArray = _NO_HOSTS) -> bool:
        """Add a column unless it is there or overloads a MEC by itself; return whether it was added.

        Args:
            space: the space.
            assignment: MEC of each of its requests [k].
            forced: MECs that host the space even if they serve none of its requests (branching).
        """
        hosts = np.array(sorted({*assignment.tolist(), *forced.tolist()}), dtype=np.int64)
        key = (space, assignment.tobytes(), hosts.tobytes())
        if key in self._seen:
            return False
        self._seen.add(key)
        tasks = np.bincount(assignment, minlength=self.instance.num_mecs)
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
        for space in map(int, np.flatnonzero(self.layout.count)):
            for assignment in np.unique(placements[:, self.layout.of_space(space)], axis=0):
                self.add(space, assignment)

    def add_priced(self, priced: Priced, per_space: int, forced: BoolArray) -> int:
        """Add the cheapest columns a space that a pricing met under rules [V, M]; return how many are new."""
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
        matrix = self.matrix
        breaks = matrix.hosts & forbidden[matrix.space] | ~matrix.hosts & forced[matrix.space]
        return np.asarray(~breaks.any(axis=1), dtype=np.bool_)

    def placement(self, chosen: IntArray) -> IntArray:
        """Return the placement [R] of one chosen column a space."""
        out = np.zeros(self.instance.num_requests, dtype=np.int64)
        for i in chosen:
            column = self.columns[i]
            out[self.layout.of_space(column.space)] = column.assignment
        return out
