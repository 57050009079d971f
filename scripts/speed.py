"""``python -m semverse.scripts.speed``: how fast the model and the environments are on one core."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.scc.speed import evaluate_rate, single_rate, vector_rate
from semverse.scripts.cli import run

UNITS = {
    "model.evaluate": "placements/s",
    "SCC-v0, single": "steps/s",
    "SCC-v0, native batch": "placed requests/s",
}


def command(
    seconds: Annotated[float, typer.Option(min=0.01, help="Length of each measurement.")] = 3.0,
    num_envs: Annotated[int, typer.Option(min=1, help="Environments in the batch.")] = 64,
    region: Annotated[str, typer.Option(help="Scenario: a shipped region or a YAML file.")] = "california",
) -> None:
    """Measure rates per second of processor time on one core, resets and instance generation included."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rates = (
        evaluate_rate(region, seconds),
        single_rate(region, seconds),
        vector_rate(region, num_envs, seconds),
    )
    table = Table("what", "rate", "unit", title=f"{region}, one core, {num_envs} environments in the batch")
    for (name, unit), rate in zip(UNITS.items(), rates, strict=True):
        table.add_row(name, f"{rate:,.0f}", unit)
    Console().print(table)


if __name__ == "__main__":
    run(command)
