"""``semverse report``: rebuild the outputs of a benchmark folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(folder: Annotated[Path, typer.Argument(help="The --out of a benchmark.")]) -> None:
    """Rebuild table, HTML report and TensorBoard logs of a benchmark folder, finished or not."""
    from rich.console import Console

    from semverse.agents.benchmark.run import write_results
    from semverse.agents.benchmark.store import Store
    from semverse.agents.benchmark.table import rich_table, summarise

    with Console(stderr=True).status("writing tables, TensorBoard logs and report"):
        results = write_results(Store(folder))
    console = Console()
    console.print(rich_table(summarise(results), results.regions))
    for cell in results.missing:
        console.print(f"missing: {cell}", highlight=False)
    console.print(f"report:      {folder / 'report.html'}", highlight=False, soft_wrap=True)
    console.print(
        f"tensorboard: tensorboard --logdir {folder / 'tensorboard'}", highlight=False, soft_wrap=True
    )


if __name__ == "__main__":
    run(command)
