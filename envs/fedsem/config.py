"""Schema of a FedSem profile; the values are YAML files in ``semverse.configs.fedsem``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pydantic

from semverse.envs.config import Config, read_profile
from semverse.envs.fedsem.learning import Descent
from semverse.envs.fedsem.network import ModelName

# strict: a boolean or a quoted number is refused rather than converted
Positive = Annotated[float, pydantic.Field(ge=1e-6, le=1e6, strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, pydantic.Field(ge=0, le=1e6, strict=True, allow_inf_nan=False)]
Decibel = Annotated[float, pydantic.Field(ge=-100, le=100, strict=True)]
Epsilon = Annotated[float, pydantic.Field(ge=0.01, le=1000, strict=True)]
Count = Annotated[int, pydantic.Field(ge=1, le=100_000, strict=True)]
Whole = Annotated[int, pydantic.Field(ge=0, le=100_000, strict=True)]


def _rising(value: tuple[float, ...]) -> tuple[float, ...]:
    if any(b <= a for a, b in pairwise(value)):
        raise ValueError("does not rise")
    return value


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[1] < value[0]:
        raise ValueError("ends below its begin")
    return value


Counts = Annotated[tuple[Count, ...], pydantic.Field(min_length=1), pydantic.AfterValidator(_rising)]


class DescentConfig(Config):
    """How a network is trained."""

    epochs: Count
    batch: Count
    learning_rate: Positive

    def descent(self) -> Descent:
        """Return the same for the training itself."""
        return Descent(self.epochs, self.batch, self.learning_rate)


class Radio(Config):
    """The uplink, which one client after the other has to itself."""

    bandwidth_mhz: Positive
    mean_snr_db: Annotated[tuple[Decibel, Decibel], pydantic.AfterValidator(_ordered)]
    least_efficiency: Positive  # bit/s/Hz
    transmit_w: NonNegative


class Actions(Config):
    """What can be chosen for a round."""

    counts: Annotated[tuple[Whole, ...], pydantic.Field(min_length=1), pydantic.AfterValidator(_rising)]
    public: Counts
    bits: Counts
    payments: Counts


class Market(Config):
    """What clients that decide for themselves are paid and what they pay."""

    public: Count  # pictures whose logits are uploaded
    bounty: NonNegative  # for an upload with the largest privacy payment, in accuracy
    price_j: NonNegative  # of a client's joule, in accuracy
    price_privacy: NonNegative  # of a client's whole privacy budget, in accuracy


class FedSemConfig(Config):
    """One profile."""

    data: str
    model: ModelName
    clients: Annotated[int, pydantic.Field(ge=2, le=10_000, strict=True)]
    samples: Count
    public: Count
    rounds: Count
    client: DescentConfig
    server: DescentConfig
    public_weight: NonNegative
    label_clip: Positive
    epsilon: Annotated[tuple[Epsilon, Epsilon], pydantic.AfterValidator(_ordered)]
    delta: Annotated[float, pydantic.Field(gt=0, lt=1, strict=True)]
    radio: Radio
    quorum: Count
    deadline_s: Positive
    training_s: NonNegative
    training_j: NonNegative
    price_s: NonNegative
    price_j: NonNegative
    actions: Actions
    market: Market

    @pydantic.model_validator(mode="after")
    def _within(self) -> FedSemConfig:
        if self.actions.counts[-1] > self.clients:
            raise ValueError("actions.counts must not exceed clients")
        if max(self.actions.public[-1], self.market.public) > self.public:
            raise ValueError("actions.public and market.public must not exceed public")
        if self.quorum > self.clients:
            raise ValueError("quorum must not exceed clients")
        if self.actions.bits[-1] > 32:
            raise ValueError("actions.bits must not exceed 32")
        return self


PROFILES = ("default", "market", "toy")


def load_profile(profile: str | Path = "default", **overrides: Any) -> FedSemConfig:
    """Read a profile: one that ships or the path of a YAML file.

    Args:
        profile: "default", "market", "toy", or a path ending in .yaml.
        **overrides: keys of the first level that replace the file's values, e.g. ``rounds=6``; a mapping
            replaces those keys of its section that it names, and one number for ``epsilon`` fixes it. None
            is ignored.

    Raises:
        InputError: unknown profile, unreadable file, unknown key or bad value.
    """
    epsilon = overrides.get("epsilon")
    if isinstance(epsilon, int | float) and not isinstance(epsilon, bool):
        overrides["epsilon"] = [float(epsilon), float(epsilon)]
    return read_profile(FedSemConfig, "fedsem", PROFILES, profile, overrides)
