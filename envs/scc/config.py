"""Schema of an SCC scenario; the values are YAML files in ``semverse.configs.scc``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import pydantic

from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.checks import LARGEST

# strict: a boolean or a quoted number is refused rather than converted
Count = Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]
NonNegative = Annotated[float, pydantic.Field(ge=0, le=LARGEST, strict=True, allow_inf_nan=False)]
Positive = Annotated[float, pydantic.Field(ge=1e-6, le=LARGEST, strict=True, allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, le=1, strict=True)]


def _ordered(value: tuple[Any, Any]) -> tuple[Any, Any]:
    if value[0] > value[1]:
        raise ValueError("the lower end is above the upper end")
    return value


def _expanded(path: Path) -> Path:
    known = Path(os.path.expandvars(path))
    if "$" in str(known):
        raise ValueError("names an environment variable that is not set")
    return known


DataPath = Annotated[Path, pydantic.AfterValidator(_expanded)]  # may begin with an environment variable
Range = Annotated[tuple[NonNegative, NonNegative], pydantic.AfterValidator(_ordered)]
CountRange = Annotated[tuple[Count, Count], pydantic.AfterValidator(_ordered)]
Online = Annotated[float, pydantic.Field(ge=0.001, le=1, strict=True)]
Levels = Annotated[tuple[NonNegative, ...], pydantic.Field(min_length=1)]


class MecConfig(Config):
    """Ranges that MEC properties are drawn from, uniformly."""

    cache_gb: Range
    compute_tflops: Annotated[tuple[Positive, Positive], pydantic.AfterValidator(_ordered)]
    max_tasks: CountRange
    energy_coefficient: NonNegative  # J / (GFLOP (TFLOP/s)^2)


class SpaceLevels(Config):
    """Levels that space properties are drawn from, each apart, uniformly."""

    cache_gb: Levels
    maintenance_j: Levels
    workload_gflop: Levels
    frame_mbit: Levels


class PerKm(Config):
    """Link costs per km of great-circle distance."""

    sync_latency_ms: NonNegative
    sync_energy_j: NonNegative
    sensor_latency_ms: NonNegative
    sensor_energy_j: NonNegative
    frame_latency_ms_per_mbit: NonNegative
    frame_energy_j_per_mbit: NonNegative


class AccessConfig(Config):
    """Ranges of the wireless hop between base station and device, drawn uniformly a user."""

    latency_ms_per_mbit: Range
    energy_j_per_mbit: Range


class SitesConfig(Config):
    """Clustered point process of base stations (Gaussian clusters plus scattered sites)."""

    center_lon: Annotated[float, pydantic.Field(ge=-180, le=180, strict=True)]
    center_lat: Annotated[float, pydantic.Field(ge=-80, le=80, strict=True)]
    clusters: Count
    cluster_spread_km: NonNegative  # standard deviation of cluster centres around the region's centre
    site_spread_km: NonNegative  # standard deviation of sites around their cluster's centre
    scattered_share: Share
    scattered_spread_km: NonNegative  # standard deviation of scattered sites around the region's centre
    max_distance_km: Positive  # sites are pulled towards the centre until no pair is farther apart


class SCCConfig(Config):
    """One scenario: sizes, ranges, link constants and where sites and probabilities come from."""

    name: str
    mecs: Annotated[int, pydantic.Field(ge=1, le=200, strict=True)]
    users: Count
    spaces: Annotated[int, pydantic.Field(ge=1, le=1000, strict=True)]
    spaces_per_user: CountRange
    online_probability: Annotated[tuple[Online, Online], pydantic.AfterValidator(_ordered)]
    popularity_concentration: Annotated[float, pydantic.Field(ge=0.01, le=1e6, strict=True)]  # Dirichlet
    mec: MecConfig
    space_levels: SpaceLevels
    per_km: PerKm
    access: AccessConfig
    sites: SitesConfig
    cells: DataPath | None  # OpenCellID CSV to sample sites from, instead of the point process
    traces: DataPath | None  # file or folder of positional VR traces for the request probabilities
    trace_slots: Count  # time slots each trace is cut into; an instance shows one of them


def load_scenario(region: str | Path = "california", **overrides: Any) -> SCCConfig:
    """Read a scenario: a region that ships (california, virginia, ...) or the path of a YAML file.

    Args:
        region: name of a shipped scenario, or a path ending in .yaml.
        **overrides: top-level keys that replace the file's values, e.g. ``users=50``; None is ignored.

    Raises:
        InputError: unknown region, unreadable file, unknown key or bad value.
    """
    if str(region).endswith((".yaml", ".yml")):
        path, source = Path(region), str(region)
    else:
        known = {file.stem: file for file in sorted(shipped("scc").glob("*.yaml"))}
        if str(region) not in known:
            raise InputError(
                f"unknown region {str(region)!r:.60}",
                key="region",
                remedy=f"choose {', '.join(known)} or a YAML file",
            )
        path, source = known[str(region)], f"region {region}"
    given = {key: value for key, value in overrides.items() if value is not None}
    return parse(SCCConfig, {**load_yaml(path), **given}, source=source)
