"""``python -m semverse.scripts.fedsem_schedule``: search the best flat schedule of a privacy budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    epsilon: Annotated[float, typer.Option(min=0.01, max=1000, help="Total privacy budget of a client.")],
    deadline: Annotated[float, typer.Option(min=0.5, max=1000, help="Of all rounds, in seconds.")] = 9.0,
    number: Annotated[int, typer.Option(min=1, help="Schedules that are trained live.")] = 10,
    imagined: Annotated[int, typer.Option(min=1, help="Episodes of the screening.")] = 8,
    seeds: Annotated[int, typer.Option(min=1, help="Live trainings of each.")] = 6,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first one.")] = 500_000,
    out: Annotated[
        Path, typer.Option(help="Folder of the outcomes; what is there is not trained again.")
    ] = Path("runs/fedsem_schedule"),
) -> None:
    """Screen all flat schedules in the stand-in, train the best live, print them by their return."""
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.agents.fedsem_plans import describe, screen
    from semverse.agents.fedsem_study import ENV, judge_live
    from semverse.agents.registry import make_agent
    from semverse.envs.fedsem.problem import Problem

    problem, settings = (
        Problem.of("default", epsilon=epsilon, deadline_s=deadline),
        {"epsilon": epsilon, "deadline_s": deadline},
    )
    plans = screen(problem, imagined, first_seed, number)
    labels = {describe(plan, problem): plan for plan in plans}
    players = {
        label: (make_agent("flat_schedule", ENV, schedules=[{**plan.values(problem), **settings}]),)
        for label, plan in labels.items()
    }
    rows = judge_live(
        players,
        settings,
        range(first_seed, first_seed + seeds),
        out / f"{epsilon:g}-{deadline:g}",
        next(iter(labels)),
        lambda shown, label: tqdm(shown, desc=label, unit="training"),
    )
    table = Table(
        "schedule", "stand-in", "return", "accuracy", title=f"epsilon {epsilon:g}, {seeds} trainings"
    )
    for row in sorted(rows, key=lambda row: -row.total):
        low, high = row.total_interval
        live = f"{row.total:.3f} ({low:.3f}-{high:.3f})"
        table.add_row(row.agent, f"{labels[row.agent].value:.3f}", live, f"{row.accuracy:.3f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    run(command)
