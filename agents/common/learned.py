"""The base of all learned agents: what the registry constructs, trains, saves and loads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import torch

from semverse.agents.base import ActsOnly
from semverse.agents.training.evaluation import Evaluation, evaluate_agent
from semverse.agents.training.session import Session
from semverse.agents.training.vector import make_env
from semverse.envs.errors import InputError
from semverse.envs.weights import take_weights, write_learned


class LearnedAgent(ActsOnly, ABC):
    """A policy with weights.

    Args:
        config: an instance of the class's own `Config`.
        env_id: the environment it is made for.
        env_settings: keyword arguments of the environment.
    """

    Config: ClassVar[Any]  # its pydantic schema
    name: ClassVar[str]

    def __init__(self, config: Any, env_id: str, env_settings: Mapping[str, Any]) -> None:
        self.config = config
        self.env_id = env_id
        self.env_settings = dict(env_settings)
        env = make_env(env_id, self.env_settings)
        self.observation_space, self.action_space = env.observation_space, env.action_space
        env.close()
        self._env: Any = None

    def begin(self, env: Any) -> None:
        """Prepare for acting in an environment, single or vector, that was just reset."""
        self._env = env.unwrapped

    @abstractmethod
    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the action of one observation, or the actions of a batch of them (first axis)."""

    @abstractmethod
    def train(self, session: Session) -> None:
        """Train for one session; calls the session's hooks on the way."""

    @abstractmethod
    def modules(self) -> torch.nn.Module:
        """Return the network that acts: what a checkpoint holds."""

    def check_training(self) -> None:  # most agents need nothing
        """Raise `InputError` if something that training reads is missing; nothing is written before."""

    def evaluate(self, env_id: str, settings: Mapping[str, Any], episodes: int, seed: int) -> Evaluation:
        """Return what it reaches in held-out episodes of an environment."""
        return evaluate_agent(self, env_id, settings, episodes, seed)

    def figures(self) -> dict[str, Any]:
        """Return what TensorBoard shows beside scalars after an evaluation: matplotlib figures by name."""
        return {}

    def save(self, folder: str | Path, card: Mapping[str, Any] | None = None) -> None:
        """Write ``config.yaml``, ``model.safetensors`` and ``card.json`` (plus the entries of ``card``).

        Raises:
            InputError: the folder cannot be written to.
        """
        description = {
            "agent": self.name,
            "env": self.env_id,
            "env_settings": self.env_settings,
            "settings": self.config.model_dump(mode="json"),
        }
        full = {"agent": self.name, "env": self.env_id, **(card or {})}
        write_learned(Path(folder), description, self.modules().state_dict(), full)

    def load(self, folder: str | Path) -> None:
        """Take over the weights of a checkpoint; runs no code of it.

        Raises:
            InputError: the weights are missing, damaged or of another shape.
        """
        take_weights(self.modules(), Path(folder))

    @property
    def observation_size(self) -> int:
        """Entries of a flat observation.

        Raises:
            InputError: observations are no flat arrays.
        """
        space = self.observation_space
        if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) != 1:
            raise InputError(
                f"needs flat arrays, not {type(space).__name__}",
                source=self.name,
                key=self.env_id,
                remedy="use another agent",
            )
        return int(space.shape[0])

    def is_batch(self, observation: Any) -> bool:
        """Return whether an observation has a leading batch axis.

        Raises:
            InputError: its shape is neither that of one observation nor that of a batch.
        """
        space, value = self.observation_space, observation
        if isinstance(space, gymnasium.spaces.Dict):
            key = next(iter(space))
            space, value = space[key], observation[key]
        shape, expected = np.shape(value), space.shape or ()
        if shape == expected:
            return False
        if shape[1:] == expected:
            return True
        raise InputError(f"has shape {shape}", key="observation", remedy=f"give {expected}, or a batch of it")
