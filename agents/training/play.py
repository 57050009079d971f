"""One episode of one agent in a single environment: what it earned, and how long each decision took."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from semverse.agents.base import Agent


@dataclass(frozen=True)
class Played:
    """A finished episode."""

    total: float  # undiscounted return
    steps: int
    means: dict[str, float]  # numbers in the infos by name: the mean over the steps that tell them
    sums: dict[str, float]  # their sums
    decision_s: list[float]  # time of each decision


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
    total, decisions, told, over = 0.0, list[float](), dict[str, list[float]](), False
    while not over:
        started = clock()
        action = agent.act(observation)
        decisions.append(clock() - started)
        observation, reward, terminated, truncated, info = env.step(action)
        total += float(reward)
        over = terminated or truncated
        for name, value in _numbers(info).items():
            told.setdefault(name, []).append(value)
    return Played(
        total=total,
        steps=len(decisions),
        means={name: float(np.mean(values)) for name, values in told.items()},
        sums={name: float(np.sum(values)) for name, values in told.items()},
        decision_s=decisions,
    )


def _numbers(info: Mapping[str, Any]) -> dict[str, float]:
    """Return what is one finite number, yes or no included."""
    found = {}
    for name, value in info.items():
        if isinstance(value, bool | int | float | np.bool_ | np.number) and np.isfinite(value):
            found[name] = float(value)
    return found
