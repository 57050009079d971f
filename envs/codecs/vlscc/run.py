"""The folder of a codec's training: configuration, state, TensorBoard logs, and the checkpoint at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml

from semverse.envs.codecs.trainings import AnyTraining, make_trainer
from semverse.envs.codecs.vlscc.checkpoint import save_codec
from semverse.envs.codecs.vlscc.steps import Steps
from semverse.envs.config import load_config
from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, write_atomic
from semverse.envs.tree import read_tree, write_tree
from semverse.envs.weights import CARD, read_card

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

TRAINING, STATE, LOGS = "training.yaml", "state.safetensors", "tensorboard"
_LOG_EVERY = 20  # steps


def train_codec(
    config: AnyTraining,
    out: Path,
    *,
    resume: bool = False,
    command: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Train a codec to its end and return its card.

    Args:
        config: what to train.
        out: folder for everything written.
        resume: carry on with what the folder holds.
        command: the command line, for the card.
        progress: is told the step reached.

    Raises:
        InputError: something of the configuration or in the folder is wrong.
    """
    _open(config, out, resume)
    if (out / CARD).is_file():
        return read_card(out)
    torch.set_num_threads(config.threads)
    trainer, before = make_trainer(config), 0.0
    if (out / STATE).is_file():
        tree: Mapping[str, Any] = read_tree(out / STATE)
        trainer.restore(tree["trainer"])
        before = tree["seconds"]
    seconds = before + _train(trainer, out, before, progress)
    card = {
        "kind": config.codec.kind,
        "command": command,
        "seed": config.seed,
        "steps": config.steps,
        "samples": config.steps * config.batch,
        "start": config.start,
        "seconds": round(seconds, 1),
        "evaluation": trainer.evaluate(),
    }
    save_codec(trainer.codec, out, card)
    (out / STATE).unlink(missing_ok=True)
    return read_card(out)


def _train(trainer: Steps, out: Path, before: float, progress: Callable[[int], None]) -> float:
    """Take all steps that are left; return the seconds they took."""
    from torch.utils.tensorboard import SummaryWriter

    config, start = trainer.config, time.perf_counter()
    # what was logged after the last state is written again
    with SummaryWriter(str(out / LOGS), purge_step=trainer.step or None) as writer:
        while trainer.step < config.steps:
            scalars = trainer.train_step()
            if trainer.step % _LOG_EVERY == 0:
                _log(writer, trainer.step, scalars)
            if trainer.step % config.checkpoint_every == 0:
                _log(writer, trainer.step, trainer.evaluate())
                seconds = before + time.perf_counter() - start
                write_tree(out / STATE, {"seconds": seconds, "trainer": trainer.state()})
            progress(trainer.step)
    return time.perf_counter() - start


def _open(config: AnyTraining, out: Path, resume: bool) -> None:
    """Start in a new or empty folder, or make sure that it holds the same training."""
    file = out / TRAINING
    if resume and file.is_file():
        if load_config(type(config), file) != config:
            raise InputError(
                "is another training", source=file, remedy="resume with it, or give another --out"
            )
    elif out.is_dir() and any(out.iterdir()):
        raise InputError(
            "is not empty", source=out, remedy="give another --out, or --resume to carry on with it"
        )
    make_folder(out)
    write_atomic(file, yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False).encode())


def _log(writer: SummaryWriter, step: int, scalars: Mapping[str, float]) -> None:
    for tag, value in scalars.items():
        writer.add_scalar(tag, value, global_step=step)
