"""The schema of a video codec training's YAML file."""

from __future__ import annotations

from typing import Annotated

import pydantic

from semverse.envs.codecs.vlscc.training_config import LearnedTraining, NonNegative, Share
from semverse.envs.codecs.vst.config import VideoConfig

Names = Annotated[tuple[str, ...], pydantic.Field(min_length=1)]


class VideoTraining(LearnedTraining):
    """Everything that decides what a training of a video codec computes; the values are YAML."""

    codec: VideoConfig
    clips: Names  # trained on; of `semverse.envs.codecs.clips`
    held_out: Names  # scored on
    photographs: Share  # of the GOPs that are crops moving over photographs instead
    entropy_weight: NonNegative  # of the entropy model's loss; it has parameters of its own

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> VideoTraining:
        if self.patch % self.codec.side:
            raise ValueError(f"'patch' must be a multiple of {self.codec.side}")
        if set(self.clips) & set(self.held_out):
            raise ValueError("'held_out' must be other clips than 'clips'")
        return self
