"""Schema of a training; the values are YAML files in ``semverse.configs.fedsem.training``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pydantic

from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.fedsem.config import Count, DescentConfig, Epsilon, Positive
from semverse.envs.fedsem.federation import Algorithm
from semverse.envs.fedsem.network import ModelName
from semverse.envs.fedsem.setting import Setting, Study


class TrainingConfig(Config):
    """Clients, data, learning and privacy of one training."""

    data: str
    algorithm: Algorithm
    models: Annotated[tuple[ModelName, ...], pydantic.Field(min_length=1)]  # of clients in turn
    clients: Count
    samples: Count  # pictures of a client
    public: Count  # pictures that everybody knows
    labels: Count  # of public pictures, uploaded in a round (fd)
    chosen: Count  # clients of a round
    rounds: Count
    client: DescentConfig
    server: DescentConfig
    clip: Positive  # L2 norm of a client's upload
    bits: Annotated[int, pydantic.Field(ge=1, le=32, strict=True)]  # of a number of the upload
    epsilon: Epsilon | None  # total of each client; null: no noise
    delta: Annotated[float, pydantic.Field(gt=0, lt=1, strict=True)]
    seed: Annotated[int, pydantic.Field(ge=0, strict=True)]

    @pydantic.model_validator(mode="after")
    def _within(self) -> TrainingConfig:
        if self.chosen > self.clients:
            raise ValueError("chosen must not exceed clients")
        if self.labels > self.public:
            raise ValueError("labels must not exceed public")
        if self.algorithm != "fd" and len(set(self.models)) > 1:
            raise ValueError("models of different structure cannot be averaged: algorithm must be 'fd'")
        return self

    def study(self) -> Study:
        """Return who has which data and how they learn."""
        setting = Setting(
            clients=self.clients,
            samples=self.samples,
            public=self.public,
            labels=self.labels,
            chosen=self.chosen,
            rounds=self.rounds,
            private_rounds=self.rounds,
            client=self.client.descent(),
            server=self.server.descent(),
            logit_clip=self.clip,
            parameter_clip=self.clip,
        )
        return Study(self.data, self.algorithm, self.seed, setting, self.models)


def load_training(name: str, **overrides: Any) -> TrainingConfig:
    """Read what ships under a name ("digits", "thousand", "thousand_digits"), or a YAML file.

    Args:
        name: of either.
        **overrides: values that replace the file's; None is ignored.

    Raises:
        InputError: the file cannot be read, or a value is wrong.
    """
    path = shipped("fedsem", "training", f"{name}.yaml") if name.isidentifier() else Path(name)
    given = {key: value for key, value in overrides.items() if value is not None}
    read = parse(TrainingConfig, load_yaml(path), path)
    return parse(TrainingConfig, read.model_dump() | given, "options") if given else read
