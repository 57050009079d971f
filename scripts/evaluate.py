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
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Evaluate agents on the same held-out episodes."""
    import json as json_module

    from rich.console import Console

    from semverse.agents.training.compare import compare
    from semverse.agents.training.table import comparison_table
    from semverse.envs.errors import InputError
    from semverse.scripts.options import split

    if checkpoint is None and agents is None:
        raise InputError("is missing", source="--checkpoint", remedy="give a checkpoint, or --agents")
    rows = compare(
        split(checkpoint) or [], split(agents) or [], env=env, episodes=episodes, seed=seed, timed=latency
    )
    if json:
        print(json_module.dumps(rows, indent=1))
    else:
        Console().print(comparison_table(rows))


if __name__ == "__main__":
    run(command)
