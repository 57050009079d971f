"""``semverse benchmark``: agents x instances x seeds at equal wall-clock budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    config: Annotated[Path | None, typer.Option(help="YAML file; default: the one that ships.")] = None,
    agents: Annotated[
        str | None, typer.Option(help="Labels of the file or names of agents, by commas.")
    ] = None,
    reference_agent: Annotated[
        str | None, typer.Option(help="Label that the others are compared with.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="Environment id.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Instances a region, or sets of episodes.")] = None,
    first_seed: Annotated[int | None, typer.Option(help="Seed of the first instance or episode.")] = None,
    episodes: Annotated[int | None, typer.Option(help="Episodes a set.")] = None,
    budget: Annotated[
        float | None, typer.Option(help="Seconds an agent has for one instance, or a planner for one plan.")
    ] = None,
    certificate_budget: Annotated[
        float | None, typer.Option(help="Seconds the exact solver has to bound one instance.")
    ] = None,
    regions: Annotated[str | None, typer.Option(help="Regions, YAML files or labels of the file.")] = None,
    cells: Annotated[
        str | None, typer.Option(help="OpenCellID CSV: one for all regions, or one a region, by commas.")
    ] = None,
    traces: Annotated[Path | None, typer.Option(help="Positional VR traces: a file or a folder.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for everything written.")] = Path("runs/benchmark"),
    resume: Annotated[
        bool, typer.Option("--resume", help="Carry on, also with more agents or seeds.")
    ] = False,
) -> None:
    """Compare agents on the same instances or episodes; write tables, TensorBoard logs and report."""
    from semverse.agents.benchmark.config import load_benchmark
    from semverse.agents.benchmark.progress import show_progress
    from semverse.agents.benchmark.run import run_benchmark
    from semverse.agents.benchmark.store import CONFIG_FILE, Store
    from semverse.agents.benchmark.summary import conclude
    from semverse.scripts.options import split

    flags = {
        "agents": split(agents),
        "env": env,
        "reference_agent": reference_agent,
        "seeds": seeds,
        "first_seed": first_seed,
        "episodes": episodes,
        "budget_s": budget,
        "certificate_budget_s": certificate_budget,
        "regions": split(regions),
        "cells": split(cells),
        "traces": traces,
        "workers": workers,
    }
    if resume and config is None and Store(out).exists:
        config = out / CONFIG_FILE  # a bare --resume carries on with what was asked for at the start
    conclude(run_benchmark(load_benchmark(config, flags), out, resume, show_progress))


if __name__ == "__main__":
    run(command)
