"""Benchmarks of episodes: agents are compared by what they earn in the same episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semverse.agents.benchmark.episodes.actors import entry_of_checkpoint
from semverse.agents.benchmark.episodes.config import EpisodeConfig
from semverse.agents.benchmark.episodes.document import document
from semverse.agents.benchmark.episodes.plan import CHECKPOINTS, check, copies, grid_cells, trainings
from semverse.agents.benchmark.episodes.record import Cell
from semverse.agents.benchmark.episodes.results import Results, collect
from semverse.agents.benchmark.episodes.sections import facts, sections
from semverse.agents.benchmark.episodes.table import Row, csv_text, rich_tables, summarise
from semverse.agents.benchmark.episodes.work import bound_cell, play_cell
from semverse.agents.benchmark.kind import Inputs, Kind
from semverse.agents.benchmark.store import Store
from semverse.agents.registry import list_agents

if TYPE_CHECKING:
    from rich.table import Table


class EpisodeKind(Kind[EpisodeConfig, Cell, Results]):
    """Agents act in the same episodes; their returns stand beside what could have been earned at most."""

    schema = EpisodeConfig
    folders = (CHECKPOINTS, "bounds", "cells")
    free_keys = frozenset({"infos"})
    packages = ("torch", "stable-baselines3")

    def entry(self, label: str) -> dict[str, Any]:
        """Return the configuration of a checkpoint that was named on the command line like an agent."""
        known = {spec.name for spec in list_agents()}
        return {} if label in known else entry_of_checkpoint(label)

    def check(self, config: EpisodeConfig, store: Store) -> None:
        """Make the environment and every agent once."""
        check(config, store)

    def inputs(self, config: EpisodeConfig, store: Store) -> Inputs:
        """Return copies of the checkpoints."""
        return copies(config, store)

    def plan(self, config: EpisodeConfig, store: Store) -> list[Cell]:
        """Return bounds, then agents set by set."""
        return grid_cells(config, store)

    def expected_seconds(self, config: EpisodeConfig, cell: Cell) -> None:
        """Nobody can say how long an agent takes to decide."""

    def task(self, config: EpisodeConfig, cell: Cell, store: Store) -> dict[str, Any]:
        """Return the episodes and the weights."""
        weights = None
        if cell.agent is not None and cell.training is not None:
            weights = str(trainings(config, store, cell.agent)[cell.training])
        return {
            "seed": cell.seed,
            "episodes": config.episodes,
            "settings": config.settings,
            "training": cell.training,
            "weights": weights,
        }

    def run(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Play a set of episodes or find its bounds."""
        return bound_cell(task) if task["agent"] is None else play_cell(task)

    def collect(self, store: Store) -> Results:
        """Join the sets of each agent."""
        return collect(store)

    def summarise(self, found: Results) -> Sequence[Row]:
        """Return means with intervals."""
        return summarise(found)

    def tables(self, found: Results, rows: Sequence[Row], width: int) -> Sequence[Table]:
        """Return one table or two."""
        return rich_tables(found, rows, width)

    def notes(self, found: Results) -> list[str]:
        """Say so where no bound is known."""
        return [] if found.bounded else [f"no bound is known of the returns in {found.config.env}: no shares"]

    def csv(self, found: Results) -> str:
        """Return one line an episode."""
        return csv_text(found)

    def document(self, found: Results, rows: Sequence[Row]) -> dict[str, Any]:
        """Return table and cells."""
        return document(found, rows)

    def facts(self, found: Results) -> list[str]:
        """Return the size of the benchmark."""
        return facts(found)

    def sections(self, found: Results, rows: Sequence[Row]) -> list[str]:
        """Return summary and figures."""
        return sections(found, rows)

    def write_tensorboard(self, found: Results, folder: Path) -> None:
        """Write curves, histograms and settings."""
        from semverse.agents.benchmark.episodes.tensorboard import write_tensorboard

        write_tensorboard(found, folder)
