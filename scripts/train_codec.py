"""``semverse train-codec``: train a learned codec; checkpoint, logs, scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from semverse.scripts.cli import run

if TYPE_CHECKING:
    from tqdm import tqdm


def _show(bar: tqdm[NoReturn], step: int) -> None:
    bar.update(step - bar.n)


def command(
    config: Annotated[Path | None, typer.Option(help="YAML file; may be left out with --resume.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for everything written.")] = Path("runs/codec"),
    resume: Annotated[bool, typer.Option("--resume", help="Carry on where a run was stopped.")] = False,
) -> None:
    """Train a learned codec of variable or fixed length (paper 002), or of video (paper 000)."""
    from rich.console import Console
    from tqdm import tqdm

    from semverse.envs.codecs.trainings import load_training
    from semverse.envs.codecs.vlscc.run import TRAINING, train_codec
    from semverse.envs.errors import InputError

    if config is None and resume and (out / TRAINING).is_file():
        config = out / TRAINING
    if config is None:
        raise InputError("is missing", source="--config", remedy="give a YAML file, or --resume and --out")
    chosen = load_training(config)
    with tqdm(total=chosen.steps, desc=chosen.codec.kind, unit=" steps") as bar:
        text = f"semverse train-codec --config {config}"
        card = train_codec(chosen, out, resume=resume, command=text, progress=lambda step: _show(bar, step))
    console = Console()
    for name, value in card["evaluation"].items():
        console.print(f"{name:32} {value:.4g}", highlight=False)
    console.print(f"tensorboard: tensorboard --logdir {out}", highlight=False)


if __name__ == "__main__":
    run(command)
