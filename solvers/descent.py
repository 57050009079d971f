"""Space-wise descent: one space at a time gets the best host set next to its present one."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pydantic

from semverse.envs.config import Config
from semverse.envs.scc.model import CACHE_TOLERANCE_GB, tables
from semverse.envs.scc.order import heaviest_first
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Clock, Front
from semverse.solvers.construct import best_of, construct, ruin, space_by_space
from semverse.solvers.layout import Layout
from semverse.solvers.neighbourhood import SpaceCosts, assign, neighbours

_PROGRESS = 1e-9  # relative improvement below which a change is rounding


class SpaceDescent:
    """Improves N feasible placements of one instance at once, each for its own weighted sum.

    Args:
        instance: the problem.
        weights: weights on latency_ms and energy_j [N, 2].
        candidates: host sets tried a space and step.
    """

    def __init__(self, instance: Instance, weights: FloatArray, candidates: int = 6) -> None:
        self._instance = instance
        self._layout = Layout.of(instance)
        self._candidates = candidates
        t = tables(instance)
        self._weights = weights
        w0, w1 = weights[:, 0, None, None], weights[:, 1, None, None]
        sync = w0 * t.sync.real + w1 * t.sync.imag  # [N, M, M]
        self._own_sync = np.einsum("nmm->nm", sync).copy()
        self._pair = 2 * sync
        self._pair[:, np.arange(instance.num_mecs), np.arange(instance.num_mecs)] = 0.0

    def run(self, placements: IntArray, clock: Clock, max_passes: int = 50) -> IntArray:
        """Descend from feasible placements [N, R] until no space improves, or the clock runs out."""
        current = placements.copy()
        spaces = np.flatnonzero(self._layout.count)
        last = np.full(len(current), -1)  # step at which a row improved last
        for step in range(max_passes * len(spaces)):
            # a row is done when every space was looked at since
            active = np.flatnonzero(step - last <= len(spaces))
            if not len(active) or clock.expired:
                break
            improved = self._improve(current, active, int(spaces[step % len(spaces)]))
            last[active[improved]] = step
        return current

    def _costs(self, rows: IntArray, space: int) -> SpaceCosts:
        t = tables(self._instance)
        request = t.request[self._layout.of_space(space)]  # [k, M]
        w0, w1 = self._weights[rows, 0], self._weights[rows, 1]
        serve = w0[:, None, None] * request.real + w1[:, None, None] * request.imag
        maintenance = w0 * t.maintenance[space].real + w1 * t.maintenance[space].imag
        return SpaceCosts(serve, self._own_sync[rows] + maintenance[:, None], self._pair[rows])

    def _improve(self, current: IntArray, rows: IntArray, space: int) -> BoolArray:
        """Improve one space of some rows in place; return which rows improved."""
        requests = self._layout.of_space(space)
        placed = current[rows][:, requests]  # [n, k]
        hosts, room, allowed = self._room(current[rows], placed, space)
        costs = self._costs(rows, space)
        served = np.take_along_axis(costs.serve, placed[:, :, None], axis=2)[:, :, 0]
        before = costs.hosting(hosts) + served.sum(axis=1)
        count = min(self._candidates, self._instance.num_mecs)
        sets = neighbours(costs, hosts, allowed, count)
        chosen, cost = assign(costs, sets, room, below=before)
        better: BoolArray = cost < before - _PROGRESS * np.abs(before)
        current[np.ix_(rows[better], requests)] = chosen[better]
        return better

    def _room(
        self, placements: IntArray, placed: IntArray, space: int
    ) -> tuple[BoolArray, IntArray, BoolArray]:
        """Return hosts of the space, task room without it, and MECs that may host it, each [n, M]."""
        n, mecs = len(placements), self._instance.num_mecs
        offset = np.arange(n)[:, None] * mecs
        tasks = np.bincount((placements + offset).ravel(), minlength=n * mecs).reshape(n, mecs)
        own = np.bincount((placed + offset).ravel(), minlength=n * mecs).reshape(n, mecs)
        room = self._instance.mecs.max_tasks - tasks + own
        spaces = self._instance.num_spaces
        cell = (offset + placements) * spaces + self._instance.requests.space
        hosted = np.zeros(n * mecs * spaces, dtype=np.bool_)
        hosted[cell.ravel()] = True
        hosted[((offset + placed) * spaces + space).ravel()] = False
        used = hosted.reshape(n, mecs, spaces) @ self._instance.spaces.cache_gb
        left = self._instance.mecs.cache_gb - used
        fits = left >= self._instance.spaces.cache_gb[space] - CACHE_TOLERANCE_GB
        return own > 0, room, fits & (room > 0)


class DescentConfig(Config):
    """Configuration of `DescentSolver`."""

    candidates: Annotated[int, pydantic.Field(ge=1, le=100, strict=True)]  # host sets tried a space and step
    rounds: Annotated[
        int, pydantic.Field(ge=0, le=1_000_000, strict=True)
    ]  # restarts after the first descent
    ruined_spaces: Annotated[int, pydantic.Field(ge=1, le=1000, strict=True)]  # spaces placed anew a restart


class DescentSolver:
    """Greedy starts and space-wise descent; then ruin a few spaces, rebuild, descend again."""

    Config = DescentConfig

    def __init__(self, config: DescentConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Descend for all preferences at once, with restarts until the budget or the rounds are used."""
        clock = budget.start()
        archive = Archive(instance, clock)
        weights = raw_weights(instance, preferences)
        descent = SpaceDescent(instance, weights, self.config.candidates)
        best = np.zeros((len(weights), 0), dtype=np.int64)
        for sequence in (space_by_space(instance), heaviest_first(instance)):
            start = construct(instance, weights, order=sequence)
            archive.add(start)
            found = descent.run(start, clock)
            archive.add(found)
            best = best_of(instance, weights, found if not best.size else np.concatenate([best, found]))
            if clock.expired:
                return archive.front()
        for _ in range(self.config.rounds):
            found = descent.run(ruin(instance, weights, best, self.config.ruined_spaces, rng), clock)
            archive.add(found)
            best = best_of(instance, weights, np.concatenate([best, found]))
            if clock.expired:
                break
        return archive.front()
