"""``python -m semverse.scripts.fedsem_attacks``: what attackers learn of clients, by algorithm and budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    data: Annotated[str, typer.Option(help="digits, mnist, or a .npz or .csv file.")] = "digits",
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Trainings of each kind.")] = 3,
    out: Annotated[
        Path, typer.Option(help="Folder of the outcomes; what is there is not attacked again.")
    ] = Path("runs/fedsem_attacks"),
    figure: Annotated[Path | None, typer.Option(help="Image of the curves.")] = None,
) -> None:
    """Infer classes and membership from uploads and models; print means over seeds (with the range)."""
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.envs.fedsem.attack_study import COLUMNS, attacks, finding
    from semverse.envs.fedsem.figures import plot_attacks
    from semverse.envs.fedsem.outcomes import spread
    from semverse.envs.fedsem.setting import begin_study
    from semverse.scripts.options import check_output

    if figure is not None:
        check_output(figure)
    begin_study(data, out)
    groups: dict[tuple[str, float], list[dict[str, float]]] = {}
    for attack in tqdm(list(attacks(seeds)), desc="attacks", unit="attack"):
        groups.setdefault((attack.algorithm, attack.epsilon), []).append(vars(finding(attack, data, out)))
    table = Table("algorithm", "epsilon", *COLUMNS.values(), "bound", title=data)
    for (algorithm, epsilon), found in groups.items():
        cells = [spread([one[name] for one in found]) for name in COLUMNS]
        table.add_row(algorithm, f"{epsilon:g}" if epsilon else "none", *cells, f"{found[0]['bound']:.3f}")
    Console(width=150).print(table)
    if figure is not None:
        plot_attacks(groups, figure)


if __name__ == "__main__":
    run(command)
