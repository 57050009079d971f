"""Hyper-parameters of the diffusion policy."""

from __future__ import annotations

from typing import Annotated

import pydantic

from semverse.agents.common.cloning import CloningConfig
from semverse.agents.common.features import FeatureName
from semverse.agents.diffusion.networks import Parametrisation
from semverse.agents.diffusion.schedule import ScheduleName
from semverse.envs.config import Config

Count = Annotated[int, pydantic.Field(ge=1)]
Whole = Annotated[int, pydantic.Field(ge=0)]
Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class DiffusionConfig(Config):
    """Everything that decides how a diffusion policy looks and learns."""

    features: FeatureName  # see `Standardise`
    hidden: Annotated[tuple[Count, ...], pydantic.Field(min_length=1)]  # of the actor
    critic_hidden: Annotated[tuple[Count, ...], pydantic.Field(min_length=1)]
    denoising_steps: Annotated[int, pydantic.Field(ge=1, le=1000)]  # T
    schedule: ScheduleName
    parametrisation: Parametrisation
    actor_learning_rate: Positive
    critic_learning_rate: Positive
    final_learning_rate_share: Annotated[float, pydantic.Field(gt=0, le=1)]  # reached linearly at the end
    gamma: Annotated[float, pydantic.Field(ge=0, lt=1)]  # discount factor
    tau: Annotated[float, pydantic.Field(gt=0, le=1)]  # soft update of the target networks
    buffer_size: Count  # transitions kept
    batch_size: Count
    updates_per_step: Count  # after each step of all environments
    warmup_steps: Whole  # environment steps of random actions first
    critic_warmup_updates: Whole  # updates of the critics before the actor learns
    exploration_noise: NonNegative  # deviation of what is added to an action while training
    gradient_norm: Positive  # gradients of the actor are clipped to it
    guidance_weight: NonNegative  # of the critics in the actor's loss
    cloning: CloningConfig | None  # an expert to imitate
    cloning_weight: NonNegative  # of the imitation while the critics guide
