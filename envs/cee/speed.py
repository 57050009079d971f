"""How fast the cloud-edge-end environment is, per second of processor time, restarts included."""

from __future__ import annotations

import itertools
from typing import Any

import gymnasium

from semverse.envs.isgc.speed import rate

_ACTIONS = 64  # different random actions
_PARTS = 10  # of a measurement


def batch_rate(num_envs: int, seconds: float, **options: Any) -> float:
    """Return steps a second of the native batch of CEE-v0 under random decisions."""
    env = gymnasium.make_vec(
        "semverse/CEE-v0", num_envs=num_envs, vectorization_mode="vector_entry_point", **options
    )
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = itertools.cycle([env.action_space.sample() for _ in range(_ACTIONS)])
    return rate(lambda: env.step(next(actions)), num_envs, seconds)


def single_rate(seconds: float, **options: Any) -> float:
    """Return steps a second of one CEE-v0 through Gymnasium (without its checker) under random decisions.

    The best of several parts, as in `timeit`: other programs on the machine only ever slow it down.
    """
    env = gymnasium.make("semverse/CEE-v0", disable_env_checker=True, **options)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = itertools.cycle([env.action_space.sample() for _ in range(_ACTIONS)])

    def episode() -> None:
        env.reset()
        while not env.step(next(actions))[3]:
            pass

    epochs = env.get_wrapper_attr("problem").config.epochs
    return max(rate(episode, epochs, seconds / _PARTS) for _ in range(_PARTS))
