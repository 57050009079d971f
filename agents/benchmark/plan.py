"""What a benchmark runs: its configuration, its instances and its cells."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pydantic

from semverse.agents.registry import make_agent
from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.config import SCCConfig, load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.types import Instance

Seconds = Annotated[float, pydantic.Field(gt=0, le=1e6, strict=True, allow_inf_nan=False)]
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+]*")  # names become parts of file names, joined by "-"


class BenchmarkConfig(Config):
    """Everything that decides what a benchmark computes; the values are YAML."""

    env: str
    regions: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]  # shipped scenarios or YAML files
    seeds: Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]  # instances a region: seeds 0, 1, ...
    budget_s: Seconds  # wall-clock time of one agent on one instance
    certificate_budget_s: Seconds  # wall-clock time of the exact solver that certifies one instance
    preferences: Annotated[int, pydantic.Field(ge=2, le=1000, strict=True)]  # points aimed at, evenly spread
    workers: Annotated[int, pydantic.Field(ge=1, le=1024, strict=True)] | None  # processes; null: one a core
    agents: Annotated[dict[str, dict[str, Any]], pydantic.Field(min_length=1)]  # name -> its own keys
    scenario: dict[str, Any]  # top-level scenario keys that replace the regions' own, e.g. users: 50
    cells: tuple[Path, ...]  # OpenCellID files: none, one for all regions, or one a region
    traces: Path | None  # VR traces for the request probabilities

    @property
    def processes(self) -> int:
        """Number of worker processes."""
        return self.workers or len(available_cores())


@dataclasses.dataclass(frozen=True)
class Cell:
    """One unit of work: an agent on an instance, or (agent None) the instance's certificate."""

    region: str
    seed: int
    agent: str | None

    @property
    def instance(self) -> str:
        """Name of the instance."""
        return f"{self.region}-{self.seed}"

    @property
    def name(self) -> str:
        """Name of the cell's file."""
        return self.instance if self.agent is None else f"{self.instance}-{self.agent}"

    def __str__(self) -> str:
        return f"{self.instance} {self.agent or 'certificate'}"


def available_cores() -> list[int]:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def load_benchmark(path: str | Path | None, flags: dict[str, Any]) -> BenchmarkConfig:
    """Read a configuration and put what was given on the command line on top.

    Args:
        path: YAML file; None means the one that ships.
        flags: values by key; None means not given. ``agents`` is a list of names, which keep the
            settings the file has for them.

    Raises:
        InputError: unreadable file, unknown key, bad value.
    """
    source = shipped("benchmark", "scc.yaml") if path is None else path
    data = load_yaml(source)
    given = {key: value for key, value in flags.items() if value is not None}
    if "agents" in given:
        settings = data.get("agents")
        known = settings if isinstance(settings, dict) else {}
        given["agents"] = {name: known.get(name, {}) for name in given["agents"]}
    return parse(BenchmarkConfig, {**data, **given}, source="benchmark" if path is None else path)


def check_agents(config: BenchmarkConfig) -> None:
    """Make every agent once, so that a wrong name or key shows before anything runs.

    Raises:
        InputError: unknown agent, unsupported environment, unknown or bad key of an agent.
    """
    for name, settings in config.agents.items():
        _check_name("agents", name)
        make_agent(name, config.env, **settings)
    make_agent("exact")  # bounds every instance, whatever the agents are


def load_regions(config: BenchmarkConfig) -> dict[str, SCCConfig]:
    """Return each region's scenario by its name.

    Raises:
        InputError: unknown region or key, two regions of one name, a wrong number of cell files.
    """
    if len(config.cells) not in (0, 1, len(config.regions)):
        raise InputError(
            f"{len(config.cells)} files for {len(config.regions)} regions",
            key="cells",
            remedy="give one file, or one a region",
        )
    files: tuple[Path | None, ...] = config.cells or (None,)
    if len(files) == 1:
        files = files * len(config.regions)
    scenarios: dict[str, SCCConfig] = {}
    for region, cells in zip(config.regions, files, strict=True):
        given = {"cells": cells, "traces": config.traces}
        replaced = {key: value for key, value in given.items() if value is not None}
        scenario = load_scenario(region, **{**config.scenario, **replaced})
        _check_name("regions", scenario.name)
        if scenario.name in scenarios:
            raise InputError(
                f"two are named {scenario.name!r}", key="regions", remedy="give each another name"
            )
        scenarios[scenario.name] = scenario
    return scenarios


def sample_instances(config: BenchmarkConfig) -> dict[str, Instance]:
    """Draw every instance of the benchmark, by name; seed s of a region is always the same instance.

    Raises:
        InputError: bad region, cells or traces, or no servable instance.
    """
    return {
        Cell(region, seed, None).instance: dataclasses.replace(
            sample_instance(scenario, np.random.default_rng(seed)), name=Cell(region, seed, None).instance
        )
        for region, scenario in load_regions(config).items()
        for seed in range(config.seeds)
    }


def plan_cells(config: BenchmarkConfig) -> list[Cell]:
    """Return all cells in the order they run: the long ones (certificates) first, for even loads."""
    grid = [(region, seed) for region in load_regions(config) for seed in range(config.seeds)]
    certificates = [Cell(region, seed, None) for region, seed in grid]
    return certificates + [Cell(region, seed, agent) for region, seed in grid for agent in config.agents]


def expected_seconds(config: BenchmarkConfig, cell: Cell) -> float:
    """Return the budget of a cell."""
    return config.certificate_budget_s if cell.agent is None else config.budget_s


def _check_name(key: str, name: str) -> None:
    if not _SAFE_NAME.fullmatch(name):
        raise InputError(f"name {name!r:.60}", key=key, remedy="use letters, digits, '_', '.' and '+'")
