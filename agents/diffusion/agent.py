"""The diffusion policy as an agent (paper 001, section IV-B; Wang et al. 2022, arXiv:2208.06193)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from semverse.agents.common.actions import action_size, to_space
from semverse.agents.common.cloning import check_cloning
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.diffusion.config import DiffusionConfig
from semverse.agents.diffusion.learner import Learner
from semverse.agents.diffusion.networks import DenoisingActor
from semverse.agents.training.session import Session
from semverse.envs.random_state import seed_everything


class DiffusionAgent(LearnedAgent):
    """A policy that denoises Gaussian noise into an action; see `LearnedAgent` for the arguments.

    Discrete actions must be ordered, as levels are: a choice is a number that is rounded to the nearest one.
    """

    name = "diffusion"
    Config: ClassVar[Any] = DiffusionConfig

    def __init__(self, config: DiffusionConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self.actor = self._make_actor()

    def _make_actor(self) -> DenoisingActor:
        c = self.config
        return DenoisingActor(
            self.observation_size,
            action_size(self.action_space, self.name),
            c.features,
            c.hidden,
            c.denoising_steps,
            c.schedule,
            c.parametrisation,
        )

    def train(self, session: Session) -> None:
        """Train for one session."""
        seed_everything(session.seed)
        self.actor = self._make_actor()  # weights of the session's seed
        Learner(self, self.actor, session).learn()

    def check_training(self) -> None:
        """Raise `InputError` if the expert cannot be imitated."""
        check_cloning(self.config.cloning, self.env_id, self.env_settings)

    def modules(self) -> DenoisingActor:
        """Return the actor."""
        return self.actor

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the action of one observation, or the actions of a batch; random ones draw from torch."""
        batch = self.is_batch(observation)
        rows = np.asarray(observation, dtype=np.float32)
        with torch.no_grad():
            actions = self.actor(torch.as_tensor(rows if batch else rows[None]), deterministic).numpy()
        scaled = to_space(actions, self.action_space)
        return scaled if batch else scaled[0]
