"""How fast the bandwidth model and its native batch are, beside Gymnasium's own CartPole batch.

Rates are per second of processor time, so that other programs on the machine do not show.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

from semverse.envs.isgc.config import load_profile
from semverse.envs.isgc.generator import sample_states
from semverse.envs.isgc.model import optimum

BATCH = 10_000  # states a call of the optimum


def rate(call: Callable[[], object], count: int, seconds: float) -> float:
    """Return things a second of a call that does so many."""
    call()
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        call()
        done += count
    return done / (time.process_time() - started)


def optimum_rate(profile: str, seconds: float) -> float:
    """Return states a second that `optimum` solves."""
    config = load_profile(profile)
    states = sample_states(np.random.default_rng(0), BATCH, config)
    return rate(lambda: optimum(states, config), BATCH, seconds)


def batch_rate(num_envs: int, seconds: float, **options: Any) -> float:
    """Return steps a second of the native batch of ISGC-v0, counted as Gymnasium does: restarts included."""
    env = gymnasium.make_vec(
        "semverse/ISGC-v0", num_envs=num_envs, vectorization_mode="vector_entry_point", **options
    )
    env.reset(seed=0)
    actions = np.random.default_rng(0).uniform(-1, 1, (num_envs, 3)).astype(np.float32)
    return rate(lambda: env.step(actions), num_envs, seconds)


def cartpole_rate(num_envs: int, seconds: float) -> float:
    """Return steps a second of Gymnasium's own CartPole batch, for comparison on the same machine."""
    env = gymnasium.make_vec("CartPole-v1", num_envs=num_envs, vectorization_mode="vector_entry_point")
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(2, size=num_envs)
    return rate(lambda: env.step(actions), num_envs, seconds)
