"""Partial placements of N instances side by side, with the exact cost of the next decision.

The incremental counterpart of `semverse.envs.scc.model.evaluate`: placing every request and summing
what `added_cost` said gives the same totals. One request moved costs O(M) instead of O(R).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.scc.model import CACHE_TOLERANCE_GB, tables
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray, Instance, IntArray

UNPLACED = -1


@dataclass(frozen=True, eq=False)
class Candidates:
    """What each MEC offers to one request a row."""

    added: ComplexArray  # [len(rows), M] latency_ms + 1j * energy_j of placing the request there
    hosting: BoolArray  # [len(rows), M] the request's space is hosted there already
    room: BoolArray  # [len(rows), M] within cache_gb and max_tasks


class PlacementState:
    """N partial placements; row n belongs to instance n. All instances share M.

    Args:
        instances: one instance a row; requests and spaces may differ in number.

    Attributes:
        placement: MEC of each request [N, R_max], `UNPLACED` where not decided (or padding).
        hosted: requests of space v on MEC m [N, V_max, M].
        cache_left: GB [N, M]; tasks_left: requests [N, M]; negative when exceeded.
        cost: latency_ms + 1j * energy_j of what is placed so far [N].
    """

    def __init__(self, instances: Sequence[Instance]) -> None:
        n, mecs = len(instances), instances[0].num_mecs
        requests = max(i.num_requests for i in instances)
        spaces = max(i.num_spaces for i in instances)
        self.num_mecs = mecs
        self._linear = np.zeros((n, requests, mecs), dtype=np.complex128)
        self._space = np.zeros((n, requests), dtype=np.int64)
        self._space_cache = np.zeros((n, spaces))
        self._pair = np.zeros((n, mecs, mecs), dtype=np.complex128)
        # cost of hosting a space on a MEC that does not host it: at first, and with the hosts there are
        self._first_open = np.zeros((n, spaces, mecs), dtype=np.complex128)
        self._open = np.zeros((n, spaces, mecs), dtype=np.complex128)
        self.cache_gb = np.zeros((n, mecs))
        self.max_tasks = np.zeros((n, mecs), dtype=np.int64)
        self.placement = np.full((n, requests), UNPLACED)
        self.hosted = np.zeros((n, spaces, mecs), dtype=np.int64)
        self.cache_left = np.zeros((n, mecs))
        self.tasks_left = np.zeros((n, mecs), dtype=np.int64)
        self.cost = np.zeros(n, dtype=np.complex128)
        for row, instance in enumerate(instances):
            self.load(row, instance)

    def load(self, row: int, instance: Instance, opening: ComplexArray | None = None) -> None:
        """Put an empty placement of ``instance`` into a row (grows the arrays if it is larger).

        Args:
            row: which.
            instance: the problem.
            opening: further cost of hosting space v on MEC m [V, M], latency_ms + 1j * energy_j
                (e.g. the space's migration).
        """
        self._grow(instance.num_requests, instance.num_spaces)
        t, r, v = tables(instance), instance.num_requests, instance.num_spaces
        np.add(t.request, t.access_request[:, None], out=self._linear[row, :r])
        self._space[row, :r] = instance.requests.space
        self._space_cache[row, :v] = instance.spaces.cache_gb
        np.multiply(t.sync, 2, out=self._pair[row])
        np.add(t.maintenance[:, None], np.diag(t.sync), out=self._first_open[row, :v])
        if opening is not None:
            self._first_open[row, :v] += opening
        self.cache_gb[row], self.max_tasks[row] = instance.mecs.cache_gb, instance.mecs.max_tasks
        self.clear(row)

    def clear(self, row: int) -> None:
        """Forget every decision of a row."""
        self.placement[row] = UNPLACED
        self.hosted[row] = 0
        self._open[row] = self._first_open[row]
        self.cost[row] = 0
        self.cache_left[row], self.tasks_left[row] = self.cache_gb[row], self.max_tasks[row]

    def _grow(self, requests: int, spaces: int) -> None:
        if requests > self._space.shape[1]:
            for name, fill in (("_linear", 0), ("_space", 0), ("placement", UNPLACED)):
                setattr(self, name, _pad(getattr(self, name), requests, fill))
        if spaces > self._space_cache.shape[1]:
            for name in ("_space_cache", "hosted", "_first_open", "_open"):
                setattr(self, name, _pad(getattr(self, name), spaces))

    def _flat(self, rows: IntArray, requests: IntArray) -> tuple[IntArray, IntArray]:
        """Return the running numbers of requests in [N * R_max] and of their spaces in [N * V_max]."""
        request = rows * self._space.shape[1] + requests
        space = rows * self._space_cache.shape[1] + self._space.ravel().take(request)
        return request, space

    def candidates(self, rows: IntArray, requests: IntArray) -> Candidates:
        """Return cost, hosting and room of each MEC for one request a row, in one pass."""
        request, space = self._flat(rows, requests)
        mecs = self.num_mecs
        hosting = self.hosted.reshape(-1, mecs).take(space, axis=0) > 0
        added = self._open.reshape(-1, mecs).take(space, axis=0)
        added[hosting] = 0
        added += self._linear.reshape(-1, mecs).take(request, axis=0)
        needed = self._space_cache.ravel().take(space)[:, None] - CACHE_TOLERANCE_GB
        room = self.cache_left.take(rows, axis=0) >= needed
        room |= hosting
        room &= self.tasks_left.take(rows, axis=0) > 0
        return Candidates(added, hosting, room)

    def added_cost(self, rows: IntArray, requests: IntArray) -> ComplexArray:
        """Return the cost of placing one request a row on each MEC [len(rows), M].

        Latency_ms + 1j * energy_j: compute, cross and access cost of the request, and where its space
        is not yet hosted, maintenance and synchronisation with all its hosts.
        """
        return self.candidates(rows, requests).added

    def hosting(self, rows: IntArray, requests: IntArray) -> BoolArray:
        """Whether each MEC hosts the request's space already [len(rows), M]."""
        return self.candidates(rows, requests).hosting

    def room(self, rows: IntArray, requests: IntArray) -> BoolArray:
        """Whether each MEC can take the request within cache_gb and max_tasks [len(rows), M]."""
        return self.candidates(rows, requests).room

    def violation(self, rows: IntArray) -> FloatArray:
        """Return GB over cache plus requests over max_tasks [len(rows)], as `Costs.violation`."""
        over = np.maximum(-self.cache_left[rows], 0.0)
        over[over <= CACHE_TOLERANCE_GB] = 0.0
        total: FloatArray = over.sum(axis=1) + np.maximum(-self.tasks_left[rows], 0).sum(axis=1)
        return total

    def place(
        self, rows: IntArray, requests: IntArray, mecs: IntArray, added: ComplexArray | None = None
    ) -> ComplexArray:
        """Place one request a row; return what it added to the cost [len(rows)].

        Args:
            rows: the rows, each once.
            requests: the request of each [len(rows)].
            mecs: where it goes [len(rows)].
            added: `Candidates.added` of the same requests, if at hand.
        """
        if added is None:
            added = self.added_cost(rows, requests)
        paid: ComplexArray = added.ravel().take(np.arange(len(rows)) * self.num_mecs + mecs)
        request, space = self._flat(rows, requests)
        count, host = self.hosted.reshape(-1), space * self.num_mecs + mecs
        opens = np.flatnonzero(count.take(host) == 0)
        if len(opens):
            self._switch_host(rows[opens], space[opens], mecs[opens], 1.0)
        count[host] += 1
        self.tasks_left.reshape(-1)[rows * self.num_mecs + mecs] -= 1
        self.placement.reshape(-1)[request] = mecs
        self.cost[rows] += paid
        return paid

    def remove(self, rows: IntArray, requests: IntArray) -> ComplexArray:
        """Take one placed request a row out again; return the (negative) change of the cost."""
        mecs, (_, space) = self.placement[rows, requests], self._flat(rows, requests)
        count, host = self.hosted.reshape(-1), space * self.num_mecs + mecs
        count[host] -= 1
        closes = np.flatnonzero(count.take(host) == 0)
        self._switch_host(rows[closes], space[closes], mecs[closes], -1.0)
        self.tasks_left[rows, mecs] += 1
        self.placement[rows, requests] = UNPLACED
        change: ComplexArray = -self.added_cost(rows, requests)[np.arange(len(rows)), mecs]
        self.cost[rows] += change
        return change

    def move_delta(self, rows: IntArray, requests: IntArray) -> ComplexArray:
        """Return the change of the cost if one placed request a row moved to each MEC [len(rows), M].

        The entry of the MEC that serves it now is 0.
        """
        mecs, space = self.placement[rows, requests], self._space[rows, requests]
        order = np.arange(len(rows))
        alone = self.hosted[rows, space, mecs] == 1
        # a sole request takes its host with it: the others then no longer synchronise with that host
        opening = self._open[rows, space] - np.where(alone[:, None], self._pair[rows, mecs], 0)
        new = self.hosted[rows, space] == 0
        new[order, mecs] |= alone
        cost = self._linear[rows, requests] + np.where(new, opening, 0)
        delta: ComplexArray = cost - cost[order, mecs][:, None]
        return delta

    def _switch_host(self, rows: IntArray, space: IntArray, mecs: IntArray, sign: float) -> None:
        """Open (+1) or close (-1) hosts; ``space`` holds running numbers in [N * V_max]."""
        flat = rows * self.num_mecs + mecs
        change = self._pair.reshape(-1, self.num_mecs).take(flat, axis=0)
        opening = self._open.reshape(-1, self.num_mecs)
        # negated rather than multiplied: exact, whatever the width of the machine's vectors
        opening[space] += change if sign > 0 else -change
        self.cache_left.reshape(-1)[flat] -= sign * self._space_cache.ravel().take(space)


def place_all(instance: Instance, placement: npt.ArrayLike) -> PlacementState:
    """Return the one-row state of a whole placement [R]."""
    state = PlacementState([instance])
    row = np.zeros(1, dtype=np.int64)
    for request, mec in enumerate(np.asarray(placement, dtype=np.int64)):
        state.place(row, np.array([request]), np.array([mec]))
    return state


def _pad(array: npt.NDArray[np.generic], size: int, fill: int = 0) -> npt.NDArray[np.generic]:
    """Return the array with ``size`` entries on its second axis."""
    width = [(0, 0), (0, size - array.shape[1])] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, width, constant_values=fill)
