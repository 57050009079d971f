"""Whether an instance can be served at all: proofs for both answers."""

from __future__ import annotations

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.scc.model import CACHE_TOLERANCE_GB, evaluate
from semverse.envs.scc.types import Instance, IntArray

_SECONDS = 60.0  # limit of the exact decision
_UNITS_PER_GB = 1e9  # CP-SAT counts in whole numbers


def find_placement(instance: Instance) -> IntArray:
    """Return a feasible placement [R], by construction if possible, by exact search otherwise.

    Raises:
        InputError: no placement serves the instance (the text says why), or that could not be decided.
    """
    _check_totals(instance)
    placement = pack(instance)
    return _search(instance) if placement is None else placement


def _check_totals(instance: Instance) -> None:
    """Check what every feasible placement needs: enough tasks, enough cache, a MEC for each space."""
    mecs = instance.mecs
    if mecs.max_tasks.sum() < instance.num_requests:
        raise InputError(
            f"allow {mecs.max_tasks.sum()} requests in total, there are {instance.num_requests}",
            key="mecs.max_tasks",
            remedy="raise them or drop requests",
        )
    size = instance.spaces.cache_gb
    requested = np.unique(instance.requests.space)
    usable = mecs.cache_gb[mecs.max_tasks > 0]
    largest = requested[size[requested].argmax()]
    if size[largest] > usable.max() + CACHE_TOLERANCE_GB:
        raise InputError(
            f"space {largest} takes {size[largest]:g} GB, the largest usable MEC cache has {usable.max():g}",
            key="spaces.cache_gb",
            remedy="raise mecs.cache_gb or lower the space's",
        )
    if size[requested].sum() > usable.sum() + CACHE_TOLERANCE_GB * len(usable):
        raise InputError(
            f"the spaces take {size[requested].sum():g} GB, the MECs have {usable.sum():g}",
            key="mecs.cache_gb",
            remedy="raise it or drop spaces",
        )


def pack(instance: Instance) -> IntArray | None:
    """Return a feasible placement [R] by first-fit packing of whole spaces, or None if none was found.

    Spaces go in order of cache size to the MEC with the most task room among those with cache room;
    what does not fit spills over to the next. None does not prove that no placement exists.
    """
    cache = instance.mecs.cache_gb.copy()
    tasks = instance.mecs.max_tasks.copy()
    placement = np.full(instance.num_requests, -1)
    members = np.argsort(instance.requests.space, kind="stable")
    counts = np.bincount(instance.requests.space, minlength=instance.num_spaces)
    start = np.concatenate([[0], np.cumsum(counts)])
    size = instance.spaces.cache_gb
    for space in np.lexsort((-counts, -size)):
        waiting = members[start[space] : start[space + 1]]
        while len(waiting):
            room = np.where(cache >= size[space] - CACHE_TOLERANCE_GB, tasks, 0)
            mec = int(room.argmax())
            if room[mec] <= 0:
                return None
            served, waiting = waiting[: room[mec]], waiting[room[mec] :]
            placement[served] = mec
            cache[mec] -= size[space]
            tasks[mec] -= len(served)
    return placement


def _search(instance: Instance) -> IntArray:
    """Decide by CP-SAT. Sizes rounded in favour of fitting prove infeasibility; a placement is checked."""
    for favourable in (True, False):
        counts = _solve_counts(instance, favourable)
        if counts is None and favourable:
            raise InputError(
                "no placement keeps both the cache and the task limits (proved by exact search)",
                key="mecs.cache_gb, mecs.max_tasks",
                remedy="raise them or drop requests",
            )
        if counts is not None:
            placement = _spread(instance, counts)
            if evaluate(instance, placement[None]).feasible[0]:
                return placement
    raise InputError(
        "whether a placement exists hangs on less than 1e-9 GB",
        key="mecs.cache_gb",
        remedy="round cache sizes to 9 decimals",
    )


def _solve_counts(instance: Instance, favourable: bool) -> IntArray | None:
    """Return how many requests of each space each MEC serves [V, M], or None if proved impossible."""
    try:
        from ortools.sat.python import cp_model
    except ModuleNotFoundError as error:
        raise InputError(
            "simple packing found no placement; deciding exactly needs the package 'ortools'",
            key="mecs.cache_gb, mecs.max_tasks",
            remedy="pip install 'semverse[solvers]'",
        ) from error
    demand = np.bincount(instance.requests.space, minlength=instance.num_spaces)
    limit = instance.mecs.max_tasks
    size, room = whole_units(instance, favourable)
    model = cp_model.CpModel()
    hosted = [[model.new_bool_var("") for _ in limit] for _ in demand]
    served = [[model.new_int_var(0, int(min(d, t)), "") for t in limit] for d in demand]
    for v, d in enumerate(demand):
        model.add(sum(served[v]) == int(d))
        for m, t in enumerate(limit):
            model.add(served[v][m] <= int(min(d, t)) * hosted[v][m])
    for m, t in enumerate(limit):
        model.add(sum(row[m] for row in served) <= int(t))
        model.add(sum(int(s) * row[m] for s, row in zip(size, hosted, strict=True)) <= int(room[m]))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = _SECONDS
    solver.parameters.num_workers = 1  # the same answer on any machine
    solver.parameters.catch_sigint_signal = False  # it would not give Python its Ctrl-C back
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status not in (cp_model.FEASIBLE, cp_model.OPTIMAL):
        raise InputError(
            f"could not be decided in {_SECONDS:g} s whether a placement exists",
            key="mecs.cache_gb, mecs.max_tasks",
            remedy="raise them or drop requests",
        )
    return np.array([[solver.value(n) for n in row] for row in served], dtype=np.int64)


def whole_units(instance: Instance, favourable: bool) -> tuple[IntArray, IntArray]:
    """Return cache sizes of spaces [V] and MECs [M] in whole units, none of their sums above 2^53.

    Args:
        instance: the problem.
        favourable: round so that every placement that fits still does; otherwise so that none does that
            did not.
    """
    total = instance.spaces.cache_gb.sum() + instance.mecs.cache_gb.max() + 1.0
    scale = min(_UNITS_PER_GB, 2.0**52 / total)
    slack = CACHE_TOLERANCE_GB * scale
    size, room = instance.spaces.cache_gb * scale, instance.mecs.cache_gb * scale
    # the rounding of products such as 0.3 * 1e9 must not turn an exact fit into a misfit
    if favourable:
        return np.floor(size + 1e-3).astype(np.int64), np.ceil(room + slack).astype(np.int64)
    return np.ceil(size - 1e-3).astype(np.int64), np.floor(room + 1e-3).astype(np.int64)


def _spread(instance: Instance, counts: IntArray) -> IntArray:
    """Give the requests of each space, in order, to the MECs that serve it [R]."""
    placement = np.empty(instance.num_requests, dtype=np.int64)
    members = np.argsort(instance.requests.space, kind="stable")
    placement[members] = np.concatenate([np.repeat(np.arange(instance.num_mecs), row) for row in counts])
    return placement
