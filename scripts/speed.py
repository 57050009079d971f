"""``python -m semverse.scripts.speed``: how fast the model and the environments are on one core."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.cee import speed as cee_speed
from semverse.envs.fedsem import speed as fedsem_speed
from semverse.envs.isgc.speed import batch_rate, cartpole_rate, optimum_rate
from semverse.envs.scc.speed import evaluate_rate, single_rate, vector_rate
from semverse.envs.vlscc import speed as vlscc_speed
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
    table.add_row("import semverse.envs, on top of gymnasium", f"{import_milliseconds():,.0f}", "ms")
    table.add_section()
    for name, rate, unit in _others(seconds, num_envs=1024):
        table.add_row(name, f"{rate:,.0f}", unit)
    Console().print(table)


def import_milliseconds() -> float:
    """Measure the import of the environments in a fresh interpreter; the best of three."""
    code = "import time, gymnasium; start = time.perf_counter(); import semverse.envs;"
    code += "print(time.perf_counter() - start)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(3)]
    return 1000 * min(float(done.stdout) for done in runs)


def _others(seconds: float, num_envs: int) -> list[tuple[str, float, str]]:
    """Measure the other problems, and CartPole beside them."""
    return [
        (f"VLSCC-v0, native batch of {num_envs}", vlscc_speed.batch_rate(num_envs, seconds), "steps/s"),
        ("CEE-v0, single", cee_speed.single_rate(seconds), "steps/s"),
        (f"CEE-v0, native batch of {num_envs}", cee_speed.batch_rate(num_envs, seconds), "steps/s"),
        (f"FedSemFast-v0, native batch of {num_envs}", fedsem_speed.batch_rate(num_envs, seconds), "steps/s"),
        ("ISGC optimum, paper", optimum_rate("paper", seconds), "states/s"),
        ("ISGC optimum, psd", optimum_rate("psd", seconds), "states/s"),
        (f"ISGC-v0, native batch of {num_envs}", batch_rate(num_envs, seconds), "steps/s"),
        ("the same, 100 states an episode", batch_rate(num_envs, seconds, episode_length=100), "steps/s"),
        (f"CartPole-v1, Gymnasium's batch of {num_envs}", cartpole_rate(num_envs, seconds), "steps/s"),
    ]


if __name__ == "__main__":
    run(command)
