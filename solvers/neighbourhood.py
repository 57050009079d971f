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

    def repeat(self, times: int) -> SpaceCosts:
        """Return every row ``times`` times in sequence."""
        return SpaceCosts(*(np.repeat(a, times, axis=0) for a in (self.serve, self.host, self.pair)))

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


def assign(costs: SpaceCosts, hosts: BoolArray, room: IntArray) -> tuple[IntArray, FloatArray]:
    """Assign the space's requests to hosts with task room, the largest regret first.

    Args:
        costs: weighted costs of N rows.
        hosts: host sets [N, M].
        room: requests each MEC can take [N, M].

    Returns:
        MEC of each request [N, k] and the space's whole cost [N]; infinite where the room is too small.
    """
    serve = np.where((hosts & (room > 0))[:, None, :], costs.serve, np.inf)
    chosen = serve.argmin(axis=2)
    n, _, mecs = serve.shape
    counts = np.bincount((np.arange(n)[:, None] * mecs + chosen).ravel(), minlength=n * mecs)
    tight = np.flatnonzero((counts.reshape(n, mecs) > room).any(axis=1))
    if len(tight):
        chosen[tight] = _assign_in_turn(serve[tight], room[tight])
    served = np.take_along_axis(serve, np.maximum(chosen, 0)[:, :, None], axis=2)[:, :, 0]
    served = np.where(chosen < 0, np.inf, served)
    used = np.zeros((n, mecs), dtype=np.bool_)
    np.put_along_axis(used, np.maximum(chosen, 0), True, axis=1)
    return chosen, costs.hosting(used) + served.sum(axis=1)


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
