"""Proximal policy optimisation, plain and with action masks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt
import pydantic
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from semverse.agents.common.cloning import (
    CloningConfig,
    Demonstrations,
    check_cloning,
    demonstrate,
    imitate,
)
from semverse.agents.common.features import Standardise
from semverse.agents.sb3.agent import Count, NetworkConfig, Positive, SB3Agent, Share
from semverse.agents.training.vector import make_env
from semverse.envs.errors import InputError
from semverse.envs.scc.types import Instance
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Front


class PPOConfig(NetworkConfig):
    """Hyper-parameters, named as in Stable-Baselines3."""

    rollout_steps: Count  # steps of each environment between two updates
    batch_size: Count
    epochs: Count  # passes over a rollout
    gae_lambda: Share
    clip_range: Positive
    entropy_coefficient: Annotated[float, pydantic.Field(ge=0)]
    value_coefficient: Positive
    max_gradient_norm: Positive
    cloning: CloningConfig | None  # an expert to imitate first


class BoxPPOConfig(PPOConfig):
    """`PPOConfig` of an agent that may have continuous actions."""

    log_std_init: float  # logarithm of the first standard deviation of continuous actions


class PPOAgent(SB3Agent):
    """PPO of Stable-Baselines3 (Schulman et al. 2017, arXiv:1707.06347)."""

    name = "ppo"
    Config: ClassVar[Any] = BoxPPOConfig
    algorithm: ClassVar[Any] = PPO

    def arguments(self, num_envs: int) -> dict[str, Any]:
        """Return the algorithm's own arguments."""
        c = self.config
        return {
            "n_steps": c.rollout_steps,
            "batch_size": min(c.batch_size, c.rollout_steps * num_envs),
            "n_epochs": c.epochs,
            "gae_lambda": c.gae_lambda,
            "clip_range": c.clip_range,
            "ent_coef": c.entropy_coefficient,
            "vf_coef": c.value_coefficient,
            "max_grad_norm": c.max_gradient_norm,
        }

    def check_training(self) -> None:
        """Raise `InputError` if the expert cannot be imitated."""
        check_cloning(self.config.cloning, self.env_id, self.env_settings)

    def prepare(self, algorithm: BaseAlgorithm, seed: int) -> None:
        """Imitate the expert, if there is one."""
        if (config := self.config.cloning) is not None:
            shown = demonstrate(config, self.env_id, self.env_settings, seed)
            policy: Any = algorithm.policy
            Standardise.fit_all(policy, shown.observation.numpy())
            imitate(config, lambda some: cloning_loss(policy, some), policy.parameters(), shown)

    def _policy_arguments(self) -> dict[str, Any]:
        return {**super()._policy_arguments(), "log_std_init": self.config.log_std_init}


def cloning_loss(policy: Any, shown: Demonstrations) -> torch.Tensor:
    """Return the cross-entropy of a policy against what an expert is likely to do."""
    if shown.likely is None:
        loss: torch.Tensor = -policy.evaluate_actions(shown.observation, shown.action)[1].mean()
        return loss
    logits: torch.Tensor = policy.get_distribution(shown.observation).distribution.logits
    return -(shown.likely * logits).sum(dim=-1).mean()


class MaskablePPOAgent(PPOAgent):
    """PPO of sb3-contrib that draws legal actions only (Huang and Ontanon 2020, arXiv:2006.14171).

    Acting asks the environment that `begin` was given for its ``action_masks()``. An instance is solved by
    being placed once a preference.
    """

    name = "maskable_ppo"
    Config: ClassVar[Any] = PPOConfig
    algorithm: ClassVar[Any] = MaskablePPO

    def _policy_arguments(self) -> dict[str, Any]:
        return super(PPOAgent, self)._policy_arguments()

    def act_arguments(self, batch: bool) -> dict[str, Any]:
        """Return the masks of the environment at hand, if there is one."""
        del batch
        return {} if self._env is None else {"action_masks": self._env.action_masks()}

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Place an instance once for each preference, deterministically, and keep what is feasible.

        Raises:
            InputError: the network was made for another number of MECs.
        """
        del rng
        archive = Archive(instance, clock := budget.start())
        env = make_env("semverse/SCC-v0", {"instance": instance})
        if env.observation_space != self.observation_space:
            raise InputError(
                f"has {len(instance.mecs.lon)} MECs", source=instance.name, remedy="train with as many"
            )
        for preference in np.asarray(preferences, dtype=np.float64):
            archive.add(np.array(self._place(env, preference))[None])
            if clock.expired:
                break
        env.close()
        return archive.front()

    def _place(self, env: gymnasium.Env[Any, Any], preference: npt.NDArray[np.float64]) -> list[int]:
        """Return the MEC of each request."""
        observation, _ = env.reset(options={"preference": preference})
        self.begin(env)
        over, info = False, dict[str, Any]()
        while not over:
            observation, _, over, _, info = env.step(self.act(observation))
        placement: list[int] = info["placement"]
        return placement
