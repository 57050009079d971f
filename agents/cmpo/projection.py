"""From beliefs to feasible placements: greedy projection by confidence within cache and tasks.

Two ways. By request, as in paper 003 (below eq. 24): the most certain request first, each to the most
probable MEC with room. By space, ours: the space of the largest load first; its candidate host sets are
those that the beliefs rank first, its requests go to the cheapest host with room.
"""

from __future__ import annotations

import numpy as np

from semverse.agents.cmpo.config import ProjectionConfig
from semverse.envs.scc.model import CACHE_TOLERANCE_GB, tables
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.state import PlacementState
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.construct import repair, space_by_space
from semverse.solvers.layout import Layout
from semverse.solvers.neighbourhood import SpaceCosts, assign

_SURE = 1e-6  # least probability, so that logarithms stay finite


def project(
    instance: Instance, preferences: FloatArray, beliefs: FloatArray, config: ProjectionConfig
) -> IntArray:
    """Project beliefs p(x_0) [B, R, M] under preferences [B, 2] onto feasible placements [B, R]."""
    if config.by == "space":
        return project_by_space(instance, preferences, beliefs, config.candidates, config.trust)
    return project_by_request(instance, preferences, beliefs, config.cost_weight)


def project_by_request(
    instance: Instance, preferences: FloatArray, beliefs: FloatArray, cost_weight: float
) -> IntArray:
    """Project beliefs request by request, the most certain first.

    Args:
        instance: the problem.
        preferences: [B, 2].
        beliefs: p(x_0) [B, R, M].
        cost_weight: of the cost that a choice adds, in units of a typical choice, against its
            log-probability; 0 is the paper's rule.

    Returns:
        Placements [B, R], feasible wherever the greedy repair finds room.
    """
    batch, requests, _ = beliefs.shape
    weights = raw_weights(instance, preferences)
    order = np.argsort(-beliefs.max(axis=2), axis=1, kind="stable")
    score = np.log(np.maximum(beliefs, _SURE))
    unit = _typical(instance, weights)
    state = PlacementState([instance] * batch)
    rows = np.arange(batch)
    for step in range(requests):
        chosen = order[:, step]
        added = state.added_cost(rows, chosen)
        cost = weights[:, :1] * added.real + weights[:, 1:] * added.imag
        value = score[rows, chosen] - cost_weight * cost / unit[:, None]
        value = np.where(state.room(rows, chosen), value, -np.inf)
        state.place(rows, chosen, value.argmax(axis=1))
    placements: IntArray = state.placement[:, :requests].copy()
    return repair(instance, placements, weights)


def project_by_space(
    instance: Instance, preferences: FloatArray, beliefs: FloatArray, candidates: int, trust: float
) -> IntArray:
    """Project beliefs space by space, the largest load first.

    Args:
        instance: the problem.
        preferences: [B, 2].
        beliefs: p(x_0) [B, R, M].
        candidates: host sets compared a space: the MECs of most belief, 1 to ``candidates`` of them.
        trust: of the log-probability of an assignment against its cost in units of a typical choice.

    Returns:
        Placements [B, R], feasible wherever the greedy repair finds room.
    """
    weights = raw_weights(instance, preferences)
    layout, t = Layout.of(instance), tables(instance)
    unit = _typical(instance, weights)
    w0, w1 = weights[:, 0, None, None], weights[:, 1, None, None]
    sync = w0 * t.sync.real + w1 * t.sync.imag  # [B, M, M]
    own = np.einsum("bmm->bm", sync).copy()
    pair = 2 * sync * (1.0 - np.eye(instance.num_mecs))
    batch, requests, mecs = beliefs.shape
    room = np.repeat(instance.mecs.max_tasks[None], batch, axis=0)
    left = np.repeat(instance.mecs.cache_gb[None], batch, axis=0)
    placements = np.zeros((batch, requests), dtype=np.int64)
    rows = np.arange(batch)
    for space in _spaces_in_order(instance):
        mine = layout.of_space(space)
        serve = w0 * t.request[mine].real + w1 * t.request[mine].imag  # [B, k, M]
        maintenance = weights[:, 0] * t.maintenance[space].real + weights[:, 1] * t.maintenance[space].imag
        allowed = (left >= instance.spaces.cache_gb[space] - CACHE_TOLERANCE_GB) & (room > 0)
        belief = beliefs[:, mine]
        # distrust enters as a price of serving where the network would not
        penalty = -trust * unit[:, None, None] * np.log(np.maximum(belief, _SURE))
        costs = SpaceCosts(serve + penalty, own + maintenance[:, None], pair)
        sets = _nested(belief.sum(axis=1), allowed, min(candidates, mecs))
        count = sets.shape[1]
        repeated = np.repeat(room, count, axis=0)
        chosen, cost = assign(costs.repeat(count), sets.reshape(-1, mecs), repeated)
        best = cost.reshape(batch, count).argmin(axis=1)
        picked = chosen.reshape(batch, count, -1)[rows, best]
        placements[:, mine] = np.maximum(picked, 0)
        room, left = _take(instance, space, picked, room, left)
    return repair(instance, placements, weights)


def _spaces_in_order(instance: Instance) -> list[int]:
    order = instance.requests.space[space_by_space(instance)]
    return list(dict.fromkeys(order.tolist()))


def _nested(score: FloatArray, allowed: BoolArray, count: int) -> BoolArray:
    """Return the 1, 2, ... ``count`` allowed MECs of most belief, and all allowed [B, count + 1, M]."""
    order = np.argsort(-np.where(allowed, score, -1.0), axis=1, kind="stable")
    rank = np.argsort(order, axis=1)
    sets = rank[:, None, :] <= np.arange(count)[None, :, None]
    return np.concatenate([sets & allowed[:, None, :], allowed[:, None, :]], axis=1)


def _take(
    instance: Instance, space: int, chosen: IntArray, room: IntArray, left: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return task room and cache [B, M] after one space's requests went to their MECs [B, k]."""
    batch, mecs = room.shape
    cell = (np.arange(batch)[:, None] * mecs + np.maximum(chosen, 0)).ravel()
    used = np.bincount(cell, weights=(chosen >= 0).ravel(), minlength=batch * mecs).reshape(batch, mecs)
    return room - used.astype(np.int64), left - (used > 0) * instance.spaces.cache_gb[space]


def _typical(instance: Instance, weights: FloatArray) -> FloatArray:
    """Return what a typical choice of MEC is worth under each pair of weights [B] (see `graph.Weighted`)."""
    t = tables(instance)
    serve = weights[:, 0, None, None] * t.request.real + weights[:, 1, None, None] * t.request.imag
    spread: FloatArray = (serve.mean(axis=2) - serve.min(axis=2)).mean(axis=1)
    return np.maximum(spread, 1e-300)
