"""Configuration of `mo_cmpo` and `difusco`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pydantic

from semverse.envs.config import Config

Count = Annotated[int, pydantic.Field(ge=1, le=10_000_000, strict=True)]
Whole = Annotated[int, pydantic.Field(ge=0, le=10_000_000, strict=True)]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class NetworkConfig(Config):
    """Shape of the denoiser."""

    kind: Literal["grid", "hetero"]  # dense grids, or message passing of PyTorch Geometric
    grid: Count  # width of the space x MEC grid
    cell: Count  # width of the request x MEC cells
    layers: Count
    conditioned: bool  # on the preference; False only shows what that is worth


class ProjectionConfig(Config):
    """How beliefs become feasible placements."""

    by: Literal["space", "request"]
    candidates: Count  # host sets compared a space (by space)
    neighbours: Whole  # preferences on either side whose beliefs propose host sets as well (by space)
    trust: NonNegative  # of the beliefs' logarithm against cost (by space)
    cost_weight: NonNegative  # of the added cost against the beliefs' logarithm (by request); paper: 0


class SupervisedConfig(Config):
    """First stage: learning from labels (Algorithm 1)."""

    labels: Path | None  # a label set; None: the agent cannot be trained
    validation: Path | None  # another one, for scores while training
    steps: Whole  # updates; what is left of the training's total goes to the second stage
    pairs: Count  # (preference, noise) pairs an update, all of one instance
    consistency: bool  # two noise levels of one trajectory (eq. 23) rather than independent ones
    full_noise_share: Share  # of the pairs start from pure noise
    learning_rate: Positive
    final_learning_rate_share: Annotated[float, pydantic.Field(gt=0, le=1)]  # reached by a cosine
    weight_decay: NonNegative
    gradient_norm: Positive
    average: Share  # decay of the running mean of the weights, which acts


class FineTuneConfig(Config):
    """Second stage: reinforcement learning (Algorithm 3)."""

    preferences: Count  # trajectories an iteration, all of one instance
    epochs: Count  # of each directional policy an iteration
    distillations: Count  # updates of the global policy an iteration
    credit: Literal["space", "placement"]  # what an advantage belongs to
    learning_rate: Positive
    critic_learning_rate: Positive
    clip: Positive  # of the probability ratio (eq. 30)
    discount: Share  # gamma of eq. 31
    entropy_weight: NonNegative  # c2 of eq. 29
    value_weight: NonNegative  # c1 of eq. 29
    proximity: NonNegative  # weight of the distance to the previous policy (eq. 34)


class CMPOConfig(Config):
    """Everything that decides how the agent looks, learns and solves."""

    checkpoint: str | None  # folder, or a name that ships, where weights come from; None: drawn at random
    sampler: Literal["consistency", "diffusion"]
    steps: Count  # K
    project_every_step: bool  # collect the placements of every step, not of the last alone
    projection: ProjectionConfig
    polish: bool  # space-wise descent on top
    candidates: Count  # host sets of the descent
    rounds: Whole  # with polish: descents from other starts, until the budget is used
    ruined_spaces: Count  # placed anew in every second round; the others recombine near preferences
    fill_share: Share  # of the budget, at its end: points between those of the front, and single moves
    processes: Annotated[int, pydantic.Field(ge=1, le=1024, strict=True)]  # that share the descents
    device: str  # of torch: cpu, cuda, ...
    network: NetworkConfig
    supervised: SupervisedConfig
    fine_tuning: FineTuneConfig
