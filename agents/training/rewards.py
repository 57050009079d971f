"""Rewards that are easier to learn from; evaluation never uses them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv, VectorWrapper

from semverse.envs.errors import InputError
from semverse.envs.vlscc.problem import Problem

RewardName = Literal["plain", "relative"]
FloatArray = npt.NDArray[np.float64]


class RelativeReward(VectorWrapper[Any, Any, Any]):
    """Divides the reward by what a simple yardstick that needs no oracle says of the state.

    States differ in what they can earn by a factor of ten; without a common scale the rich ones drown the
    others.

    Args:
        env: a vector environment in same-step autoreset mode.
        settings: what it was made with.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], settings: Mapping[str, Any]) -> None:
        super().__init__(env)
        self.settings = settings
        self._scale: FloatArray = np.ones(env.num_envs)
        self._states: Any = None

    @abstractmethod
    def scale(self, states: Any) -> FloatArray:
        """Return the yardstick [B] of states met first in an episode or, with `every_step`, in any step."""

    every_step = False

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Start episodes."""
        self._states, info = self.env.reset(**options)
        self._scale = self.scale(self._states)
        return self._states, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step; the reward is relative to the states just decided on."""
        self._states, reward, terminated, truncated, info = self.env.step(actions)
        relative = reward / self._scale
        fresh = np.ones_like(terminated) if self.every_step else terminated | truncated
        if fresh.any():
            self._scale = self._scale.copy()
            self._scale[fresh] = self.scale(self._states[fresh])
        return self._states, relative, terminated, truncated, info


class GreedyReward(RelativeReward):
    """ISGC-v0: utility over that of greedy behind the shield."""

    every_step = True

    def scale(self, states: Any) -> FloatArray:
        """Return the utility of greedy [B]."""
        from semverse.agents.common.isgc import config_of, greedy_utility

        return greedy_utility(states, config_of(self.settings))


class ArrivalReward(RelativeReward):
    """ISGCDynamic-v0: credit over the worth of what a band at mean gains can serve in a slot."""

    def scale(self, states: Any) -> FloatArray:
        """Return the worth of a sustainable slot [B]."""
        from semverse.agents.common.isgc import config_of, sustainable_worth

        return sustainable_worth(states, config_of(self.settings))


class BudgetReward(VectorWrapper[Any, Any, Any]):
    """VLSCC-v0: the reward, plus what the budget left is worth afterwards, minus what it was worth before.

    The worth of n frames to come with a mean of x steps each is n times the worth of training content at x,
    with no regard to the scene and the channel at hand. Potential-based shaping (Ng, Harada and Russell,
    1999): without discounting, the best policies stay the best ones, but even a short-sighted one spends
    sensibly.

    Args:
        env: a vector environment in same-step autoreset mode.
        settings: what it was made with.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], settings: Mapping[str, Any]) -> None:
        from semverse.envs.vlscc.policies import Multipliers

        del settings
        super().__init__(env)
        self._problem: Problem = env.unwrapped.problem  # type: ignore[attr-defined]
        self._multipliers = Multipliers.of(self._problem)
        self._before: FloatArray = np.zeros(env.num_envs)

    def _worth(self, observation: Any) -> FloatArray:
        """Return the worth of the budget left [N]; the observations end with what `VLSCCEnv` says."""
        left, frames = observation[:, -4].astype(np.float64), observation[:, -3].astype(np.float64)
        value = self._multipliers.value(left * self._problem.frame_steps)
        worth: FloatArray = frames * self._problem.config.frames * value
        return worth

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Start episodes."""
        observation, info = self.env.reset(**options)
        self._before = self._worth(observation)
        return observation, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step; what an episode leaves of its budget is worth nothing."""
        observation, reward, terminated, truncated, info = self.env.step(actions)
        after = self._worth(observation)
        relative = reward - self._before + np.where(terminated | truncated, 0.0, after)
        self._before = after
        shown = np.clip(relative, -_MOST_QUALITY, _MOST_QUALITY) * _PER_QUALITY
        return observation, shown, terminated, truncated, info


_PER_QUALITY = 10.0  # one frame more or less well coded then counts about 1
# what an almost empty budget is worth changes so steeply that a few steps would drown all others
_MOST_QUALITY = 0.5
_RELATIVE: dict[str, Callable[[VectorEnv[Any, Any, Any], Mapping[str, Any]], VectorEnv[Any, Any, Any]]] = {
    "semverse/ISGC-v0": GreedyReward,
    "semverse/ISGCDynamic-v0": ArrivalReward,
    "semverse/VLSCC-v0": BudgetReward,
    "semverse/VLSCCMap-v0": BudgetReward,
}


def with_reward(
    env: VectorEnv[Any, Any, Any], env_id: str, settings: Mapping[str, Any], name: RewardName
) -> VectorEnv[Any, Any, Any]:
    """Wrap a vector environment so that it pays the named reward.

    Raises:
        InputError: the reward is not defined for this environment.
    """
    if name == "plain":
        return env
    if env_id not in _RELATIVE:
        raise InputError(f"is not defined for {env_id}", key="env.reward", remedy="choose plain")
    return _RELATIVE[env_id](env, settings)
