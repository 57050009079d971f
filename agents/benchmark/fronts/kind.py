"""Benchmarks of whole instances: agents are compared by their Pareto fronts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from semverse.agents.benchmark.fronts.work import certify_cell, solve_cell
from semverse.agents.benchmark.kind import Inputs, Kind
from semverse.agents.benchmark.store import Store
from semverse.envs.scc.io import load_instance, save_instance

if TYPE_CHECKING:
    from rich.table import Table


class FrontKind(Kind[FrontConfig, Cell, Results]):
    """Agents solve the same instances within the same time; exact bounds certify them."""

    schema = FrontConfig
    folders = (INSTANCES, "certificates", "cells")
    default = "scc.yaml"
    packages = ("moocore", "pymoo", "ortools")

    def check(self, config: FrontConfig, store: Store) -> None:
        """Make every agent once."""
        del store
        check_agents(config)

    def inputs(self, config: FrontConfig, store: Store) -> Inputs:
        """Draw the instances that are not there."""
        drawn = sample_instances(config, known=known_instances(store))
        return {
            f"{INSTANCES}/{name}.json": partial(save_instance, instance) for name, instance in drawn.items()
        }

    def plan(self, config: FrontConfig, store: Store) -> list[Cell]:
        """Return certificates, then agents with the longest budgets first."""
        del store
        return plan_cells(config)

    def expected_seconds(self, config: FrontConfig, cell: Cell) -> float:
        """Return the budget of a cell."""
        return expected_seconds(config, cell)

    def task(self, config: FrontConfig, cell: Cell, store: Store) -> dict[str, Any]:
        """Return the instance and what may be spent on it."""
        return {
            "region": cell.region,
            "seed": cell.seed,
            "instance": str(instance_path(store, cell.instance)),
            "preferences": config.preferences,
            "budget_s": expected_seconds(config, cell),
        }

    def run(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Solve or certify an instance."""
        instance = load_instance(task["instance"])
        return certify_cell(task, instance) if task["agent"] is None else solve_cell(task, instance)

    def collect(self, store: Store) -> Results:
        """Score every front against the certificate of its instance."""
        return collect(store)

    def summarise(self, found: Results) -> Sequence[Row]:
        """Return the mean hypervolumes."""
        return summarise(found)

    def tables(self, found: Results, rows: Sequence[Row], width: int) -> Sequence[Table]:
        """Return one table, or one an indicator."""
        del found
        return rich_tables(rows, width)

    def notes(self, found: Results) -> list[str]:
        """Name the instances without a certificate."""
        return [
            f"no certificate: {name} (the exact agent found no point or bound)" for name in found.uncertified
        ]

    def csv(self, found: Results) -> str:
        """Return one line a finished cell."""
        return csv_text(found)

    def document(self, found: Results, rows: Sequence[Row]) -> dict[str, Any]:
        """Return table, instances and cells."""
        return document(found, rows)

    def facts(self, found: Results) -> list[str]:
        """Return the size of the benchmark."""
        return facts(found)

    def sections(self, found: Results, rows: Sequence[Row]) -> list[str]:
        """Return summary, fronts, curves and certificates."""
        return sections(found, rows)

    def write_tensorboard(self, found: Results, folder: Path) -> None:
        """Write curves and fronts."""
        from semverse.agents.benchmark.fronts.tensorboard import write_tensorboard

        write_tensorboard(found, folder)
