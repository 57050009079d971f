"""``python -m semverse.scripts.isgc_figures``: Figs. 4 and 5 of paper 001 from finished trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    runs: Annotated[str, typer.Option(help="Folders of semverse train, by commas.")],
    out: Annotated[Path, typer.Option(help="Image of the curves.")] = Path("isgc_fig4.png"),
) -> None:
    """Draw the training curves and print what each agent earns in the printed states."""
    from rich.console import Console
    from rich.table import Table

    from semverse.agents.training.curves import plot_curves, printed_states, read_curve, rule_scores
    from semverse.scripts.options import check_output, split

    check_output(out)
    folders = [Path(name) for name in split(runs) or []]
    curves = [read_curve(folder) for folder in folders]
    plot_curves(curves, rule_scores(folders[0]), out)
    rows = printed_states(folders)
    table = Table(*rows[0], title="utility in credit/s (share of the optimum)", title_justify="left")
    for row in rows:
        best = row["optimum"]
        earned = (f"{v:.2f} ({v / best:.4f})" if best else "-" for v in list(row.values())[3:])
        table.add_row(row["state"], str(row["feasible"]), f"{row['optimum']:.2f}", *earned)
    Console(width=160).print(table)


if __name__ == "__main__":
    run(command)
