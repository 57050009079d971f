"""Partial placements of N instances side by side, with the exact cost of the next decision.

The incremental counterpart of `semverse.envs.scc.model.evaluate`: placing every request and summing
what `added_cost` said gives the same totals. One request moved costs O(M) instead of O(R).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from semverse.envs.scc.model import CACHE_TOLERANCE_GB, tables
from semverse.envs.scc.types import BoolArray, ComplexArray, Instance, IntArray

UNPLACED = -1


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
        self._maintenance = np.zeros((n, spaces), dtype=np.complex128)
        self._space_cache = np.zeros((n, spaces))
        self._pair = np.zeros((n, mecs, mecs), dtype=np.complex128)
        self._diagonal = np.zeros((n, mecs), dtype=np.complex128)
        self.cache_gb = np.zeros((n, mecs))
        self.max_tasks = np.zeros((n, mecs), dtype=np.int64)
        self.placement = np.full((n, requests), UNPLACED)
        self.hosted = np.zeros((n, spaces, mecs), dtype=np.int64)
        self.cache_left = np.zeros((n, mecs))
        self.tasks_left = np.zeros((n, mecs), dtype=np.int64)
        self.cost = np.zeros(n, dtype=np.complex128)
        self._sync = np.zeros((n, spaces, mecs), dtype=np.complex128)
        for row, instance in enumerate(instances):
            self.load(row, instance)

    def load(self, row: int, instance: Instance) -> None:
        """Put an empty placement of ``instance`` into a row (grows the arrays if it is larger)."""
        self._grow(instance.num_requests, instance.num_spaces)
        t, r, v = tables(instance), instance.num_requests, instance.num_spaces
        self._linear[row, :r] = t.request + t.access_request[:, None]
        self._space[row, :r] = instance.requests.space
        self._maintenance[row, :v] = t.maintenance
        self._space_cache[row, :v] = instance.spaces.cache_gb
        self._pair[row] = 2 * t.sync
        self._diagonal[row] = np.diag(t.sync)
        self.cache_gb[row], self.max_tasks[row] = instance.mecs.cache_gb, instance.mecs.max_tasks
        self.clear(row)

    def clear(self, row: int) -> None:
        """Forget every decision of a row."""
        self.placement[row] = UNPLACED
        self.hosted[row] = 0
        self._sync[row] = 0
        self.cost[row] = 0
        self.cache_left[row], self.tasks_left[row] = self.cache_gb[row], self.max_tasks[row]

    def _grow(self, requests: int, spaces: int) -> None:
        for name in ("_linear", "_space", "placement"):
            setattr(self, name, _pad(getattr(self, name), requests))
        for name in ("_maintenance", "_space_cache", "hosted", "_sync"):
            setattr(self, name, _pad(getattr(self, name), spaces))

    def added_cost(self, rows: IntArray, requests: IntArray) -> ComplexArray:
        """Return the cost of placing one request a row on each MEC [len(rows), M].

        Latency_ms + 1j * energy_j: compute, cross and access cost of the request, and where its space
        is not yet hosted, maintenance and synchronisation with all its hosts.
        """
        space = self._space[rows, requests]
        new = self.hosted[rows, space] == 0
        opening = self._maintenance[rows, space][:, None] + self._diagonal[rows] + self._sync[rows, space]
        return self._linear[rows, requests] + np.where(new, opening, 0)

    def hosting(self, rows: IntArray, requests: IntArray) -> BoolArray:
        """Whether each MEC hosts the request's space already [len(rows), M]."""
        return self.hosted[rows, self._space[rows, requests]] > 0

    def room(self, rows: IntArray, requests: IntArray) -> BoolArray:
        """Whether each MEC can take the request within cache_gb and max_tasks [len(rows), M]."""
        space = self._space[rows, requests]
        fits = self.cache_left[rows] >= self._space_cache[rows, space][:, None] - CACHE_TOLERANCE_GB
        return (self.tasks_left[rows] > 0) & (fits | (self.hosted[rows, space] > 0))

    def place(self, rows: IntArray, requests: IntArray, mecs: IntArray) -> ComplexArray:
        """Place one request a row; return what it added to the cost [len(rows)]."""
        added = self.added_cost(rows, requests)[np.arange(len(rows)), mecs]
        space = self._space[rows, requests]
        opens = self.hosted[rows, space, mecs] == 0
        self._switch_host(rows[opens], space[opens], mecs[opens], 1.0)
        self.hosted[rows, space, mecs] += 1
        self.tasks_left[rows, mecs] -= 1
        self.placement[rows, requests] = mecs
        self.cost[rows] += added
        return added

    def remove(self, rows: IntArray, requests: IntArray) -> ComplexArray:
        """Take one placed request a row out again; return the (negative) change of the cost."""
        mecs, space = self.placement[rows, requests], self._space[rows, requests]
        self.hosted[rows, space, mecs] -= 1
        closes = self.hosted[rows, space, mecs] == 0
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
        sync = self._sync[rows, space] - np.where(alone[:, None], self._pair[rows, mecs], 0)
        new = self.hosted[rows, space] == 0
        new[order, mecs] |= alone
        opening = self._maintenance[rows, space][:, None] + self._diagonal[rows] + sync
        cost = self._linear[rows, requests] + np.where(new, opening, 0)
        delta: ComplexArray = cost - cost[order, mecs][:, None]
        return delta

    def _switch_host(self, rows: IntArray, space: IntArray, mecs: IntArray, sign: float) -> None:
        self._sync[rows, space] += sign * self._pair[rows, mecs]
        self.cache_left[rows, mecs] -= sign * self._space_cache[rows, space]


def place_all(instance: Instance, placement: npt.ArrayLike) -> PlacementState:
    """Return the one-row state of a whole placement [R]."""
    state = PlacementState([instance])
    row = np.zeros(1, dtype=np.int64)
    for request, mec in enumerate(np.asarray(placement, dtype=np.int64)):
        state.place(row, np.array([request]), np.array([mec]))
    return state


def _pad(array: npt.NDArray[np.generic], size: int) -> npt.NDArray[np.generic]:
    """Return the array with at least ``size`` entries on its second axis."""
    missing = size - array.shape[1]
    if missing <= 0:
        return array
    width = [(0, 0), (0, missing)] + [(0, 0)] * (array.ndim - 2)
    fill = UNPLACED if array.dtype == np.int64 and array.ndim == 2 else 0
    return np.pad(array, width, constant_values=fill)
