"""Configuration of the exact solver."""

from __future__ import annotations

from typing import Annotated

import pydantic

from semverse.envs.config import Config, load_config, shipped


class ExactConfig(Config):
    """Configuration of `ExactSolver`."""

    columns_per_space: Annotated[int, pydantic.Field(ge=1, le=1000)]  # taken over from each pricing
    tolerance: Annotated[float, pydantic.Field(gt=0, lt=1)]  # relative gap of a linear relaxation
    optimality: Annotated[float, pydantic.Field(gt=0, lt=1)]  # relative gap that counts as optimal
    window: Annotated[float, pydantic.Field(gt=0)]  # relative reduced cost of columns in the integer step
    integer_effort: Annotated[float, pydantic.Field(gt=0)]  # of an integer step: CP-SAT's deterministic time
    integer_columns: Annotated[int, pydantic.Field(ge=1)]  # most columns in one integer step
    variety_draws: Annotated[int, pydantic.Field(ge=0, le=1000)]  # prices drawn for more columns
    variety_sets: Annotated[int, pydantic.Field(ge=1, le=100_000)]  # host sets a space and draw
    variety_share: Annotated[float, pydantic.Field(ge=0, le=1)]  # of the gap: reduced cost of host sets
    nodes: Annotated[int, pydantic.Field(ge=1)]  # branch-and-price nodes a visit
    step_effort: Annotated[float, pydantic.Field(gt=0)]  # of the search inside one step of the front
    fill_share: Annotated[float, pydantic.Field(ge=0, lt=1)]  # of the budget, for points in between


def default_config() -> ExactConfig:
    """Return the configuration that ships."""
    return load_config(ExactConfig, shipped("agents", "exact.yaml"))
