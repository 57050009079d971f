"""Benchmarks of whole instances: agents are compared by their Pareto fronts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semverse.agents.benchmark.fronts import document, plan, results, sections, table, work
from semverse.agents.benchmark.fronts.cell import Cell
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.kind import Inputs, Kind
from semverse.agents.benchmark.store import Store
from semverse.envs.scc.io import load_instance, save_instance

if TYPE_CHECKING:
    from rich.table import Table


class FrontKind(Kind[FrontConfig, Cell, results.Results]):
    """Agents solve the same instances within the same time; exact bounds certify them."""

    schema = FrontConfig
    folders = (plan.INSTANCES, "certificates", "cells")
    default = "scc.yaml"
    packages = ("moocore", "pymoo", "ortools")

    def check(self, config: FrontConfig) -> None:
        """Make every agent once."""
        plan.check_agents(config)

    def inputs(self, config: FrontConfig, store: Store) -> Inputs:
        """Draw the instances that are not there."""
        drawn = plan.sample_instances(config, known=plan.known_instances(store))
        return {
            f"{plan.INSTANCES}/{name}.json": partial(save_instance, instance)
            for name, instance in drawn.items()
        }

    def plan(self, config: FrontConfig, store: Store) -> list[Cell]:
        """Return certificates, then agents with the longest budgets first."""
        del store
        return plan.plan_cells(config)

    def expected_seconds(self, config: FrontConfig, cell: Cell) -> float:
        """Return the budget of a cell."""
        return plan.expected_seconds(config, cell)

    def task(self, config: FrontConfig, cell: Cell, store: Store) -> dict[str, Any]:
        """Return the instance and what may be spent on it."""
        return {
            "region": cell.region,
            "seed": cell.seed,
            "instance": str(plan.instance_path(store, cell.instance)),
            "preferences": config.preferences,
            "budget_s": plan.expected_seconds(config, cell),
        }

    def run(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Solve or certify an instance."""
        instance = load_instance(task["instance"])
        return work.certify_cell(task, instance) if task["agent"] is None else work.solve_cell(task, instance)

    def collect(self, store: Store) -> results.Results:
        """Score every front against the certificate of its instance."""
        return results.collect(store)

    def summarise(self, found: results.Results) -> Sequence[table.Row]:
        """Return the mean hypervolumes."""
        return table.summarise(found)

    def tables(self, found: results.Results, rows: Sequence[table.Row], width: int) -> Sequence[Table]:
        """Return one table, or one an indicator."""
        del found
        return table.rich_tables(rows, width)

    def notes(self, found: results.Results) -> list[str]:
        """Name the instances without a certificate."""
        return [
            f"no certificate: {name} (the exact agent found no point or bound)" for name in found.uncertified
        ]

    def csv(self, found: results.Results) -> str:
        """Return one line a finished cell."""
        return table.csv_text(found)

    def document(self, found: results.Results, rows: Sequence[table.Row]) -> dict[str, Any]:
        """Return table, instances and cells."""
        return document.document(found, rows)

    def facts(self, found: results.Results) -> list[str]:
        """Return the size of the benchmark."""
        return sections.facts(found)

    def sections(self, found: results.Results, rows: Sequence[table.Row]) -> list[str]:
        """Return summary, fronts, curves and certificates."""
        return sections.sections(found, rows)

    def write_tensorboard(self, found: results.Results, folder: Path) -> None:
        """Write curves and fronts."""
        from semverse.agents.benchmark.fronts.tensorboard import write_tensorboard

        write_tensorboard(found, folder)
