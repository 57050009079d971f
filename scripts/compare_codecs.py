"""``semverse compare-codecs``: learned and classical codecs side by side; tables, figures, findings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file, e.g. configs/comparison/videos.yaml; codecs.yaml if left out."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for everything written.")] = Path("runs/codecs"),
    resume: Annotated[bool, typer.Option("--resume", help="Carry on where a run was stopped.")] = False,
) -> None:
    """Compare codecs of meshes and pictures (paper 002, Figs. 6, 8, 9) or video (paper 000, Figs. 6, 7)."""
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.envs.codecs.comparison.config import ComparisonConfig
    from semverse.envs.codecs.comparison.run import compare_codecs
    from semverse.envs.config import load_config, shipped

    chosen = load_config(ComparisonConfig, config or shipped("comparison", "codecs.yaml"))
    with tqdm(desc="cells", unit=" cells") as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        findings = compare_codecs(chosen, out, resume=resume, progress=advance)
    table = Table("claim", "paper", "reproduced", "figures")
    for found in findings:
        figures = ", ".join(f"{name} {value:g}" for name, value in found["figures"].items())
        answer = {True: "yes", False: "no", None: "not comparable"}[found["reproduced"]]
        table.add_row(found["claim"], found["source"], answer, figures)
    Console(width=160).print(table)


if __name__ == "__main__":
    run(command)
