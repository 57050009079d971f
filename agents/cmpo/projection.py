"""From beliefs to feasible placements: greedy projection by confidence within cache and tasks.

Two ways. By request, as in paper 003 (below eq. 24): the most certain request first, each to the most
probable MEC with room. By space, ours: the space of the largest load first; its candidate host sets are
those that the beliefs rank first, its requests go to the cheapest host with room.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semverse.agents.cmpo.config import ProjectionConfig
from semverse.envs.scc.model import CACHE_TOLERANCE_GB, tables
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.state import PlacementState
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.construct import repair, space_by_space
from semverse.solvers.layout import Layout
from semverse.solvers.neighbourhood import SpaceCosts, assign

_SAME = 1e-9  # relative; sets whose costs differ by less are taken for the same
_SURE = 1e-6  # least probability, so that logarithms stay finite


def project(
    instance: Instance, preferences: FloatArray, beliefs: Sequence[FloatArray], config: ProjectionConfig
) -> IntArray:
    """Project beliefs onto feasible placements [B, R].

    Args:
        instance: the problem.
        preferences: [B, 2].
        beliefs: p(x_0) of each step so far, the last one last, each [B, R, M].
        config: which way, and its numbers.
    """
    if config.by == "space":
        return project_by_space(instance, preferences, beliefs, config)
    return project_by_request(instance, preferences, beliefs[-1], config.cost_weight)


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
    instance: Instance, preferences: FloatArray, beliefs: Sequence[FloatArray], config: ProjectionConfig
) -> IntArray:
    """Project beliefs space by space, the largest load first.

    Host sets are proposed by the beliefs of all steps given, at the row's preference and its neighbours:
    the one, two, ... MECs of most belief. The cheapest of them is taken, where cost includes distrust of
    the last step's beliefs.

    Args:
        instance: the problem.
        preferences: [B, 2].
        beliefs: p(x_0) of each step, the last one last, each [B, R, M].
        config: see there.

    Returns:
        Placements [B, R], feasible wherever the greedy repair finds room.
    """
    weights = raw_weights(instance, preferences)
    layout, near = Layout.of(instance), _near_rows(preferences, config.neighbours)
    every = _Costs(instance, weights)
    batch, requests, _ = beliefs[-1].shape
    room = np.repeat(instance.mecs.max_tasks[None], batch, axis=0)
    left = np.repeat(instance.mecs.cache_gb[None], batch, axis=0)
    placements = np.zeros((batch, requests), dtype=np.int64)
    for space in _spaces_in_order(instance):
        mine = layout.of_space(space)
        costs = every.of_space(space, mine, config.trust, beliefs[-1][:, mine])
        allowed = (left >= instance.spaces.cache_gb[space] - CACHE_TOLERANCE_GB) & (room > 0)
        score = np.concatenate([step[:, mine].sum(axis=1)[near] for step in beliefs], axis=1)  # [B, P, M]
        sets = best_prefixes(costs, score, allowed, room, config.candidates)
        picked, _ = assign(costs, sets, room)
        placements[:, mine] = np.maximum(picked, 0)
        room, left = _take(instance, space, picked, room, left)
    return repair(instance, placements, weights)


class _Costs:
    """Weighted costs of an instance for B rows, space by space."""

    def __init__(self, instance: Instance, weights: FloatArray) -> None:
        self._t, self._weights = tables(instance), weights
        self._unit = _typical(instance, weights)
        w0, w1 = weights[:, 0, None, None], weights[:, 1, None, None]
        sync = w0 * self._t.sync.real + w1 * self._t.sync.imag  # [B, M, M]
        self._own = np.einsum("bmm->bm", sync).copy()
        self._pair = 2 * sync * (1.0 - np.eye(instance.num_mecs))

    def of_space(self, space: int, requests: IntArray, trust: float, belief: FloatArray) -> SpaceCosts:
        """Return the costs of one space's requests [k]; distrust is a price of serving against belief."""
        w0, w1 = self._weights[:, 0], self._weights[:, 1]
        request, maintenance = self._t.request[requests], self._t.maintenance[space]
        serve = w0[:, None, None] * request.real + w1[:, None, None] * request.imag  # [B, k, M]
        penalty = trust * self._unit[:, None, None] * np.log(np.maximum(belief, _SURE))
        host = self._own + (w0 * maintenance.real + w1 * maintenance.imag)[:, None]
        return SpaceCosts(serve - penalty, host, self._pair)


