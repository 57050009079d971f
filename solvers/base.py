"""What every solver takes and returns: budgets, fronts, bounds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.types import Costs, FloatArray, Instance, IntArray


@dataclass(frozen=True)
class Budget:
    """Limits of one solve; whichever is reached first ends it. None means no limit.

    A solver checks its budget between steps and returns the best it has: budgets are soft by one step.
    Seconds are those of the wall clock or, where other programs share the machine, of the processor, summed
    over all threads of this process.
    """

    seconds: float | None = None
    evaluations: int | None = None
    processor: bool = False  # what seconds are counted of

    def __post_init__(self) -> None:
        for key, value in (("seconds", self.seconds), ("evaluations", self.evaluations)):
            if value is not None and not value > 0:
                raise InputError(f"is {value}", key=f"budget.{key}", remedy="give a number > 0")

    def start(self) -> Clock:
        """Start counting."""
        return Clock(self)


@dataclass
class Clock:
    """A running budget."""

    budget: Budget
    started: float = field(init=False)
    evaluations: int = 0

    def __post_init__(self) -> None:
        self.started = self._now()

    def _now(self) -> float:
        return time.process_time() if self.budget.processor else time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._now() - self.started

    @property
    def left(self) -> float:
        """Seconds left (infinite without a limit)."""
        return np.inf if self.budget.seconds is None else self.budget.seconds - self.elapsed

    def share(self, part: float) -> Clock:
        """Start another budget, a part of what is left of this one in seconds."""
        seconds = max(part * self.left, 1e-3) if np.isfinite(self.left) else None
        return Budget(seconds=seconds, processor=self.budget.processor).start()

    @property
    def expired(self) -> bool:
        """Whether a limit is reached."""
        limit = self.budget.evaluations
        return self.left <= 0 or (limit is not None and self.evaluations >= limit)


@dataclass(frozen=True)
class Bound:
    """A certificate: every feasible placement has weights @ [latency_ms, energy_j] >= value."""

    weights: tuple[float, float]  # on latency_ms and energy_j, >= 0, sum to 1
    value: float
    complete: bool = True  # False where the search behind it was broken off: valid, but it could be higher


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The front as it stood some seconds into a solve."""

    seconds: float
    objectives: FloatArray  # [K, 2] latency_ms, energy_j


@dataclass(frozen=True, eq=False)
class Front:
    """Feasible, mutually non-dominated placements, in order of rising latency."""

    placements: IntArray  # [K, R]
    costs: Costs  # [K]
    seconds: float = 0.0
    bounds: tuple[Bound, ...] = ()  # empty where the solver proves none
    history: tuple[Snapshot, ...] = ()

    @property
    def objectives(self) -> FloatArray:
        """latency_ms and energy_j [K, 2]."""
        return self.costs.objectives

    def __len__(self) -> int:
        return len(self.placements)


class Solver(Protocol):
    """One solver; hyper-parameters go into its constructor."""

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Search for a front.

        Args:
            instance: the problem.
            preferences: weights on normalised [latency, energy], [P, 2], to aim at.
            budget: when to stop.
            rng: source of all randomness.

        Returns:
            A front of feasible placements (empty if none was found).
        """


def preference_grid(count: int) -> FloatArray:
    """Return ``count`` evenly spread preferences [count, 2], from pure latency to pure energy.

    Raises:
        InputError: count < 1.
    """
    if count < 1:
        raise InputError(f"is {count}", key="preferences", remedy="give at least 1")
    weight = np.linspace(1.0, 0.0, count) if count > 1 else np.array([0.5])
    return np.stack([weight, 1.0 - weight], axis=1)


def spread_order(count: int) -> Iterator[int]:
    """Yield 0 .. count - 1: both ends first, then always the middle of the widest gap."""
    gaps = [(0, count - 1)]
    yield from dict.fromkeys((0, count - 1))
    while gaps:
        left, right = gaps.pop(0)
        middle = (left + right) // 2
        if left < middle < right:
            yield middle
            gaps += [(left, middle), (middle, right)]
