"""How fast the native batch of the rate control environment is, per second of processor time."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from semverse.envs.isgc.speed import rate


def batch_rate(num_envs: int, seconds: float, **options: Any) -> float:
    """Return steps a second of the native batch of VLSCC-v0, restarts included."""
    env = gymnasium.make_vec(
        "semverse/VLSCC-v0", num_envs=num_envs, vectorization_mode="vector_entry_point", **options
    )
    env.reset(seed=0)
    levels = int(env.single_action_space.n)  # type: ignore[attr-defined]
    actions = np.random.default_rng(0).integers(levels, size=num_envs)
    return rate(lambda: env.step(actions), num_envs, seconds)