def best_prefixes(
    costs: SpaceCosts, score: FloatArray, allowed: BoolArray, room: IntArray, keep: int
) -> BoolArray:
    """Return the cheapest host sets among the prefixes of some rankings, task room of a MEC ignored.

    Args:
        costs: weighted costs of one space in B rows.
        score: rankings of the MECs [B, P, M], best score first.
        allowed: MECs that may host the space [B, M].
        room: requests each MEC can take [B, M]; a set needs room for all requests together.
        keep: longest prefix, and how many sets are returned.

    Returns:
        Different host sets [B, keep + 1, M]; the last one is all that is allowed.
    """
    batch, proposals, mecs = score.shape
    length = min(keep, mecs)
    masked = np.where(allowed[:, None], score, -1.0)
    order = np.argsort(-masked, axis=2, kind="stable")[:, :, :length]  # [B, P, L]
    total = _prefix_costs(costs, order)
    space_for = np.cumsum(np.take_along_axis(room[:, None], order, axis=2), axis=2)
    usable = np.take_along_axis(allowed[:, None], order, axis=2)
    total = np.where(usable & (space_for >= costs.serve.shape[1]), total, np.inf).reshape(batch, -1)
    # equal sets have equal costs: only one of them is kept
    ranked = np.argsort(total, axis=1, kind="stable")
    sorted_cost = np.take_along_axis(total, ranked, axis=1)
    again = np.zeros(sorted_cost.shape, dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        again[:, 1:] = np.diff(sorted_cost, axis=1) <= _SAME * np.abs(sorted_cost[:, 1:])
    kept = np.argsort(again, axis=1, kind="stable")[:, :keep]
    chosen = np.take_along_axis(ranked, kept, axis=1)  # [B, keep] proposal * L + length - 1
    rank = np.full((batch, proposals, mecs), mecs)
    np.put_along_axis(rank, order, np.arange(length)[None, None], axis=2)
    sets = rank[np.arange(batch)[:, None], chosen // length] <= (chosen % length)[:, :, None]
    return np.concatenate([sets & allowed[:, None], allowed[:, None]], axis=1)


def _prefix_costs(costs: SpaceCosts, order: IntArray) -> FloatArray:
    """Return the cost of hosting on, and serving from, the first 1, 2, ... L MECs of orders [B, P, L]."""
    batch, mecs = costs.host.shape
    serve = costs.serve.transpose(0, 2, 1).reshape(batch * mecs, -1)  # [B M, k]
    host, pair = costs.host.ravel(), costs.pair.reshape(batch * mecs, mecs)
    cell = order + (np.arange(batch) * mecs)[:, None, None]
    total = np.empty(order.shape)
    cheapest = np.full((*order.shape[:2], serve.shape[1]), np.inf)  # [B, P, k] of the hosts so far
    paired = np.zeros((*order.shape[:2], mecs))  # [B, P, M] what a further host pays for pairs
    hosting = np.zeros(order.shape[:2])
    for length in range(order.shape[2]):
        new = cell[:, :, length]
        np.minimum(cheapest, serve.take(new, axis=0), out=cheapest)
        hosting += host.take(new) + np.take_along_axis(paired, order[:, :, length, None], axis=2)[:, :, 0]
        paired += pair.take(new, axis=0)
        total[:, :, length] = hosting + cheapest.sum(axis=2)
    return total


def _spaces_in_order(instance: Instance) -> list[int]:
    order = instance.requests.space[space_by_space(instance)]
    return list(dict.fromkeys(order.tolist()))


def _near_rows(preferences: FloatArray, neighbours: int) -> IntArray:
    """Return for each row itself and the rows of the nearest preferences on both sides [B, 2 n + 1]."""
    order = np.argsort(preferences[:, 0] / np.maximum(preferences.sum(axis=1), 1e-300), kind="stable")
    place = np.argsort(order)
    offsets = np.arange(-neighbours, neighbours + 1)
    near: IntArray = order[np.clip(place[:, None] + offsets, 0, len(order) - 1)]
    return near


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
