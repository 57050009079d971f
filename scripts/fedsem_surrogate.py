"""``python -m semverse.scripts.fedsem_surrogate``: record trainings, fit the stand-in to them, judge it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    episodes: Annotated[int, typer.Option(min=1, help="Live trainings of each kind to learn from.")] = 1200,
    around: Annotated[
        int, typer.Option(min=0, help="The same that deviate from each explored schedule.")
    ] = 250,
    held_out: Annotated[int, typer.Option(min=2, help="Live trainings of each kind to judge by.")] = 100,
    echoes: Annotated[int, typer.Option(min=1, help="Further trainings of each of these.")] = 7,
    out: Annotated[
        Path, typer.Option(help="Folder of the recordings; what is there is not played again.")
    ] = Path("runs/fedsem_surrogate"),
    seed: Annotated[int, typer.Option(min=0, help="Of the network's initial weights.")] = 0,
    save: Annotated[Path | None, typer.Option(help="File of the network to write, .npz.")] = None,
) -> None:
    """Print one-step and ten-step errors of the mean accuracy on held-out trainings."""
    import dataclasses

    import numpy as np
    from rich.console import Console
    from rich.table import Table
    from tqdm import tqdm

    from semverse.envs.fedsem.behaviour import BROAD, GREEDY, Behaviour, explored
    from semverse.envs.fedsem.datasets import load_data
    from semverse.envs.fedsem.problem import Problem
    from semverse.envs.fedsem.recording import FIRST_HELD_OUT, Recording, join, recorded
    from semverse.envs.fedsem.surrogate import save_surrogate
    from semverse.envs.fedsem.surrogate_fit import Errors, fit, judge

    problem = Problem.of("default", epsilon=(3.0, 10.0))
    clip = problem.config.label_clip
    later, plans = range(FIRST_HELD_OUT, FIRST_HELD_OUT + held_out), explored(problem)

    def play(seeds: range, kind: Behaviour, again: int, label: str) -> Recording:
        shown = tqdm(seeds, desc=f"{label}, {kind.name}", unit="episode")
        return join([recorded(one, problem, out, again, kind) for one in shown])

    kinds = [BROAD, GREEDY]
    judged = {kind.name: play(later, kind, echoes, "held out") for kind in kinds}
    numbers = [episodes] * len(kinds) + [around] * len(plans)
    both = zip([*kinds, *plans], numbers, strict=True)
    data = join([play(range(number), kind, 0, "to learn from") for kind, number in both])
    counts = np.bincount(load_data(problem.config.data).labels)
    found = fit(data, clip, counts, seed, lambda passes: tqdm(passes, desc="fits", unit="pass"))
    errors = {kind: judge(found, held, clip) for kind, held in judged.items()}
    table = Table(
        "what", *judged, title=f"{held_out} held-out trainings of each, {len(data.mu)} to learn from"
    )
    for field in dataclasses.fields(Errors):
        values = (np.atleast_1d(getattr(one, field.name)) for one in errors.values())
        table.add_row(field.name, *(", ".join(f"{one:.4f}" for one in value) for value in values))
    Console(width=100).print(table)
    if save is not None:
        error = np.array(errors["broad"].quantiles, np.float32)
        save_surrogate(dataclasses.replace(found, error=error), save)


if __name__ == "__main__":
    run(command)
