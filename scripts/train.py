"""``semverse train``: train an agent with one or several seeds; checkpoints, logs, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


@contextmanager
def _bar(seed: int, total: int) -> Iterator[Callable[[int], None]]:
    from tqdm import tqdm

    with tqdm(total=total, desc=f"seed {seed}", unit=" steps", unit_scale=True) as bar:

        def show(step: int) -> None:
            bar.update(min(step, total) - bar.n)

        yield show


def _parse_seeds(text: str | None) -> list[int] | None:
    from semverse.envs.errors import InputError

    try:
        return None if text is None else [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(f"is {text!r:.60}", source="--seeds", remedy="give e.g. 0,1,2") from error


def command(
    config: Annotated[Path | None, typer.Option(help="YAML file; may be left out with --resume.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for everything written.")] = Path("runs/train"),
    resume: Annotated[bool, typer.Option("--resume", help="Carry on where a run was stopped.")] = False,
    seeds: Annotated[str | None, typer.Option(help="Seeds instead of the file's, by commas.")] = None,
) -> None:
    """Train an agent; write checkpoints, TensorBoard logs and the scores of all seeds."""
    from rich.console import Console

    from semverse.agents.training.config import load_training
    from semverse.agents.training.folder import CONFIG, RunFolder
    from semverse.agents.training.run import run_training
    from semverse.agents.training.table import summary_table
    from semverse.envs.errors import InputError

    if config is None and resume and (out / CONFIG).is_file():
        config = out / CONFIG
    if config is None:
        raise InputError("is missing", source="--config", remedy="give a YAML file, or --resume and --out")
    chosen = load_training(config, _parse_seeds(seeds))
    text = f"semverse train --config {config}" + (f" --seeds {seeds}" if seeds else "")
    summary = run_training(chosen, RunFolder(out), resume, text, _bar)
    console = Console()
    console.print(summary_table(summary))
    console.print(f"tensorboard: tensorboard --logdir {out}", highlight=False)


if __name__ == "__main__":
    run(command)
