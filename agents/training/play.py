"""One episode of one agent in a single environment: what it earned, and how long each decision took."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.agents.base import Agent

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Played:
    """A finished episode."""

    total: float  # undiscounted return
    steps: int
    means: dict[str, float]  # numbers in the infos by name: the mean over the steps that tell them
    sums: dict[str, float]  # their sums
    decision_s: list[float]  # time of each decision
    last: dict[str, float]  # numbers in the last info
    slots: list[int]  # time slot of each decision; 0 where the infos tell none

    @property
    def slot_s(self) -> FloatArray:
        """Time of all decisions of each slot."""
        _, slot = np.unique(self.slots, return_inverse=True)
        return np.asarray(np.bincount(slot, weights=self.decision_s), dtype=np.float64)


def play_episode(
    agent: Agent,
    env: gymnasium.Env[Any, Any],
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Played:
    """Play one episode with deterministic actions.

    Args:
        agent: who plays.
        env: where; it is reset.
        seed: of the reset.
        clock: tells the time in seconds.
    """
    observation, _ = env.reset(seed=seed)
    agent.begin(env)
    total, decisions, slots, told, over = 0.0, list[float](), list[int](), dict[str, list[float]](), False
    while not over:
        started = clock()
        action = agent.act(observation)
        decisions.append(clock() - started)
        observation, reward, terminated, truncated, info = env.step(action)
        total += float(reward)
        over = terminated or truncated
        numbers = _numbers(info)
        slots.append(int(numbers.get("slot", 0)))
        for name, value in numbers.items():
            told.setdefault(name, []).append(value)
    return Played(
        total=total,
        steps=len(decisions),
        means={name: float(np.mean(values)) for name, values in told.items()},
        sums={name: float(np.sum(values)) for name, values in told.items()},
        decision_s=decisions,
        last=numbers,
        slots=slots,
    )


def _numbers(info: Mapping[str, Any]) -> dict[str, float]:
    """Return what is one finite number, yes or no included."""
    found = {}
    for name, value in info.items():
        if isinstance(value, bool | int | float | np.bool_ | np.number) and np.isfinite(value):
            found[name] = float(value)
    return found
