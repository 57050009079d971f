"""What a benchmark of whole instances runs: its agents, its instances and its cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path
from typing import Any

import numpy as np

from semverse.agents.benchmark.fronts.cell import Cell
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.store import Store
from semverse.agents.benchmark.variants import below, check_labels, check_name, check_reference, make_variant
from semverse.agents.registry import make_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.config import SCCConfig, load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.types import Instance

FRONTS_RUN = "fronts"  # TensorBoard's run that is no agent
INSTANCES = "instances"  # folder


def check_agents(config: FrontConfig) -> None:
    """Make every agent once, so that a wrong name or key shows before anything runs.

    Raises:
        InputError: unknown agent, unsupported environment, unknown or bad key of an agent; a reference
            agent that is none of them; nothing to certify with.
    """
    check_labels(config, FRONTS_RUN)
    for variant in config.variants.values():
        make_variant(variant, config.env)
    check_reference(config)
    if config.certificate_budget_s is not None:
        make_agent("exact")  # bounds every instance, whatever the agents are
    elif config.certifier is None:
        raise InputError(
            "is null, but no agent is exact",
            key="certificate_budget_s",
            remedy="give seconds, or add exact to the agents",
        )


def load_regions(config: FrontConfig) -> dict[str, SCCConfig]:
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
    for label, cells in zip(config.regions, files, strict=True):
        given = {"cells": cells, "traces": config.traces}
        replaced = {key: value for key, value in given.items() if value is not None}
        scenario = _load_region(config, label, {**config.scenario, **replaced})
        check_name("regions", scenario.name)
        if scenario.name in scenarios:
            raise InputError(
                f"two are named {scenario.name!r}", key="regions", remedy="give each another name"
            )
        scenarios[scenario.name] = scenario
    return scenarios


def _load_region(config: FrontConfig, label: str, shared: dict[str, Any]) -> SCCConfig:
    """Load one region: its scenario, the keys of all regions on top, its own on top of those."""
    if not isinstance(config.regions, dict):
        return load_scenario(label, **shared)
    own: dict[str, Any] = dict(config.regions[label])
    region = own.pop("region", None) or label
    try:
        if "name" in own:
            raise InputError("the label is the name", key="name", remedy="remove it")
        return load_scenario(region, **{**shared, **own, "name": label})
    except InputError as error:
        raise below(f"regions.{label}", error) from error


def sample_instances(config: FrontConfig, known: Container[str] = ()) -> dict[str, Instance]:
    """Draw the instances of the benchmark, by name; seed s of a region is always the same instance.

    Args:
        config: the benchmark.
        known: names of instances that need not be drawn.

    Raises:
        InputError: bad region, cells or traces, or no servable instance.
    """
    instances: dict[str, Instance] = {}
    for region, scenario in load_regions(config).items():
        for seed in config.all_seeds:
            name = Cell(region, seed, None).instance
            if name not in known:
                drawn = _draw(config, region, scenario, seed)
                instances[name] = dataclasses.replace(drawn, name=name)
    return instances


def instance_path(store: Store, name: str) -> Path:
    """Return where an instance lies."""
    return store.folder / INSTANCES / f"{name}.json"


def known_instances(store: Store) -> set[str]:
    """Return the names of the instances that lie in a benchmark's folder."""
    return {path.stem for path in (store.folder / INSTANCES).glob("*.json")}


def _draw(config: FrontConfig, region: str, scenario: SCCConfig, seed: int) -> Instance:
    try:
        return sample_instance(scenario, np.random.default_rng(seed))
    except InputError as error:
        if not isinstance(config.regions, dict):
            raise
        raise below(f"regions.{region}", error) from error


def grid_cells(config: FrontConfig) -> list[Cell]:
    """Return all cells in the order of the configuration: by region, seed and agent, certificates first."""
    grid = [(region, seed) for region in load_regions(config) for seed in config.all_seeds]
    separate = config.certificate_budget_s is not None
    certificates = [Cell(region, seed, None) for region, seed in grid if separate]
    return certificates + [Cell(region, seed, label) for region, seed in grid for label in config.agents]


def plan_cells(config: FrontConfig) -> list[Cell]:
    """Return all cells in the order they run: certificates, then longest budgets first, for even loads."""
    return sorted(
        grid_cells(config), key=lambda cell: (cell.agent is not None, -expected_seconds(config, cell))
    )


def expected_seconds(config: FrontConfig, cell: Cell) -> float:
    """Return the budget of a cell."""
    if cell.agent is not None:
        return config.variants[cell.agent].budget_s
    assert config.certificate_budget_s is not None  # a separate certificate is only planned with a budget
    return config.certificate_budget_s
