"""Rewards that are easier to learn from; evaluation never uses them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv, VectorWrapper

from semverse.envs.errors import InputError
from semverse.envs.vlscc.core import Streams, check_actions
from semverse.envs.vlscc.model import cap_levels

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


class AdvantageReward(VectorWrapper[Any, Any, Any]):
    """VLSCC-v0: what a decision is worth, minus what the best one is, by the dynamic programme of `causal`.

    A decision is worth its reward and the expected worth of the frames to come with the budget it leaves. The
    expert's advantage says at once what would otherwise show over a whole episode, so that a discount of 0
    will do (Sun, Bagnell and Boots 2018, arXiv:1805.11240).

    Args:
        env: a vector environment in same-step autoreset mode.
        settings: what it was made with.

    Raises:
        InputError: scipy is missing.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], settings: Mapping[str, Any]) -> None:
        from semverse.envs.vlscc.causal import CausalPlan

        del settings
        super().__init__(env)
        self._streams: Streams = env.unwrapped.streams  # type: ignore[attr-defined]
        self._plan = CausalPlan.of(self._streams.problem)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step; the reward is 0 for the best decision and negative for others."""
        streams, limit = self._streams, self._streams.limit()
        time, left, (frames, snr_db) = streams.time.copy(), streams.left.copy(), streams.at_hand()
        best = self._plan.step_values(time, frames, snr_db, left, limit)[0].max(axis=1)
        levels = cap_levels(check_actions(actions, self.num_envs, streams.problem), limit)
        rest = self._plan.rest(time, frames, snr_db, left - levels.sum(axis=0))
        observation, reward, terminated, truncated, info = self.env.step(actions)
        return observation, (reward + rest - best) * _PER_QUALITY, terminated, truncated, info


_PER_QUALITY = 10.0  # one frame more or less well coded then counts about 1
_RELATIVE: dict[str, Callable[[VectorEnv[Any, Any, Any], Mapping[str, Any]], VectorEnv[Any, Any, Any]]] = {
    "semverse/ISGC-v0": GreedyReward,
    "semverse/ISGCDynamic-v0": ArrivalReward,
    "semverse/VLSCC-v0": AdvantageReward,
    "semverse/VLSCCMap-v0": AdvantageReward,
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
