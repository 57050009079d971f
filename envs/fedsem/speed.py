"""How fast the native batch of the stand-in environment is, per second of processor time."""

from __future__ import annotations

import gymnasium

from semverse.envs.isgc.speed import rate


def batch_rate(num_envs: int, seconds: float) -> float:
    """Return steps a second of the native batch of FedSemFast-v0, restarts included."""
    env = gymnasium.make_vec(
        "semverse/FedSemFast-v0", num_envs=num_envs, vectorization_mode="vector_entry_point"
    )
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = env.action_space.sample()
    return rate(lambda: env.step(actions), num_envs, seconds)
