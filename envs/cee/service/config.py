"""Schema of what the service does to clips; values, with units and sources: ``configs/cee/service.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pydantic

from semverse.envs.cee.config import NonNegative, Positive
from semverse.envs.cee.gaussians.fitting import FitConfig
from semverse.envs.config import Config, load_config, shipped


class Chain(Config):
    """How a classical codec and what carries it are set."""

    qp: Annotated[int, pydantic.Field(ge=1, le=63, strict=True)]
    gop: Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]
    modulation: str
    code_rate: Positive
    k: Annotated[int, pydantic.Field(ge=16, le=8448, strict=True)]


class SceneConfig(Config):
    """How a flat clip becomes three-dimensional."""

    height: Annotated[int, pydantic.Field(ge=32, le=512, strict=True)]
    field_of_view_deg: Annotated[float, pydantic.Field(gt=0, lt=180)]
    person_m: Positive
    relief_m: NonNegative
    background_m: Positive
    tracks: Annotated[int, pydantic.Field(ge=40, le=100_000, strict=True)]

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> SceneConfig:
        if not self.relief_m < self.person_m < self.background_m:
            raise ValueError("needs relief_m < person_m < background_m")
        return self


class ViewConfig(Config):
    """The view that is rendered."""

    sway_m: NonNegative


class ServiceConfig(Config):
    """What the service does to clips."""

    chain: Chain
    scene: SceneConfig
    view: ViewConfig
    fit: FitConfig


def load_service(path: str | Path | None = None) -> ServiceConfig:
    """Read the configuration that ships, or another file.

    Raises:
        InputError: a bad file.
    """
    return load_config(ServiceConfig, shipped("cee", "service.yaml") if path is None else path)
