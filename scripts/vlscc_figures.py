"""``python -m semverse.scripts.vlscc_figures``: rate control agents on held-out content, and the bounds."""

from __future__ import annotations

from typing import Annotated

import typer

from semverse.scripts.cli import run

RULES = "vlscc_random,entropy,ran,lagrange,causal"


def command(
    checkpoint: Annotated[str | None, typer.Option(help="Folders or shipped names, by commas.")] = None,
    agents: Annotated[str, typer.Option(help="Agents without weights, by commas.")] = RULES,
    env: Annotated[str, typer.Option(help="Environment id.")] = "semverse/VLSCC-v0",
    profile: Annotated[str | None, typer.Option(help="A shipped one, or a YAML file.")] = None,
    content: Annotated[str, typer.Option(help="Frames shown: train, held_out or all.")] = "held_out",
    episodes: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first one.")] = 2_000_000,
) -> None:
    """Print mean reward and symbols a frame, and the share of the optimum's gain over a fixed level.

    Intervals of the share are bootstrapped over episodes and trainings.
    """
    from rich.console import Console
    from rich.table import Table

    from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
    from semverse.agents.registry import make_agent
    from semverse.agents.vlscc_study import study
    from semverse.scripts.options import split

    settings = {"content": content} | ({} if profile is None else {"profile": profile})
    players = {name: [make_agent(name, env, env_settings=settings)] for name in split(agents) or []}
    for name in split(checkpoint) or []:
        players[name] = [load_checkpoint(folder) for folder in find_checkpoints(name)]
    table = Table(
        "agent",
        "reward",
        "symbols",
        "gain",
        "95 % interval",
        "of each training",
        title=f"{env}, {profile or 'its own'} profile, {content} content",
    )
    for row in study(env, settings, players, episodes, seed):
        each = ", ".join(f"{value:.3f}" for value in row.gains) if len(row.gains) > 1 else ""
        interval = "{:.3f} to {:.3f}".format(*row.interval)
        table.add_row(row.agent, f"{row.reward:.4f}", f"{row.symbols:.0f}", f"{row.gain:.3f}", interval, each)
    Console(width=100).print(table)


if __name__ == "__main__":
    run(command)
