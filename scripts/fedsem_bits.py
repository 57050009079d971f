"""``python -m semverse.scripts.fedsem_bits``: bits of a round, and what is learned from them."""

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
    ] = Path("runs/fedsem_bits"),
) -> None:
    """Train without noise; print what a round sends and the accuracy (mean, smallest to largest)."""
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.envs.fedsem.outcomes import spread
    from semverse.envs.fedsem.setting import begin_study
    from semverse.envs.fedsem.traffic import measured, schemes

    chosen = begin_study(data, out).chosen
    columns = ("models", "algorithm", "bits", "clients", "client kbit", "round kbit", "down kbit", "accuracy")
    table = Table(*columns, title=f"{data}: a round of {chosen} clients")
    plan = [(scheme, seed) for scheme in schemes() for seed in range(seeds)]
    found = [
        measured(scheme, data, seed, out) for scheme, seed in tqdm(plan, desc="trainings", unit="training")
    ]
    for at in range(0, len(plan), seeds):
        scheme, (one, *_) = plan[at][0], found[at : at + seeds]
        table.add_row(
            " + ".join(scheme.models),
            scheme.algorithm,
            str(scheme.bits),
            str(one.clients),
            f"{one.upload_bits / 1000:.1f}",
            f"{chosen * one.upload_bits / 1000:.0f}",
            f"{one.broadcast_bits / 1000:.1f}",
            spread([outcome.accuracy for outcome in found[at : at + seeds]]),
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    run(command)
