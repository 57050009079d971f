"""From columns to placements: the best choice of one known column a space (CP-SAT)."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import FloatArray, IntArray
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.relaxation import Problem, Relaxation

_CACHE_UNIT = 1_000_000  # cache sizes to whole numbers: 1 kB
_RESOLUTION = 2_000_000  # weighted costs to whole numbers: this many steps over the window


def reduced_costs(pool: Pool, problem: Problem, relaxation: Relaxation) -> FloatArray:
    """Return by how much each column exceeds its space's minimum under the bound's prices [N].

    A placement that uses a column costs at least the lower bound plus this.
    """
    cache_price, task_price, limit_price = relaxation.prices
    cache = pool.instance.spaces.cache_gb
    weights = problem.weights + limit_price
    return np.array(
        [
            c.cost(weights)
            + cache_price[c.hosts].sum() * cache[c.space]
            + task_price[c.hosts] @ c.tasks
            - relaxation.best[c.space]
            for c in pool.columns
        ]
    )


def choose_columns(
    pool: Pool, problem: Problem, relaxation: Relaxation, upper: float, seconds: float
) -> IntArray | None:
    """Return the best placement [R] that known columns make up, if one is better than ``upper``.

    Columns whose reduced cost alone passes ``upper`` are left out; rules of the problem are kept.
    """
    gap = upper - relaxation.lower_bound
    allowed = pool.allowed(problem.rules.forbidden, problem.rules.forced)
    keep = np.flatnonzero(allowed & (reduced_costs(pool, problem, relaxation) <= gap))
    spaces = [pool.columns[i].space for i in keep]
    if gap <= 0 or len(set(spaces)) < int((pool.layout.count > 0).sum()):
        return None
    model = cp_model.CpModel()
    use = [model.new_bool_var("") for _ in keep]
    for space in sorted(set(spaces)):
        model.add_exactly_one(v for v, s in zip(use, spaces, strict=True) if s == space)
    _add_capacities(model, pool, keep, use)
    _add_limits(model, pool, problem, keep, use)
    # each space relative to its cheapest column: small numbers, fine resolution
    cost = np.array([pool.columns[i].cost(problem.weights) for i in keep])
    least = np.full(max(spaces) + 1, np.inf)
    np.minimum.at(least, spaces, cost)
    step = max(float((cost - least[spaces]).max()), 1e-9) / _RESOLUTION
    whole = np.round((cost - least[spaces]) / step).astype(np.int64)
    model.minimize(cp_model.LinearExpr.weighted_sum(use, whole.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1  # deterministic, and the benchmark gives one core a cell
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return pool.placement([int(i) for i, v in zip(keep, use, strict=True) if solver.value(v)])


def _add_capacities(model: cp_model.CpModel, pool: Pool, keep: IntArray, use: list[cp_model.IntVar]) -> None:
    mecs = pool.instance.mecs
    size = np.ceil(pool.instance.spaces.cache_gb * _CACHE_UNIT).astype(np.int64)
    cache: list[list[tuple[cp_model.IntVar, int]]] = [[] for _ in mecs.cache_gb]
    tasks: list[list[tuple[cp_model.IntVar, int]]] = [[] for _ in mecs.cache_gb]
    for i, variable in zip(keep, use, strict=True):
        column = pool.columns[i]
        for mec, count in zip(column.hosts, column.tasks, strict=True):
            cache[mec].append((variable, int(size[column.space])))
            tasks[mec].append((variable, int(count)))
    for mec, (cache_terms, task_terms) in enumerate(zip(cache, tasks, strict=True)):
        if cache_terms:
            limit = int(np.floor((mecs.cache_gb[mec] + 1e-9) * _CACHE_UNIT))
            model.add(sum(v * s for v, s in cache_terms) <= limit)
            model.add(sum(v * t for v, t in task_terms) <= int(mecs.max_tasks[mec]))


def _add_limits(
    model: cp_model.CpModel, pool: Pool, problem: Problem, keep: IntArray, use: list[cp_model.IntVar]
) -> None:
    """Add the epsilon constraints, rounded to the safe side."""
    access = tables(pool.instance).access
    parts = [(c.latency_ms, c.energy_j) for c in (pool.columns[i] for i in keep)]
    for k, constant in enumerate((access.real, access.imag)):
        limit = problem.limits[k] - constant
        if np.isfinite(limit):
            unit = max(abs(limit), 1e-9) / 1e8
            terms = [int(np.ceil(part[k] / unit)) for part in parts]
            model.add(cp_model.LinearExpr.weighted_sum(use, terms) <= int(np.floor(limit / unit)))
