"""Rules for the ISGC environment: what learned policies have to beat, and the exact optimum."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from semverse.agents.base import ActsOnly
from semverse.agents.common.isgc import best_vertex_split, config_of, greedy_split
from semverse.envs.config import Config
from semverse.envs.isgc.core import logits_of
from semverse.envs.isgc.model import min_time_split, optimum
from semverse.envs.isgc.policies import drift_plus_penalty, max_weight, myopic
from semverse.envs.isgc.types import FloatArray

_INWARDS = 1e-5  # share of the way from the optimum to the quickest split


class RuleConfig(Config):
    """A rule has no hyper-parameters."""


class SeparateConfig(Config):
    """Hyper-parameters of `SeparateAgent`."""

    seed: int  # of the random splits


class Rule(ActsOnly, ABC):
    """A split as a function of the state.

    Args:
        config: an instance of the class's own `Config`.
        env_id: the environment it is made for.
        env_settings: keyword arguments of the environment.
    """

    Config: ClassVar[Any] = RuleConfig

    def __init__(self, config: Any, env_id: str, env_settings: Mapping[str, Any]) -> None:
        del env_id
        self.config = config
        self.profile = config_of(env_settings)

    def begin(self, env: Any) -> None:
        """Need nothing: the observation is the whole state."""

    @abstractmethod
    def split(self, states: FloatArray) -> FloatArray:
        """Return splits [B, 3] in MHz of observations [B, ...]."""

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the logits of one observation, or of a batch of them."""
        del deterministic
        states = np.asarray(observation, dtype=np.float64)
        logits = logits_of(self.split(states.reshape(-1, states.shape[-1])), self.profile).astype(np.float32)
        return logits.reshape(*states.shape[:-1], 3)


class SeparateAgent(Rule):
    """A uniformly random split: the paper's "Separate", modules that do not know of each other."""

    Config: ClassVar[Any] = SeparateConfig

    def __init__(self, config: SeparateConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self._rng = np.random.default_rng(config.seed)

    def split(self, states: FloatArray) -> FloatArray:
        """Return Dirichlet(1, 1, 1) splits."""
        return self.profile.bandwidth_mhz * self._rng.dirichlet(np.ones(3), len(states))


class EqualAgent(Rule):
    """A third of the band for each link."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return equal splits."""
        return np.full((len(states), 3), self.profile.bandwidth_mhz / 3.0)


class GreedyLinkAgent(Rule):
    """The whole band for the link that earns most with it; the shield gives back what the deadline needs."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return greedy vertices."""
        return greedy_split(states, self.profile)


class BestVertexAgent(Rule):
    """The best of the three vertices after the shield."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return the best shielded vertices."""
        return best_vertex_split(states, self.profile)


class ExactSplitAgent(Rule):
    """The exact optimum (`semverse.envs.isgc.model.optimum`)."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return optimal splits, a hair inside the deadline: actions are rounded to float32."""
        best, quickest = optimum(states, self.profile).split_mhz, min_time_split(states, self.profile)
        inside: FloatArray = best + _INWARDS * (quickest - best)
        return inside


class DriftPlusPenaltyAgent(Rule):
    """Neely's drift-plus-penalty (`semverse.envs.isgc.policies.drift_plus_penalty`)."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return splits [B, 3] in MHz of observations [B, 14] of ``semverse/ISGCDynamic-v0``."""
        return drift_plus_penalty(states[:, :10], states[:, 10:13], self.profile)


class MyopicAgent(Rule):
    """The most utility of the slot (`semverse.envs.isgc.policies.myopic`)."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return splits [B, 3] in MHz of observations [B, 14] of ``semverse/ISGCDynamic-v0``."""
        return myopic(states[:, :10], states[:, 10:13], self.profile)


class MaxWeightAgent(Rule):
    """The most backlog-weighted service (`semverse.envs.isgc.policies.max_weight`)."""

    def split(self, states: FloatArray) -> FloatArray:
        """Return splits [B, 3] in MHz of observations [B, 14] of ``semverse/ISGCDynamic-v0``."""
        return max_weight(states[:, :10], states[:, 10:13], self.profile)
