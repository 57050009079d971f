"""Constructive heuristic: requests placed one after the other, always where there is room."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.model import evaluate
from semverse.envs.scc.servable import pack
from semverse.envs.scc.state import PlacementState
from semverse.envs.scc.types import FloatArray, Instance, IntArray


def space_by_space(instance: Instance) -> IntArray:
    """Return the requests grouped by space, the space with the largest total load first [R]."""
    requests = instance.requests
    load = requests.probability * instance.spaces.workload_gflop[requests.space]
    total = np.bincount(requests.space, weights=load, minlength=instance.num_spaces)
    return np.lexsort((-load, requests.space, -total[requests.space]))


def construct(
    instance: Instance,
    weights: FloatArray,
    *,
    order: IntArray,
    wanted: IntArray | None = None,
    rng: np.random.Generator | None = None,
    fall_back: bool = True,
) -> IntArray:
    """Build one placement a row, request by request, on MECs with room.

    Args:
        instance: the problem.
        weights: weights on latency_ms and energy_j [B, 2]; a request goes where it adds least.
        order: order of the requests, [R] or [B, R].
        wanted: MECs [B, R] to keep wherever there is room (a repair), -1 for no wish; or None.
        rng: draw the MEC uniformly among those with room instead of taking the cheapest.
        fall_back: replace a row that ran into a dead end by a packed placement, if packing succeeds.

    Returns:
        Placements [B, R]; a row that ran into a dead end and was not replaced is infeasible.
    """
    batch = len(weights)
    state = PlacementState([instance] * batch)
    rows = np.arange(batch)
    orders = np.broadcast_to(order, (batch, instance.num_requests))
    stuck = np.zeros(batch, dtype=np.bool_)
    for step in range(instance.num_requests):
        requests = orders[:, step]
        room = state.room(rows, requests)
        added = state.added_cost(rows, requests)
        score = weights[:, :1] * added.real + weights[:, 1:] * added.imag
        if rng is not None:
            score = rng.random(score.shape)
        if wanted is not None:
            wish = wanted[rows, requests]
            wishing = np.flatnonzero(wish >= 0)
            score[wishing, wish[wishing]] = -1.0
        stuck |= ~room.any(axis=1)
        state.place(rows, requests, np.where(room, score, np.inf).argmin(axis=1))
    placements = state.placement[:, : instance.num_requests].copy()
    if fall_back and stuck.any():
        packed = pack(instance)
        if packed is not None:
            placements[stuck] = packed
    return placements


def repair(instance: Instance, placements: IntArray, weights: FloatArray) -> IntArray:
    """Return placements [B, R] with every infeasible row rebuilt around what it wanted."""
    broken = ~evaluate(instance, placements).feasible
    if not broken.any():
        return placements
    fixed = placements.copy()
    fixed[broken] = construct(
        instance, weights[broken], order=space_by_space(instance), wanted=placements[broken]
    )
    return fixed


def ruin(
    instance: Instance, weights: FloatArray, placements: IntArray, spaces: int, rng: np.random.Generator
) -> IntArray:
    """Return placements [B, R] with some randomly drawn spaces a row taken out and placed anew greedily."""
    batch, count = len(placements), instance.num_spaces
    rank = np.argsort(np.argsort(rng.random((batch, count)), axis=1), axis=1)
    gone = (rank < spaces)[:, instance.requests.space]  # [B, R]
    # what stays is placed first, so that it keeps its room; the rest follows in random order
    order = np.argsort(gone + rng.random(gone.shape) / 2, axis=1)
    noise = rng.uniform(0.5, 2.0, weights.shape)  # other trade-offs lead out of the present optimum
    return construct(instance, weights * noise, order=order, wanted=np.where(gone, -1, placements))


def best_of(instance: Instance, weights: FloatArray, placements: IntArray) -> IntArray:
    """Return for each pair of weights [P, 2] the best feasible of the placements [B, R] -> [P, R]."""
    costs = evaluate(instance, placements)
    score = weights @ costs.objectives.T  # [P, B]
    best: IntArray = placements[np.where(costs.feasible, score, np.inf).argmin(axis=1)]
    return best
