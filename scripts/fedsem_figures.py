"""``python -m semverse.scripts.fedsem_figures``: Figs. 5a and 5b of paper 004 remade, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    data: Annotated[str, typer.Option(help="digits, mnist, or a .npz or .csv file.")] = "digits",
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Trainings of each kind.")] = 3,
    out: Annotated[
        Path, typer.Option(help="Folder of the outcomes; what is there is not trained again.")
    ] = Path("runs/fedsem"),
    figure: Annotated[Path | None, typer.Option(help="Image of both figures.")] = None,
) -> None:
    """Train all algorithms, without and with privacy; print accuracies (mean, smallest to largest)."""
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.envs.fedsem.figures import plot_accuracy
    from semverse.envs.fedsem.outcomes import spread
    from semverse.envs.fedsem.setting import begin_study
    from semverse.envs.fedsem.study import Cell, Outcome, cells, run_cell
    from semverse.scripts.options import check_output

    if figure is not None:
        check_output(figure)
    begin_study(data, out)
    groups: dict[tuple[str, str, str, float], list[Outcome]] = {}
    plan: list[Cell] = list(cells(seeds, data))
    for cell in tqdm(plan, desc="trainings", unit="training"):
        algorithm = cell.algorithm if cell.public_term else f"{cell.algorithm}, no public term"
        group = (cell.figure, algorithm, cell.accounting, cell.epsilon)
        groups.setdefault(group, []).append(run_cell(cell, data, out))
    table = Table(
        "figure", "algorithm", "accounting", "epsilon asked", "true", "accuracy", "kbit", title=data
    )
    for (name, algorithm, accounting, epsilon), found in groups.items():
        table.add_row(
            name,
            algorithm,
            accounting,
            f"{epsilon:g}" if epsilon else "inf",
            f"{found[0].true_epsilon:.4g}",
            spread([one.accuracy for one in found]),
            f"{found[0].upload_bits / 1000:.1f}",
        )
    Console(width=110).print(table)
    if figure is not None:
        plot_accuracy({key: [one.accuracy for one in found] for key, found in groups.items()}, figure)


if __name__ == "__main__":
    run(command)
