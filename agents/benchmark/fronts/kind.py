"""Benchmarks of whole instances: agents solve them within the same time, and exact bounds certify them."""

from __future__ import annotations

from functools import partial

from semverse.agents.benchmark.fronts.cell import Cell
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.fronts.document import document
from semverse.agents.benchmark.fronts.plan import (
    INSTANCES,
    check_agents,
    expected_seconds,
    instance_path,
    known_instances,
    plan_cells,
    sample_instances,
)
from semverse.agents.benchmark.fronts.results import Results, collect
from semverse.agents.benchmark.fronts.sections import facts, sections
from semverse.agents.benchmark.fronts.table import Row, csv_text, rich_tables, summarise
from semverse.agents.benchmark.fronts.tensorboard import write_tensorboard
from semverse.agents.benchmark.kind import Inputs, Json, Kind
from semverse.agents.benchmark.store import Store
from semverse.envs.scc.io import save_instance


def inputs(config: FrontConfig, store: Store) -> Inputs:
    """Draw the instances that are not there."""
    drawn = sample_instances(config, known=known_instances(store))
    return {f"{INSTANCES}/{name}.json": partial(save_instance, instance) for name, instance in drawn.items()}


def task(config: FrontConfig, cell: Cell, store: Store) -> Json:
    """Return the instance of a cell and what may be spent on it."""
    return {
        "region": cell.region,
        "seed": cell.seed,
        "instance": str(instance_path(store, cell.instance)),
        "preferences": config.preferences,
        "budget_s": expected_seconds(config, cell),
    }


def notes(results: Results) -> list[str]:
    """Name the instances without a certificate."""
    return [
        f"no certificate: {name} (the exact agent found no point or bound)" for name in results.uncertified
    ]


KIND = Kind[FrontConfig, Cell, Results, Row](
    schema=FrontConfig,
    folders=(INSTANCES, "certificates", "cells"),
    packages=("moocore", "pymoo", "ortools"),
    default="scc.yaml",
    entry=lambda _: {},
    check=lambda config, _: check_agents(config),
    inputs=inputs,
    plan=lambda config, _: plan_cells(config),
    expected_seconds=expected_seconds,
    task=task,
    collect=collect,
    summarise=summarise,
    tables=lambda _, rows, width: rich_tables(rows, width),
    notes=notes,
    csv=csv_text,
    document=document,
    facts=facts,
    sections=sections,
    write_tensorboard=write_tensorboard,
)
