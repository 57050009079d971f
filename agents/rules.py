"""What rules without weights have in common: a configuration, and the environment at hand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from semverse.agents.base import ActsOnly
from semverse.envs.config import Config


class RuleConfig(Config):
    """A rule has no hyper-parameters."""


class AttachedRule(ActsOnly, ABC):
    """A rule that knows the constants of the environment that it acts in.

    Args:
        config: an instance of the class's own `Config`.
        env_id: the environment it is made for.
        env_settings: keyword arguments of the environment.
    """

    Config: ClassVar[Any] = RuleConfig

    def __init__(self, config: Any, env_id: str, env_settings: Mapping[str, Any]) -> None:
        del env_id, env_settings
        self.config = config
        self._env: Any = None

    def begin(self, env: Any) -> None:
        """Attach to the environment, single or native batch, that was just reset."""
        self._env = env.unwrapped

    @property
    def env(self) -> Any:
        """The environment at hand.

        Raises:
            RuntimeError: `begin` was not called.
        """
        if self._env is None:
            raise RuntimeError("call begin(env) after env.reset()")
        return self._env


class RowRule(AttachedRule):
    """A rule that decides for one observation after the other; see `AttachedRule` for the arguments."""

    @abstractmethod
    def decide(self, seen: npt.NDArray[Any], row: int) -> npt.NDArray[np.int64]:
        """Return the decision for an observation of a row of a batch (0 of a single environment)."""

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the decision for one observation, or the decisions for a batch of them.

        Raises:
            RuntimeError: `begin` was not called.
        """
        del deterministic
        rows = np.asarray(observation)
        if rows.ndim == 1:
            return self.decide(rows, 0)
        return np.stack([self.decide(row, number) for number, row in enumerate(rows)])
