"""What rules without weights have in common: a configuration, and the environment at hand."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

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
