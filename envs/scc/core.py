"""N placement episodes side by side: the one implementation behind the single and the vector environment.

Every operation is elementwise along the rows, so a row's numbers do not depend on how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.observation import (
    MAX_ADDED,
    REQUEST_FEATURES,
    Observation,
    request_features,
    share,
)
from semverse.envs.scc.reward import scale
from semverse.envs.scc.state import Candidates, PlacementState
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray, Instance, IntArray


@dataclass(frozen=True, eq=False)
class Placed:
    """What one step did in each row."""

    mecs: IntArray  # [N] where the request went
    reward: FloatArray  # [N] preference @ vector
    vector: FloatArray  # [N, 2] minus the normalised increments of latency and energy
    repaired: BoolArray  # [N] the action was illegal and replaced
    dead_end: BoolArray  # [N] no MEC had room; the request went over capacity
    done: BoolArray  # [N] that was the last request


class PlacementCore:
    """N episodes in which one request a step is placed.

    Args:
        instances: the first instance of each row; all have the same number of MECs.
        infeasible_penalty: what one unit of added violation (GB over cache, requests over max_tasks)
            costs, on the scale of the reward.
    """

    def __init__(self, instances: list[Instance], infeasible_penalty: float) -> None:
        count, mecs = len(instances), instances[0].num_mecs
        self.state = PlacementState(instances)
        self.instances = list(instances)
        self.infeasible_penalty = infeasible_penalty
        self.preference = np.full((count, 2), 0.5)
        self.cursor = np.zeros(count, dtype=np.int64)
        self.length = np.zeros(count, dtype=np.int64)
        self._rows = np.arange(count)
        self._shape = (count, mecs)
        self._order = np.zeros((count, 1), dtype=np.int64)
        self._requests = np.zeros((count, 1, len(REQUEST_FEATURES)), dtype=np.float32)
        self._scale = np.ones((count, 2))
        self._per_added = np.ones((count, 1, 2))  # turns added costs into features
        self._per_cache = np.zeros((count, mecs))
        self._per_task = np.zeros((count, mecs))
        self._candidates: Candidates
        self.mask: BoolArray = np.ones((count, mecs), dtype=np.bool_)  # [N, M] legal actions

    def begin(
        self,
        row: int,
        instance: Instance,
        preference: FloatArray,
        order: IntArray,
        opening: ComplexArray | None = None,
    ) -> None:
        """Start an episode in a row; `look` or `refresh` must follow before the next step.

        Args:
            row: which.
            instance: the problem.
            preference: [2], sums to 1.
            order: the requests in the order they are placed [R].
            opening: further cost of first hosting space v on MEC m [V, M] (see `PlacementState.load`).
        """
        requests = len(order)
        if requests > self._order.shape[1]:
            missing = ((0, 0), (0, requests - self._order.shape[1]))
            self._order = np.pad(self._order, missing)
            self._requests = np.pad(self._requests, (*missing, (0, 0)))
        self.instances[row] = instance
        self.state.load(row, instance, opening)
        self.preference[row] = preference
        self.cursor[row], self.length[row] = 0, requests
        self._order[row, :requests] = order
        self._requests[row, :requests] = request_features(instance)[order]
        self._scale[row] = scale(instance)
        self._per_added[row] = requests / self._scale[row]
        self._per_cache[row] = share(np.ones(self._shape[1]), instance.mecs.cache_gb)
        self._per_task[row] = share(np.ones(self._shape[1]), instance.mecs.max_tasks)

    @property
    def request(self) -> IntArray:
        """The request at hand [N]; the first one again where an episode is over."""
        step = self._rows * self._order.shape[1] + np.where(self.cursor < self.length, self.cursor, 0)
        return self._order.ravel().take(step)

    def look(self) -> Observation:
        """Look at the requests at hand: set the mask, return a fresh observation of all rows."""
        self.refresh()
        return self._describe(self._rows, self.cursor, slice(None), self._candidates)

    def refresh(self) -> None:
        """Look at the requests at hand without describing them."""
        self._candidates, self.mask = self._find(self._rows, self.cursor, slice(None))

    def look_ahead(self, row: int, positions: IntArray) -> tuple[BoolArray, Observation]:
        """Look at other requests of a row as things stand, by their positions in its order [K].

        Returns:
            Their masks [K, M] and observations [K, ...]; a position past the end shows no request.
        """
        rows = np.full(len(positions), row)
        found, mask = self._find(rows, positions, rows)
        return mask, self._describe(rows, positions, rows, found)

    def _find(
        self, rows: IntArray, positions: IntArray, at: IntArray | slice
    ) -> tuple[Candidates, BoolArray]:
        """Return candidates and masks of one request a row; ``at`` selects the rows."""
        over = positions >= self.length[at]
        step = rows * self._order.shape[1] + np.where(over, 0, positions)
        found = self.state.candidates(rows, self._order.ravel().take(step))
        dead = ~found.room.any(axis=1)
        # in a dead end, and when all is done, every choice is allowed
        return found, found.room | (dead | over)[:, None]

    def _describe(
        self, rows: IntArray, positions: IntArray, at: IntArray | slice, found: Candidates
    ) -> Observation:
        """Return fresh observations of one request a row."""
        over = positions >= self.length[at]
        step = rows * self._order.shape[1] + np.where(over, 0, positions)
        added = found.added.view(np.float64).reshape(len(rows), -1, 2) * self._per_added[at]
        observation = {
            "added_latency": np.minimum(added[..., 0], MAX_ADDED).astype(np.float32),
            "added_energy": np.minimum(added[..., 1], MAX_ADDED).astype(np.float32),
            "cache_room": _room(self.state.cache_left[at], self._per_cache[at]),
            "task_room": _room(self.state.tasks_left[at], self._per_task[at]),
            "hosting": found.hosting.astype(np.float32),
            "request": self._requests.reshape(-1, len(REQUEST_FEATURES)).take(step, axis=0),
            "preference": self.preference[at].astype(np.float32),
            "progress": (self.cursor[at] / self.length[at]).astype(np.float32)[:, None],
        }
        if over.any():  # no request is at hand any more
            for name in ("added_latency", "added_energy", "hosting", "request"):
                observation[name][over] = 0.0
        return observation

    def place(self, actions: npt.ArrayLike) -> Placed:
        """Place the request at hand of each row on the MEC chosen [N]; `look` or `refresh` must follow.

        Rows whose episode is over compute something harmless; begin them anew before looking.

        Raises:
            InputError: an action that is no MEC at all.
        """
        rows, found = self._rows, self._candidates
        mecs = self.check_actions(actions)
        repaired = ~self.mask.ravel().take(rows * self._shape[1] + mecs)
        for row in np.flatnonzero(repaired).tolist():
            mecs[row] = self.cheapest(row)
        dead_end = ~found.room.ravel().take(rows * self._shape[1] + mecs)
        dead_rows = np.flatnonzero(dead_end)
        before = self.state.violation(dead_rows) if len(dead_rows) else None
        paid = self.state.place(rows, self.request, mecs, found.added)
        vector = paid.view(np.float64).reshape(-1, 2) / -self._scale
        if before is not None:
            added = self.state.violation(dead_rows) - before
            vector[dead_rows] -= self.infeasible_penalty * added[:, None]
        reward = self.preference[:, 0] * vector[:, 0] + self.preference[:, 1] * vector[:, 1]
        self.cursor = np.minimum(self.cursor + 1, self.length)
        return Placed(mecs, reward, vector, repaired, dead_end, self.cursor >= self.length)

    def check_actions(self, actions: npt.ArrayLike) -> IntArray:
        """Return one action a row as fresh MEC indices [N].

        Raises:
            InputError: an action that is no MEC at all.
        """
        given = np.asarray(actions)
        # a boolean or a fraction would become a MEC by conversion
        whole = given.dtype.kind in "iu" and given.shape == self._rows.shape
        if not whole or bool(((given < 0) | (given >= self._shape[1])).any()):
            raise InputError(
                f"{actions!r:.80} is no MEC", key="action", remedy=f"give 0 to {self._shape[1] - 1}"
            )
        return given.astype(np.int64)

    def cheapest(self, row: int) -> int:
        """Return the legal MEC with the smallest preference-weighted increment."""
        added = self._candidates.added[row]
        weight = self.preference[row] / self._scale[row]
        cost = weight[0] * added.real + weight[1] * added.imag
        return int(np.where(self.mask[row], cost, np.inf).argmin())

    def normalised_cost(self, rows: IntArray) -> FloatArray:
        """Return latency and energy of what is placed so far over the reference point [len(rows), 2]."""
        cost: FloatArray = self.state.cost[rows].view(np.float64).reshape(-1, 2) / self._scale[rows]
        return cost

    def placement(self, row: int) -> IntArray:
        """Return a copy of a row's placement [R]."""
        return self.state.placement[row, : self.instances[row].num_requests].copy()

    def result(self, row: int) -> dict[str, Any]:
        """Return what the info of a finished episode holds."""
        return self.report(row, self.placement(row))

    def report(self, row: int, placement: IntArray) -> dict[str, Any]:
        """Return what the info says of a whole placement [R], computed by the model."""
        costs = evaluate(self.instances[row], placement[None])
        return {
            # a list: vector environments cannot stack arrays whose lengths differ
            "placement": placement.tolist(),
            "latency_ms": float(costs.latency_ms[0]),
            "energy_j": float(costs.energy_j[0]),
            "feasible": bool(costs.feasible[0]),
            "violation": float(costs.violation[0]),
        }


def _room(left: npt.NDArray[Any], per_unit: FloatArray) -> npt.NDArray[np.float32]:
    """Return the share that is left [N, M]; nothing is left where a capacity is exceeded."""
    room: npt.NDArray[np.float32] = np.maximum(left * per_unit, 0.0).astype(np.float32)
    return room
