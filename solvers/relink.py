"""Cheap points between known ones: paths between neighbours on a front, and single moves."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.migration import hosts
from semverse.envs.scc.model import tables
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Clock


def relink(instance: Instance, first: IntArray, second: IntArray, changes: FloatArray) -> IntArray:
    """Return the placements on the way from one placement to another, one space after the other.

    A space's cost does not depend on the other spaces, so each exchange trades a fixed amount of
    latency for energy; the best trades come first.

    Args:
        instance: the problem.
        first: placement [R] of lower latency.
        second: placement [R] of lower energy.
        changes: what taking each space over changes in latency_ms and energy_j [V, 2].

    Returns:
        Placements [S, R], S < V.
    """
    differing = np.flatnonzero(np.abs(changes).sum(axis=1) > 0)
    angle = np.arctan2(changes[differing, 0], -changes[differing, 1])  # least latency per joule saved first
    order = differing[np.argsort(angle)]
    rank = np.full(instance.num_spaces, instance.num_spaces)
    rank[order] = np.arange(len(order))
    taken = rank[instance.requests.space][None, :] < np.arange(1, len(order))[:, None]
    return np.where(taken, second, first)


def single_moves(instance: Instance, placement: IntArray, rng: np.random.Generator, limit: int) -> IntArray:
    """Return placements [B, R] that differ by one request moved to another host of its space."""
    target = hosts(instance, placement[None])[0][instance.requests.space]
    target[np.arange(len(placement)), placement] = False
    request, mec = np.nonzero(target)
    if len(request) > limit:
        pick = rng.choice(len(request), limit, replace=False)
        request, mec = request[pick], mec[pick]
    moved = np.repeat(placement[None], len(request), axis=0)
    moved[np.arange(len(request)), request] = mec
    return moved


def space_costs(instance: Instance, placements: IntArray) -> FloatArray:
    """Return what each space costs in each placement: latency_ms and energy_j [B, V, 2]."""
    t = tables(instance)
    served = t.request[np.arange(instance.num_requests), placements]  # [B, R]
    onehot = np.eye(instance.num_spaces)[instance.requests.space]  # [R, V]
    hosted = hosts(instance, placements).astype(np.float64)
    sync = np.einsum("bvm,ml,bvl->bv", hosted, t.sync, hosted)
    total = served @ onehot + sync + hosted.sum(axis=2) * t.maintenance
    return np.stack([total.real, total.imag], axis=-1)


def fill(archive: Archive, instance: Instance, rng: np.random.Generator, clock: Clock) -> None:
    """Add points between all neighbours of the archive, then single moves, until nothing is gained."""
    done: set[bytes] = set()
    while not clock.expired:
        order = np.argsort(archive.objectives[:, 0])
        front = archive.placements[order]
        costs = space_costs(instance, front)
        before = len(done)
        for i, placement in enumerate(front):
            if clock.expired or placement.tobytes() in done:
                continue
            done.add(placement.tobytes())
            for j in (i - 1, i + 1):
                if 0 <= j < len(front):
                    a, b = min(i, j), max(i, j)
                    archive.add(relink(instance, front[a], front[b], costs[b] - costs[a]))
            archive.add(single_moves(instance, placement, rng, 1500))
        if len(done) == before:
            return
