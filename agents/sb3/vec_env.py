"""A Gymnasium vector environment as Stable-Baselines3 wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv
from stable_baselines3.common.vec_env import VecEnv


class VecEnvAdapter(VecEnv):
    """Wraps a vector environment in same-step autoreset mode.

    Args:
        env: the vector environment; closed with this one.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        self.env = env
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self._actions: Any = None
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, dtype=np.int64)

    def reset(self) -> Any:
        """Start all episodes; uses the seeds given by `seed` once."""
        seeds = None if self._seeds[0] is None else self._seeds
        observation, _ = self.env.reset(seed=seeds)
        self._returns[:], self._lengths[:] = 0.0, 0
        self._reset_seeds()
        return observation

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Remember the actions; `step_wait` plays them."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, npt.NDArray[Any], npt.NDArray[Any], list[dict[str, Any]]]:
        """Step; what just ended tells its last observation, return and length in its info."""
        observation, reward, terminated, truncated, infos = self.env.step(self._actions)
        done = terminated | truncated
        self._returns += reward
        self._lengths += 1
        rows: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        ends = infos.get("final_obs")
        for row in np.flatnonzero(done).tolist():
            rows[row]["episode"] = {"r": float(self._returns[row]), "l": int(self._lengths[row])}
            rows[row]["TimeLimit.truncated"] = bool(truncated[row] and not terminated[row])
            if ends is not None:
                rows[row]["terminal_observation"] = ends[row]
        self._returns[done], self._lengths[done] = 0.0, 0
        return observation, reward.astype(np.float32), done, rows

    def close(self) -> None:
        """Close the wrapped environment."""
        self.env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of the wrapped environment, once a copy."""
        value = getattr(self.env.unwrapped, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: the copies share one object."""
        raise NotImplementedError("the copies of a native batch share their attributes")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Call a batched method once and return its rows (used for ``action_masks``)."""
        result: Sequence[Any] = getattr(self.env.unwrapped, method_name)(*args, **kwargs)
        return [result[row] for row in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Return False for each copy."""
        return [False for _ in self._get_indices(indices)]
