"""Rewards that are easier to learn from; evaluation never uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from gymnasium.vector import VectorEnv, VectorWrapper

from semverse.envs.errors import InputError

RewardName = Literal["plain", "relative"]


class RelativeReward(VectorWrapper[Any, Any, Any]):
    """Divides the utility of an ISGC state by that of greedy behind the shield.

    States differ in what they can earn by a factor of ten; without a common scale the rich ones drown the
    others. Greedy needs no oracle.

    Args:
        env: a vector ``semverse/ISGC-v0``.
        settings: what it was made with.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], settings: Mapping[str, Any]) -> None:
        from semverse.agents.common.isgc import config_of

        super().__init__(env)
        self._config = config_of(settings)
        self._states: Any = None

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Start episodes."""
        self._states, info = self.env.reset(**options)
        return self._states, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step; the reward is relative to the states just decided on."""
        from semverse.agents.common.isgc import greedy_utility

        scale = greedy_utility(self._states, self._config)
        self._states, reward, terminated, truncated, info = self.env.step(actions)
        return self._states, reward / scale, terminated, truncated, info


def with_reward(
    env: VectorEnv[Any, Any, Any], env_id: str, settings: Mapping[str, Any], name: RewardName
) -> VectorEnv[Any, Any, Any]:
    """Wrap a vector environment so that it pays the named reward.

    Raises:
        InputError: the reward is not defined for this environment.
    """
    if name == "plain":
        return env
    if env_id != "semverse/ISGC-v0":
        raise InputError("needs semverse/ISGC-v0", key="env.reward", remedy="choose plain")
    return RelativeReward(env, settings)
