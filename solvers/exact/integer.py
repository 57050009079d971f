"""From columns to placements: the best choice of one known column a space (CP-SAT)."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from semverse.envs.scc.model import CACHE_TOLERANCE_GB, tables
from semverse.envs.scc.types import FloatArray, IntArray
from semverse.solvers.base import Clock
from semverse.solvers.exact.columns import Matrix, Pool
from semverse.solvers.exact.relaxation import Problem, Relaxation

_CACHE_UNIT = 1_000_000  # cache sizes to whole numbers: 1 kB
_FINE = 1e10  # steps where a bound depends on the rounding
_LEAF_EFFORT = 5.0  # CP-SAT's deterministic time, about seconds, for one assignment within limits
_RESOLUTION = 2_000_000  # weighted costs to whole numbers: this many steps over the window


def reduced_costs(pool: Pool, problem: Problem, relaxation: Relaxation) -> FloatArray:
    """Return by how much each column exceeds its space's minimum under the bound's prices [N].

    A placement that uses a column costs at least the lower bound plus this.
    """
    matrix, prices = pool.matrix, relaxation.prices
    out = matrix.costs @ (problem.weights + prices.limits) + prices.charge(pool.instance, matrix)
    return np.asarray(out - relaxation.best[matrix.space], dtype=np.float64)


def choose_columns(
    pool: Pool, problem: Problem, relaxation: Relaxation, upper: float, effort: float, clock: Clock, most: int
) -> IntArray | None:
    """Return the best placement [R] that known columns make up, if one is better than ``upper``.

    Columns whose reduced cost alone passes ``upper`` are left out, and of the others all but the ``most``
    of least reduced cost; rules of the problem are kept. ``effort`` limits the search in CP-SAT's
    deterministic time, so that a loaded machine finds the same.
    """
    gap = upper - relaxation.lower_bound
    excess = reduced_costs(pool, problem, relaxation)
    excess[~pool.allowed(problem.rules.forbidden, problem.rules.forced)] = np.inf
    keep = np.argsort(excess, kind="stable")[:most]
    keep = keep[excess[keep] <= gap]
    columns = pool.matrix.subset(keep)
    if gap <= 0 or len(set(columns.space.tolist())) < int((pool.layout.count > 0).sum()):
        return None
    model = cp_model.CpModel()
    use = [model.new_bool_var("") for _ in keep]
    for space in np.unique(columns.space):
        model.add_exactly_one(use[i] for i in np.flatnonzero(columns.space == space))
    _add_capacities(model, pool, columns, use)
    _add_limits(model, pool, problem, columns, use)
    # each space relative to its cheapest column: small numbers, fine resolution
    cost = columns.costs @ problem.weights
    least = np.full(pool.instance.num_spaces, np.inf)
    np.minimum.at(least, columns.space, cost)
    cost -= least[columns.space]
    step = max(float(cost.max()), 1e-9) / _RESOLUTION
    model.minimize(cp_model.LinearExpr.weighted_sum(use, np.round(cost / step).astype(np.int64).tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = effort
    if np.isfinite(clock.left):
        solver.parameters.max_time_in_seconds = max(clock.left, 0.01)
    solver.parameters.cp_model_probing_level = 0  # a third of the time, and finds nothing here
    solver.parameters.num_workers = 1  # deterministic, and the benchmark gives one core a cell
    solver.parameters.catch_sigint_signal = False  # else Ctrl-C would no longer reach Python
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    chosen = [solver.boolean_value(variable) for variable in use]
    return pool.placement(keep[np.array(chosen)])


def _add_capacities(model: cp_model.CpModel, pool: Pool, columns: Matrix, use: list[cp_model.IntVar]) -> None:
    mecs = pool.instance.mecs
    size = np.ceil(pool.instance.spaces.cache_gb * _CACHE_UNIT).astype(np.int64)[columns.space]
    room = np.floor((mecs.cache_gb + CACHE_TOLERANCE_GB) * _CACHE_UNIT).astype(np.int64)
    for mec in range(pool.instance.num_mecs):
        on = np.flatnonzero(columns.hosts[:, mec])
        variables = [use[i] for i in on]
        for amount, limit in ((size[on], room[mec]), (columns.tasks[on, mec], mecs.max_tasks[mec])):
            model.add(cp_model.LinearExpr.weighted_sum(variables, amount.tolist()) <= int(limit))


def _add_limits(
    model: cp_model.CpModel, pool: Pool, problem: Problem, columns: Matrix, use: list[cp_model.IntVar]
) -> None:
    """Add the epsilon constraints, rounded to the safe side."""
    access = tables(pool.instance).access
    for k, constant in enumerate((access.real, access.imag)):
        limit = problem.limits[k] - constant
        if np.isfinite(limit):
            unit = max(abs(limit), 1e-9) / 1e8
            terms = np.ceil(columns.costs[:, k] / unit).astype(np.int64).tolist()
            model.add(cp_model.LinearExpr.weighted_sum(use, terms) <= int(np.floor(limit / unit)))


def assign_within_limits(pool: Pool, problem: Problem) -> tuple[IntArray | None, float]:
    """Assign requests to decided host sets within cache, tasks and epsilon constraints.

    Args:
        pool: knows the instance.
        problem: its rules force the hosts; no other MEC is used.

    Returns:
        The best placement [R], None if there is none, and a lower bound on the weighted cost of all.
    """
    instance = pool.instance
    t, forced = tables(instance), problem.rules.forced
    overfull = (instance.spaces.cache_gb @ forced > instance.mecs.cache_gb + CACHE_TOLERANCE_GB).any()
    if overfull or not forced[instance.requests.space].any(axis=1).all():
        return None, np.inf
    requests, mecs = np.nonzero(forced[instance.requests.space])
    hosting = np.einsum("vm,ml,vl->", forced, t.sync, forced) + forced.sum(axis=1) @ t.maintenance
    fixed = np.array([(hosting + t.access).real, (hosting + t.access).imag])
    costs = np.stack([t.request[requests, mecs].real, t.request[requests, mecs].imag], axis=1)
    model = cp_model.CpModel()
    use = [model.new_bool_var("") for _ in requests]
    for request in range(instance.num_requests):
        model.add_exactly_one(use[i] for i in np.flatnonzero(requests == request))
    for mec in np.unique(mecs):
        model.add(sum(use[i] for i in np.flatnonzero(mecs == mec)) <= int(instance.mecs.max_tasks[mec]))
    for k in np.flatnonzero(np.isfinite(problem.limits)):
        unit = max(problem.limits[k], 1e-9) / _FINE
        terms = np.floor(costs[:, k] / unit).astype(np.int64)  # rounded down: the bound holds
        room = int(np.floor((problem.limits[k] - fixed[k]) / unit))
        model.add(cp_model.LinearExpr.weighted_sum(use, terms.tolist()) <= room)
    cost = costs @ problem.weights
    step = max(float(cost.max()), 1e-9) / _FINE
    model.minimize(cp_model.LinearExpr.weighted_sum(use, np.floor(cost / step).astype(np.int64).tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # else Ctrl-C would no longer reach Python
    solver.parameters.max_deterministic_time = _LEAF_EFFORT
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None, np.inf
    bound = float(fixed @ problem.weights) + solver.best_objective_bound * step
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, bound
    placement = np.zeros(instance.num_requests, dtype=np.int64)
    chosen = np.array([solver.boolean_value(variable) for variable in use])
    placement[requests[chosen]] = mecs[chosen]
    return placement, bound
