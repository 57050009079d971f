"""``semverse report``: rebuild the outputs of a benchmark folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(folder: Annotated[Path, typer.Argument(help="The --out of a benchmark.")]) -> None:
    """Rebuild table, HTML report and TensorBoard logs of a benchmark folder, finished or not."""
    from semverse.agents.benchmark.store import Store
    from semverse.agents.benchmark.summary import conclude

    conclude(Store(folder))


if __name__ == "__main__":
    run(command)
