"""``python -m semverse.scripts.fedsem_surrogate``: record trainings, fit the stand-in to them, judge it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    episodes: Annotated[int, typer.Option(min=1, help="Live trainings to learn from.")] = 500,
    held_out: Annotated[int, typer.Option(min=2, help="Live trainings to judge by.")] = 40,
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

    from semverse.envs.fedsem.datasets import load_data
    from semverse.envs.fedsem.problem import Problem
    from semverse.envs.fedsem.recording import FIRST_HELD_OUT, join, recorded
    from semverse.envs.fedsem.surrogate import save_surrogate
    from semverse.envs.fedsem.surrogate_fit import fit, judge

    problem = Problem.of("default", epsilon=(3.0, 10.0))
    clip = problem.config.label_clip
    later = tqdm(range(FIRST_HELD_OUT, FIRST_HELD_OUT + held_out), desc="held out", unit="episode")
    judged = join([recorded(one, problem, out, twins=True) for one in later])
    earlier = tqdm(range(episodes), desc="to learn from", unit="episode")
    data = join([recorded(one, problem, out) for one in earlier])
    counts = np.bincount(load_data(problem.config.data).labels)
    found = fit(data, clip, counts, seed, lambda passes: tqdm(passes, desc="fits", unit="pass"))
    errors = judge(found, judged, clip)
    table = Table("what", "value", title=f"{held_out} held-out trainings, {episodes} to learn from")
    for name, value in dataclasses.asdict(errors).items():
        shown = [value] if isinstance(value, float) else value
        table.add_row(name, ", ".join(f"{one:.4f}" for one in shown))
    Console(width=100).print(table)
    if save is not None:
        save_surrogate(dataclasses.replace(found, error=np.array(errors.quantiles, np.float32)), save)


if __name__ == "__main__":
    run(command)
