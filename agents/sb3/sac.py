"""Soft actor-critic."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pydantic
from stable_baselines3 import SAC

from semverse.agents.sb3.agent import Count, NetworkConfig, SB3Agent

_LOGS = 20  # times the whole batch of environments between two log entries


class SACConfig(NetworkConfig):
    """Hyper-parameters, named as in Stable-Baselines3."""

    buffer_size: Count  # transitions kept
    learning_starts: Annotated[int, pydantic.Field(ge=0)]  # steps of random actions first
    batch_size: Count
    tau: Annotated[float, pydantic.Field(gt=0, le=1)]  # soft update of the target critics
    train_every: Count  # steps of each environment between updates
    gradient_steps: Count  # updates then


class SACAgent(SB3Agent):
    """SAC of Stable-Baselines3 with a tuned entropy coefficient (Haarnoja et al., arXiv:1812.05905)."""

    name = "sac"
    Config: ClassVar[Any] = SACConfig
    algorithm: ClassVar[Any] = SAC

    def arguments(self, num_envs: int) -> dict[str, Any]:
        """Return the algorithm's own arguments."""
        c = self.config
        return {
            "buffer_size": max(c.buffer_size, num_envs),
            "learning_starts": c.learning_starts,
            "batch_size": c.batch_size,
            "tau": c.tau,
            "train_freq": c.train_every,
            "gradient_steps": c.gradient_steps,
        }

    def log_interval(self, num_envs: int) -> int:
        """Return after how many episodes the algorithm logs."""
        return _LOGS * num_envs
