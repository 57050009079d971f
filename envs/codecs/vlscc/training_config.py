"""The schema of a codec training's YAML file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import pydantic

from semverse.envs.codecs.vlscc.config import AnyCodec, Count, ImageConfig
from semverse.envs.config import Config

NonNegative = Annotated[float, pydantic.Field(ge=0)]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Decibel = Annotated[float, pydantic.Field(ge=-40, le=40)]


class EvaluationConfig(Config):
    """How what was trained is scored."""

    samples: Count
    seed: Annotated[int, pydantic.Field(ge=0)]
    snr_db: Annotated[tuple[Decibel, ...], pydantic.Field(min_length=1)]


class LearnedTraining(Config):
    """What the trainings of all codecs have in common."""

    start: str | None  # checkpoint whose weights it begins with (a longer code is cut to its first symbols)
    snr_db: tuple[Decibel, Decibel]  # range that is trained for
    steps: Count
    decay_steps: Count  # over which the learning rate falls; more than 'steps' stops on the way
    batch: Count
    patch: Count  # side of a picture's crop in pixels; unused by meshes
    learning_rate: Annotated[float, pydantic.Field(gt=0)]
    checkpoint_every: Count
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**31)]
    threads: Count  # of torch; part of the results, since sums of several threads round differently
    evaluation: EvaluationConfig

    @pydantic.model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.snr_db[0] > self.snr_db[1]:
            raise ValueError("'snr_db' must rise")
        if self.decay_steps < self.steps:
            raise ValueError("'decay_steps' must be 'steps' or more")
        return self


class CodecTraining(LearnedTraining):
    """Everything that decides what a training of variable-length codes computes; the values are YAML."""

    codec: AnyCodec
    train: Literal["all", "allocation"]  # allocation: the coders of 'start' stay as they are
    distortion: Literal["task", "parameters", "pixels"]  # L_D: joints, mesh parameters, or pixels
    semantic_weight: NonNegative  # lambda of eqs. 7 and 8: adversarial loss of meshes, LPIPS of pictures
    semantic_patch: Count  # side of the middle of each crop that LPIPS, which is slow, is taken of
    free_steps: Annotated[int, pydantic.Field(ge=0)]  # first steps, at random rates only
    free_share: Share  # of the samples that are sent at a random rate afterwards
    control_step: NonNegative  # of log gamma, see `RateControl`
    control_penalty: NonNegative  # of the relative deviation of rates, when the allocation alone is trained

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> CodecTraining:
        pictures = isinstance(self.codec, ImageConfig)
        if pictures != (self.distortion == "pixels"):
            raise ValueError("'distortion' is pixels for pictures, task or parameters for meshes")
        if isinstance(self.codec, ImageConfig) and self.patch % self.codec.downsampling:
            raise ValueError(f"'patch' must be a multiple of {self.codec.downsampling}")
        if self.train == "allocation" and (self.start is None or not self.codec.variable or self.free_steps):
            raise ValueError("'train' is allocation only with 'start', variable length and no 'free_steps'")
        return self
