"""Placements that weigh what it costs to move spaces from one time slot to the next."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.migration import migration_costs
from semverse.envs.scc.model import evaluate, tables
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray, Instance, IntArray
from semverse.solvers.construct import construct, space_by_space
from semverse.solvers.exact.pricing import assign_exactly
from semverse.solvers.layout import weigh


def stay_put(instance: Instance, hosted_before: BoolArray, weights: FloatArray) -> IntArray:
    """Return the placement [R] that leaves every space where it is, if there is room.

    Requests go to the hosts of their space at least total cost; what finds no room there, or asks for a
    space that nobody hosted, goes where it adds least.

    Args:
        instance: the problem of this slot.
        hosted_before: which MEC hosted which space in the previous slot [V, M].
        weights: on latency_ms and energy_j [2].
    """
    at_home = hosted_before[instance.requests.space]  # [R, M]
    cost = weigh(tables(instance).request, weights)
    # away from home costs more than everything at home together: only what must leaves
    cost = np.where(at_home, cost, cost.max(axis=1).sum() + 1.0)
    wanted, _ = assign_exactly(cost, np.arange(instance.num_mecs), instance.mecs.max_tasks)
    stays = at_home[np.arange(len(wanted)), wanted]
    order = space_by_space(instance)
    order = order[np.argsort(~stays[order], kind="stable")]  # whoever stays keeps its room
    wishes = np.where(stays, wanted, -1)[None]
    placement: IntArray = construct(instance, weights[None], order=order, wanted=wishes)[0]
    return placement


def worthwhile(
    instance: Instance, opening: ComplexArray, weights: FloatArray, kept: IntArray, new: IntArray
) -> IntArray:
    """Return a placement [R] between two that takes from the new one what pays for its migration.

    One space after the other, or all at once, is placed as in the new one, always what gains most.

    Args:
        instance: the problem of this slot.
        opening: what opening a space on a MEC costs in migration [V, M], latency_ms + 1j * energy_j.
        weights: on latency_ms and energy_j [2].
        kept: the placement to begin with [R].
        new: the other one [R].
    """
    mine = instance.requests.space == np.arange(instance.num_spaces)[:, None]  # [V, R]
    best, least = kept, np.inf
    while True:
        tried = np.concatenate([best[None], np.where(mine, new, best), new[None]])
        costs = evaluate(instance, tried)
        value = (costs.objectives + migration_costs(opening, instance, tried)) @ weights
        value[~costs.feasible] = np.inf
        if not value.min() < least:
            return best
        best, least = tried[int(value.argmin())], float(value.min())
