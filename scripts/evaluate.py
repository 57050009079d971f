"""``semverse evaluate``: score checkpoints and rule-based agents on held-out episodes."""

from __future__ import annotations

from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    checkpoint: Annotated[
        str | None, typer.Option(help="Folders of checkpoints or runs, or names that ship; by commas.")
    ] = None,
    agents: Annotated[str | None, typer.Option(help="Agents without weights, by commas.")] = None,
    env: Annotated[str, typer.Option(help="Environment of --agents.")] = "semverse/ISGC-v0",
    episodes: Annotated[int, typer.Option(min=1, help="Held-out episodes.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first episode.")] = 1_000_000,
    latency: Annotated[bool, typer.Option("--latency", help="Measure how fast the agents decide.")] = False,
    budget: Annotated[float, typer.Option(help="Seconds a planner has for one plan.")] = 1.0,
    processor_time: Annotated[
        bool, typer.Option("--processor-time", help="Count planners' budgets and times in processor time.")
    ] = False,
    reference: Annotated[
        str | None, typer.Option(help="Agent whose return the others' gain is over.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Evaluate agents on the same held-out episodes."""
    import json as json_module

    from rich.console import Console
    from tqdm import tqdm

    from semverse.agents.training.compare import Conditions, compare
    from semverse.agents.training.table import comparison_tables
    from semverse.envs.errors import InputError
    from semverse.scripts.options import split
    from semverse.solvers.base import Budget

    if checkpoint is None and agents is None:
        raise InputError("is missing", source="--checkpoint", remedy="give a checkpoint, or --agents")
    limit = Budget(seconds=budget, processor=processor_time)
    rows = compare(
        split(checkpoint) or [],
        split(agents) or [],
        Conditions(env, episodes, seed, timed=latency, budget=limit, reference=reference),
        lambda played, name: tqdm(played, desc=name, unit="episode", disable=None),
    )
    if json:
        print(json_module.dumps(rows, indent=1))
    else:
        for table in comparison_tables(rows):
            Console().print(table)


if __name__ == "__main__":
    run(command)
