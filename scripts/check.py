"""``semverse check``: run every public conformance kit on an environment."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from semverse.envs.conformance import Result, check_environment
from semverse.scripts.cli import run

STYLES = {"pass": "green", "advice": "yellow", "skip": "dim", "fail": "bold red"}


def command(
    target: Annotated[
        str, typer.Argument(help="MODULE:ENV_ID, e.g. semverse.envs:semverse/SCC-v0 or gymnasium:CartPole-v1")
    ],
) -> None:
    """Run every public conformance kit on an environment, ours or not, with warnings as errors.

    Exits with 0 if no check failed, with 1 otherwise.
    """
    results = check_environment(target)
    Console().print(_table(target, results))
    if any(result.status == "fail" for result in results):
        raise typer.Exit(1)


def _table(target: str, results: list[Result]) -> Table:
    table = Table(title=f"Conformance of {target}")
    for heading in ("check", "result", "detail"):
        table.add_column(heading)
    for result in results:
        style = STYLES[result.status]
        table.add_row(result.name, f"[{style}]{result.status}[/]", result.detail.replace("[", "\\["))
    return table


if __name__ == "__main__":
    run(command)
