"""Prices of the master's rows: what capacities, limits and cuts charge a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.exact.columns import Matrix

MULTIPLES = np.array([2, 3, 4, 5, 6])  # k of the cuts


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices >= 0 of all rows; any such prices give a valid bound.

    A cut (Chvatal-Gomory, rank 1) of MEC m and multiple k divides the row of m's tasks by (max_tasks + 1) / k
    and rounds down: at most k - 1 columns that each put more than max_tasks / k requests on m, counted
    as often as that fits.
    """

    cache: FloatArray  # [M]
    tasks: FloatArray  # [M]
    limits: FloatArray  # [2]
    cuts: FloatArray  # [M, C] of each multiple

    @classmethod
    def zero(cls, num_mecs: int) -> Prices:
        """Return prices of 0."""
        return cls(np.zeros(num_mecs), np.zeros(num_mecs), np.zeros(2), np.zeros((num_mecs, len(MULTIPLES))))

    def blend(self, other: Prices, share: float) -> Prices:
        """Return ``share`` times these prices plus the rest times other ones."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Prices(*(share * mine + (1 - share) * theirs for mine, theirs in pairs))

    def paid(self, instance: Instance, limits: FloatArray) -> float:
        """Return what the prices pay for capacities and limits [2]: the constant of the Lagrangian bound."""
        out = self.cache @ instance.mecs.cache_gb + self.tasks @ instance.mecs.max_tasks
        out += (self.cuts @ (MULTIPLES - 1)).sum()
        priced = self.limits > 0
        return float(out + self.limits[priced] @ limits[priced])

    def steps(self, instance: Instance, most: int) -> FloatArray | None:
        """Return what the cuts charge for n requests on each MEC [M, most + 1], n = 0 .. most.

        None if they charge nothing.
        """
        if not self.cuts.any():
            return None
        room = instance.mecs.max_tasks[:, None]
        count = np.minimum(np.arange(most + 1)[None, :], room)  # more than max_tasks never occurs
        return np.asarray((cut_levels(count, room) * self.cuts[:, None, :]).sum(axis=2), dtype=np.float64)

    def charge(self, instance: Instance, columns: Matrix) -> FloatArray:
        """Return what the rows of cache, tasks and cuts charge columns [N]."""
        out = columns.tasks @ self.tasks
        out += (columns.hosts @ self.cache) * instance.spaces.cache_gb[columns.space]
        for mec in np.flatnonzero(self.cuts.any(axis=1)):
            out += cut_levels(columns.tasks[:, mec], instance.mecs.max_tasks[mec]) @ self.cuts[mec]
        return np.asarray(out, dtype=np.float64)


def cut_levels(tasks: IntArray, max_tasks: IntArray) -> IntArray:
    """Return the coefficients of columns with so many tasks in the cuts of all multiples [..., C]."""
    return np.asarray(tasks[..., None] * MULTIPLES // (np.asarray(max_tasks)[..., None] + 1), dtype=np.int64)
