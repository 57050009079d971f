"""The linear master problem: a convex mix of columns a space, within cache, tasks, limits and cuts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ortools.math_opt.python import mathopt

from semverse.envs.scc.types import BoolArray, FloatArray, IntArray
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.prices import MULTIPLES, Prices, cut_levels
from semverse.solvers.layout import WeightedCosts

_VIOLATED = 1e-3  # a cut that is broken by less is not worth a row


@dataclass(frozen=True, eq=False)
class MasterSolution:
    """Optimum of the linear master over the columns it knows."""

    value: float  # without the access cost
    prices: Prices
    fraction: FloatArray  # [N] weight of each column


class Master:
    """An incremental linear program over a growing pool (HiGHS through MathOpt, kept between solves).

    Args:
        pool: the columns.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        instance = pool.instance
        self._model = mathopt.Model(name="scc-master")
        add_row = self._model.add_linear_constraint
        self._spaces = np.flatnonzero(pool.layout.count)
        self._pick = {int(v): add_row(lb=1.0, ub=1.0) for v in self._spaces}
        self._cache = [add_row(ub=float(limit)) for limit in instance.mecs.cache_gb]
        self._tasks = [add_row(ub=float(limit)) for limit in instance.mecs.max_tasks]
        self._limits = [add_row(), add_row()]
        self._cuts: dict[tuple[int, int], mathopt.LinearConstraint] = {}  # MEC, number of the multiple
        self._artificial = {int(v): self._model.add_variable(lb=0.0) for v in self._spaces}
        for space, variable in self._artificial.items():
            self._pick[space].set_coefficient(variable, 1.0)
        self._variables: list[mathopt.Variable] = []
        self._weights = np.zeros(2)
        self._model.objective.is_maximize = False
        self._solver = mathopt.IncrementalSolver(self._model, mathopt.SolverType.HIGHS)

    def set_objective(self, weights: FloatArray, costs: WeightedCosts, limits: FloatArray) -> None:
        """Choose weights [2] and limits [2] on latency_ms and energy_j (access cost excluded from both)."""
        self._weights = weights
        objective = self._model.objective
        cost = self._pool.matrix.costs @ weights
        for variable, value in zip(self._variables, cost, strict=False):
            objective.set_linear_coefficient(variable, float(value))
        # above any column a space could need, yet of the same magnitude, for the LP's sake
        hosts = costs.host.shape[1]
        dear = costs.request.max(axis=2).sum(axis=1) + hosts * costs.host.max(axis=1)
        dear += hosts**2 * costs.pair.max() + 1.0
        for space, variable in self._artificial.items():
            objective.set_linear_coefficient(variable, float(dear[space]))
        for row, limit in zip(self._limits, limits, strict=True):
            row.upper_bound = float(limit)

    def set_allowed(self, allowed: BoolArray) -> None:
        """Allow only some of the columns [N] (branching)."""
        self._sync()
        for variable, allow in zip(self._variables, allowed, strict=True):
            variable.upper_bound = np.inf if allow else 0.0

    def cut(self, solution: MasterSolution) -> int:
        """Add all cuts that a solution breaks; return how many."""
        self._sync()
        matrix, room = self._pool.matrix, self._pool.instance.mecs.max_tasks
        used = np.flatnonzero(solution.fraction > 0)
        levels = cut_levels(matrix.tasks[used], room)  # [n, M, C]
        excess = np.einsum("n,nmc->mc", solution.fraction[used], levels) - (MULTIPLES - 1)
        new = [(int(m), int(c)) for m, c in zip(*np.nonzero(excess > _VIOLATED), strict=True)]
        new = [key for key in new if key not in self._cuts]
        for mec, c in new:
            row = self._cuts[mec, c] = self._model.add_linear_constraint(ub=float(MULTIPLES[c] - 1))
            level = cut_levels(matrix.tasks[:, mec], room[mec])[:, c]
            for i in np.flatnonzero(level):
                row.set_coefficient(self._variables[i], float(level[i]))
        return len(new)

    def _sync(self) -> None:
        """Take over columns that came into the pool."""
        cache, room = self._pool.instance.spaces.cache_gb, self._pool.instance.mecs.max_tasks
        for column in self._pool.columns[len(self._variables) :]:
            variable = self._model.add_variable(lb=0.0)
            self._variables.append(variable)
            cost = self._weights[0] * column.latency_ms + self._weights[1] * column.energy_j
            self._model.objective.set_linear_coefficient(variable, float(cost))
            self._pick[column.space].set_coefficient(variable, 1.0)
            tasks: IntArray = np.zeros_like(room)
            tasks[column.hosts] = column.tasks
            for mec in column.hosts:
                self._cache[mec].set_coefficient(variable, float(cache[column.space]))
                self._tasks[mec].set_coefficient(variable, float(tasks[mec]))
            for (mec, c), row in self._cuts.items():
                level = tasks[mec] * MULTIPLES[c] // (room[mec] + 1)
                if level:
                    row.set_coefficient(variable, float(level))
            self._limits[0].set_coefficient(variable, column.latency_ms)
            self._limits[1].set_coefficient(variable, column.energy_j)

    def solve(self) -> MasterSolution:
        """Solve over the present columns.

        Raises:
            RuntimeError: the LP solver failed.
        """
        self._sync()
        result = self._solver.solve()
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            raise RuntimeError(f"the linear master ended with {result.termination}")
        dual = result.dual_values()
        values = result.variable_values()

        def prices(rows: Iterable[mathopt.LinearConstraint]) -> FloatArray:
            # rounding may leave a tiny positive dual; any price >= 0 gives a valid bound
            return np.maximum(0.0, -np.array([dual[row] for row in rows], dtype=np.float64))

        cuts = np.zeros((self._pool.instance.num_mecs, len(MULTIPLES)))
        for key, price in zip(self._cuts, prices(self._cuts.values()), strict=True):
            cuts[key] = price
        return MasterSolution(
            value=float(result.objective_value()),
            prices=Prices(prices(self._cache), prices(self._tasks), prices(self._limits), cuts),
            fraction=np.array([values[v] for v in self._variables]),
        )
