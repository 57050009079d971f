"""``python -m semverse.scripts.fedsem_judge``: agents in live federated trainings, on held-out seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run

RULES = "fedsem_random,channel,coverage,coverage_channel,flat_schedule,varied_schedule,lookahead"


def command(
    checkpoint: Annotated[str | None, typer.Option(help="Folders or shipped names, by commas.")] = None,
    agents: Annotated[str, typer.Option(help="Agents without weights, by commas.")] = RULES,
    epsilons: Annotated[str, typer.Option(help="Total privacy budgets, by commas.")] = "4,8",
    deadline: Annotated[float, typer.Option(min=0.5, max=1000, help="Of all rounds, in seconds.")] = 9.0,
    seeds: Annotated[int, typer.Option(min=2, help="Trainings of each.")] = 20,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first one.")] = 2_000_000,
    reference: Annotated[str, typer.Option(help="Agent whose return the gain is over.")] = "flat_schedule",
    out: Annotated[
        Path, typer.Option(help="Folder of the outcomes; what is there is not trained again.")
    ] = Path("runs/fedsem_judge"),
) -> None:
    """Print returns and paired gains over a reference, with bootstrap intervals of 95 %."""
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.agents.base import Agent
    from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
    from semverse.agents.fedsem_study import ENV, judge_live
    from semverse.agents.registry import make_agent
    from semverse.envs.errors import InputError
    from semverse.scripts.options import numbers, split

    players: dict[str, list[Agent]] = {name: [make_agent(name, ENV)] for name in split(agents) or []}
    for name in split(checkpoint) or []:
        players[name] = [load_checkpoint(folder) for folder in find_checkpoints(name)]
    if reference not in players:
        remedy = "choose " + ", ".join(players)
        raise InputError("is none of them", source="--reference", key=reference, remedy=remedy)
    for epsilon in numbers(epsilons, "--epsilons"):
        rows = judge_live(
            players,
            {"epsilon": epsilon, "deadline_s": deadline},
            range(first_seed, first_seed + seeds),
            out / f"{epsilon:g}-{deadline:g}",
            reference,
            lambda shown, label: tqdm(shown, desc=label, unit="training"),
        )
        title = f"epsilon {epsilon:g}, {deadline:g} s, {seeds} trainings, gain over {reference}"
        table = Table("agent", "return", "accuracy", "epsilon", "s left", "gain", title=title)
        for row in rows:
            low, high = row.total_interval
            below, above = row.gain_interval
            table.add_row(
                row.agent,
                f"{row.total:.3f} ({low:.3f} to {high:.3f})",
                f"{row.accuracy:.3f}",
                f"{row.epsilon:.2f}",
                f"{row.seconds:.2f}",
                f"{row.gain:+.3f} ({below:+.3f} to {above:+.3f})",
            )
        Console(width=110).print(table)


if __name__ == "__main__":
    run(command)
