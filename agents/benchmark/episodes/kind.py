"""Benchmarks of episodes: agents act in the same ones, beside what could be earned in them at most."""

from __future__ import annotations

from semverse.agents.benchmark.episodes.actors import entry
from semverse.agents.benchmark.episodes.config import EpisodeConfig
from semverse.agents.benchmark.episodes.document import document
from semverse.agents.benchmark.episodes.plan import CHECKPOINTS, check, copies, grid_cells, trainings
from semverse.agents.benchmark.episodes.record import Cell
from semverse.agents.benchmark.episodes.results import Results, collect
from semverse.agents.benchmark.episodes.sections import facts, sections
from semverse.agents.benchmark.episodes.table import Row, csv_text, rich_tables, summarise
from semverse.agents.benchmark.episodes.tensorboard import write_tensorboard
from semverse.agents.benchmark.kind import Json, Kind
from semverse.agents.benchmark.store import Store
from semverse.agents.training.bounds import bound_of


def task(config: EpisodeConfig, cell: Cell, store: Store) -> Json:
    """Return the episodes of a cell and the weights that play them."""
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


def notes(results: Results) -> list[str]:
    """Say so where no bound is known."""
    env = results.config.env
    return [f"no bound is known of the returns in {env}: no shares"] if bound_of(env) is None else []


KIND = Kind[EpisodeConfig, Cell, Results, Row](
    schema=EpisodeConfig,
    folders=(CHECKPOINTS, "bounds", "cells"),
    packages=("torch", "stable-baselines3"),
    free_keys=frozenset({"infos"}),
    entry=entry,
    check=check,
    inputs=copies,
    plan=grid_cells,
    expected_seconds=lambda _, cell: None,
    task=task,
    collect=collect,
    summarise=summarise,
    tables=rich_tables,
    notes=notes,
    csv=csv_text,
    document=document,
    facts=facts,
    sections=sections,
    write_tensorboard=write_tensorboard,
)
