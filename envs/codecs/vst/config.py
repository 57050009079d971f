"""The schema of video codecs: what checkpoints and the YAML files of trainings say about the networks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from semverse.envs.codecs.vlscc.config import Count
from semverse.envs.config import Config


class VideoConfig(Config):
    """A codec of groups of pictures (GOPs)."""

    kind: Literal["video"]
    frames: Count  # T of a GOP; 1 codes every frame by itself
    side: Annotated[int, pydantic.Field(ge=8, multiple_of=8)]  # pixels a side of one place of a feature map
    channels: Count  # N of a feature map
    width: Count  # channels inside the networks
    levels: Annotated[int, pydantic.Field(ge=2, le=64)]  # L: activities that the side information tells apart
    common_level: Annotated[int, pydantic.Field(ge=0)]  # of a place as active as the average of all pictures
    # symbols per pixel: the range that is trained for, and what is sent if nothing is asked for
    rates: tuple[Annotated[float, pydantic.Field(gt=0, le=1)], Annotated[float, pydantic.Field(gt=0, le=1)]]
    rate: Annotated[float, pydantic.Field(gt=0, le=1)]

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> VideoConfig:
        if self.channels > 3 * self.side**2:
            raise ValueError(f"'channels' must be at most {3 * self.side**2}, the values of a place")
        if self.common_level >= self.levels:
            raise ValueError("'common_level' must be below 'levels'")
        if self.rates[0] > self.rates[1]:
            raise ValueError("'rates' must rise")
        return self


def is_video(data: dict[str, Any]) -> bool:
    """Return whether a YAML mapping, not validated yet, is about a video codec."""
    codec = data.get("codec")
    return isinstance(codec, dict) and codec.get("kind") == "video"
