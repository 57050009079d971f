"""The schema of a training's YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pydantic

from semverse.agents.training.rewards import RewardName
from semverse.envs.config import Config, load_yaml, parse

Count = Annotated[int, pydantic.Field(ge=1)]
Seed = Annotated[int, pydantic.Field(ge=0, lt=2**31)]


class EnvironmentConfig(Config):
    """Where the agent is trained and evaluated."""

    id: str
    settings: dict[str, Any]  # keyword arguments of the environment
    num_envs: Count  # copies that are trained on at the same time
    reward: RewardName  # what they pay while training; see `semverse.agents.training.rewards`


class EvaluationConfig(Config):
    """How what was trained is scored."""

    episodes: Count
    seed: Seed  # of the held-out episodes; training never uses it


class TrainConfig(Config):
    """Everything that decides what a training computes; the values are YAML."""

    agent: str  # name in the registry
    settings: dict[str, Any]  # keys that replace those of the agent's shipped file
    env: EnvironmentConfig
    total_steps: Count  # environment steps, all copies together
    checkpoint_every: Count  # environment steps between two states and scores
    seeds: Annotated[tuple[Seed, ...], pydantic.Field(min_length=1)]  # one training each
    threads: Count  # of torch; part of the results, since sums of several threads round differently
    evaluation: EvaluationConfig

    @pydantic.field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds):
            raise ValueError("a seed is given twice")
        return seeds


def load_training(path: str | Path, seeds: Sequence[int] | None = None) -> TrainConfig:
    """Read a training's configuration; ``seeds`` replaces those of the file.

    Raises:
        InputError: the file cannot be read, or a key or value is wrong.
    """
    data = load_yaml(path)
    if seeds is not None:
        data["seeds"] = list(seeds)
    return parse(TrainConfig, data, source=path)
