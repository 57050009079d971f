"""Host sets next to a given one: what adding, dropping or swapping one host would cost.

Everything is batched over N placements (rows) and one space; costs are weighted sums. Serving costs
ignore task room here, so they are optimistic; `assign` then finds an assignment that keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SpaceCosts:
    """Weighted costs of one space in N rows."""

    serve: FloatArray  # [N, k, M]
    host: FloatArray  # [N, M]
    pair: FloatArray  # [N, M, M], diagonal 0

    def hosting(self, hosts: BoolArray) -> FloatArray:
        """Return the cost of hosting (without serving) on host sets [N, M] -> [N]."""
        chosen = hosts.astype(np.float64)
        pairs = np.einsum("nm,nml,nl->n", chosen, self.pair, chosen) / 2
        total: FloatArray = np.einsum("nm,nm->n", chosen, self.host) + pairs
        return total

    def take(self, rows: IntArray | BoolArray) -> SpaceCosts:
        """Select rows."""
        return SpaceCosts(self.serve[rows], self.host[rows], self.pair[rows])


def neighbours(costs: SpaceCosts, hosts: BoolArray, allowed: BoolArray, keep: int) -> BoolArray:
    """Return the ``keep`` most promising host sets next to each row's own.

    Args:
        costs: weighted costs.
        hosts: current host sets [N, M], not empty.
        allowed: MECs that may host the space [N, M].
        keep: sets returned a row.

    Returns:
        Host sets [N, keep, M] by rising optimistic cost: the set itself, one host more, one less, one
        swapped, or a single host. Sets that are not allowed come last, as the set itself.
    """
    n, _, mecs = costs.serve.shape
    on_hosts = np.where(hosts[:, None, :], costs.serve, np.inf)
    nearest = on_hosts.argmin(axis=2)  # [N, k]
    first = on_hosts.min(axis=2)
    np.put_along_axis(on_hosts, nearest[:, :, None], np.inf, axis=2)
    second = on_hosts.min(axis=2)  # inf where the set has one host
    opening = costs.host + np.einsum("nm,nml->nl", hosts.astype(np.float64), costs.pair)  # [N, M]
    gain = np.minimum(costs.serve - first[:, :, None], 0.0)  # [N, k, M] serving change of one more host
    add = np.where(hosts, np.inf, opening + gain.sum(axis=1))
    served = (nearest[:, :, None] == np.arange(mecs)).astype(np.float64)  # [N, k, M]
    loss = np.where(np.isfinite(second), second - first, 1e300 / max(first.shape[1], 1))
    drop = np.where(hosts, np.einsum("nka,nk->na", served, loss) - opening, np.inf)
    # a swap a -> b: the requests of a go to b or to their second host, the others may go to b
    moved = np.minimum(costs.serve - first[:, :, None], np.minimum(loss, 1e200)[:, :, None]) - gain
    swap = np.matmul(served.transpose(0, 2, 1), moved) + gain.sum(axis=1)[:, None, :]
    swap += opening[:, None, :] - opening[:, :, None] - costs.pair
    swap = np.where(hosts[:, :, None] & ~hosts[:, None, :], swap, np.inf)
    base = costs.hosting(hosts) + first.sum(axis=1)
    single = costs.host + costs.serve.sum(axis=1) - base[:, None]
    add, single = np.where(allowed, add, np.inf), np.where(allowed, single, np.inf)
    swap = np.where(allowed[:, None, :], swap, np.inf).reshape(n, -1)
    change = np.concatenate([np.zeros((n, 1)), add, drop, single, swap], axis=1)
    best = np.argpartition(change, keep, axis=1)[:, :keep]
    change = np.take_along_axis(change, best, axis=1)
    order = np.argsort(change, axis=1)
    best, change = np.take_along_axis(best, order, axis=1), np.take_along_axis(change, order, axis=1)
    return _decode(np.where(change < 1e100, best, 0), hosts)


def _decode(code: IntArray, hosts: BoolArray) -> BoolArray:
    """Turn neighbour numbers [N, C] (keep, add, drop, single, swap in turn) into host sets [N, C, M]."""
    mecs = hosts.shape[1]
    eye = np.eye(mecs, dtype=np.bool_)
    kind = np.where(code == 0, 0, (code - 1) // mecs + 1)  # 1 add, 2 drop, 3 single, >= 4 swap
    mec = (code - 1) % mecs
    own = np.repeat(hosts[:, None, :], code.shape[1], axis=1)
    flag = eye[mec]
    out = np.where((kind == 1)[:, :, None], own | flag, own)
    out = np.where((kind == 2)[:, :, None], own & ~flag, out)
    out = np.where((kind == 3)[:, :, None], flag, out)
    leaving = eye[np.clip(kind - 4, 0, mecs - 1)]
    return np.where((kind >= 4)[:, :, None], (own & ~leaving) | flag, out)


def assign(
    costs: SpaceCosts, sets: BoolArray, room: IntArray, below: FloatArray | None = None
) -> tuple[IntArray, FloatArray]:
    """Assign the space's requests within one of some host sets, the one that makes it cheapest.

    Where requests do not fit on their cheapest hosts they choose in turn, the largest regret first.

    Args:
        costs: weighted costs of N rows.
        sets: host sets to choose from [N, C, M].
        room: requests each MEC can take [N, M].
        below: only costs below these [N] are of interest.

    Returns:
        MEC of each request [N, k] and the space's whole cost [N]; infinite where no set has room, or none
        that could cost less than ``below``.
    """
    n, count, mecs = sets.shape
    serve = np.where((sets & (room > 0)[:, None])[:, :, None], costs.serve[:, None], np.inf)  # [N, C, k, M]
    chosen = serve.argmin(axis=3)
    cell = (np.arange(n * count) * mecs).reshape(n, count, 1) + chosen
    tasks = np.bincount(cell.ravel(), minlength=n * count * mecs).reshape(n, count, mecs)
    used = (tasks > 0).astype(np.float64)
    hosting = (used * (costs.host[:, None] + used @ costs.pair / 2)).sum(axis=2)
    cost = hosting + serve.min(axis=3).sum(axis=2)
    tight = (tasks > room[:, None]).any(axis=2)
    # room can only make a set dearer: most sets are out of the race before anybody chooses in turn
    limit = np.where(tight, np.inf, cost).min(axis=1)
    limit = limit if below is None else np.minimum(limit, below)
    row, rank = np.nonzero(tight & (cost < limit[:, None]))
    cost[tight] = np.inf
    if len(row):
        chosen[row, rank] = _assign_in_turn(serve[row, rank], room[row])
        cost[row, rank] = _cost_of(costs.take(row), chosen[row, rank])
    rows, best = np.arange(n), cost.argmin(axis=1)
    return chosen[rows, best], cost[rows, best]


def _cost_of(costs: SpaceCosts, chosen: IntArray) -> FloatArray:
    """Return the whole cost of the space for the MEC of each request [N, k], -1 where there is none [N]."""
    served = np.take_along_axis(costs.serve, np.maximum(chosen, 0)[:, :, None], axis=2)[:, :, 0]
    served = np.where(chosen < 0, np.inf, served)
    used = np.zeros(costs.host.shape, dtype=np.bool_)
    np.put_along_axis(used, np.maximum(chosen, 0), True, axis=1)
    return np.asarray(costs.hosting(used) + served.sum(axis=1))


def _assign_in_turn(serve: FloatArray, room: IntArray) -> IntArray:
    """Return the MEC of each request [N, k], -1 where none has room left."""
    n, k, _ = serve.shape
    left = room.copy()
    rows = np.arange(n)
    two = np.partition(np.minimum(serve, 1e200), min(1, serve.shape[2] - 1), axis=2)
    order = np.argsort(two[:, :, 0] - two[:, :, min(1, serve.shape[2] - 1)], axis=1)
    chosen = np.full((n, k), -1)
    for step in range(k):
        request = order[:, step]
        cost = np.where(left > 0, serve[rows, request], np.inf)
        mec = cost.argmin(axis=1)
        fits = np.isfinite(cost[rows, mec])
        chosen[rows[fits], request[fits]] = mec[fits]
        left[rows[fits], mec[fits]] -= 1
    return chosen
