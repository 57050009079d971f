"""Checkpoints: ``config.yaml``, ``model.safetensors`` and ``card.json`` in a folder, never a pickle."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic
import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load, save

from semverse.envs.config import Config, load_config
from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_bytes, read_text, write_atomic

if TYPE_CHECKING:
    from semverse.agents.common.learned import LearnedAgent

CONFIG, WEIGHTS, CARD = "config.yaml", "model.safetensors", "card.json"
_PACKAGES = ("semverse", "gymnasium", "numpy", "torch", "stable-baselines3", "sb3-contrib")


class CheckpointConfig(Config):
    """What a checkpoint says about itself: enough to make the agent again."""

    agent: str
    env: str
    env_settings: dict[str, Any]
    settings: dict[str, Any]  # of the agent
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def write_checkpoint(
    folder: Path,
    description: Mapping[str, Any],
    weights: Mapping[str, torch.Tensor],
    card: Mapping[str, Any],
) -> None:
    """Write the three files; each is there whole or not at all."""
    make_folder(folder)
    text = yaml.safe_dump(dict(description), sort_keys=False)
    write_atomic(folder / CONFIG, text.encode())
    # copies: safetensors refuses memory that two entries share
    write_atomic(folder / WEIGHTS, save({k: v.detach().cpu().clone() for k, v in weights.items()}))
    full = {"agent": description["agent"], "env": description["env"], **card}
    full |= {"versions": _versions(), "git": git_hash()}
    write_atomic(folder / CARD, (json.dumps(full, indent=1) + "\n").encode())


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a checkpoint.

    Raises:
        InputError: there are none, or the file is damaged.
    """
    path = folder / WEIGHTS
    try:
        return load(read_bytes(path))
    except SafetensorError as error:
        raise InputError(f"is damaged ({error})", source=path, remedy="train or copy it again") from error


def read_card(folder: Path) -> dict[str, Any]:
    """Return the card of a checkpoint.

    Raises:
        InputError: it is missing or damaged.
    """
    path = folder / CARD
    try:
        card = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON ({error})", source=path, remedy="train or copy it again") from error
    if not isinstance(card, dict):
        raise InputError("is no JSON object", source=path, remedy="train or copy it again")
    return card


def load_checkpoint(folder: str | Path) -> LearnedAgent:
    """Make the agent of a checkpoint and give it its weights.

    Raises:
        InputError: the folder is no checkpoint, or something in it is wrong.
    """
    from semverse.agents.common.learned import LearnedAgent
    from semverse.agents.registry import make_agent

    path = Path(folder)
    if not (path / CONFIG).is_file():
        raise InputError("is no checkpoint", source=path, remedy=f"give a folder with {CONFIG} and {WEIGHTS}")
    config = load_config(CheckpointConfig, path / CONFIG)
    agent = make_agent(config.agent, config.env, env_settings=config.env_settings, **config.settings)
    if not isinstance(agent, LearnedAgent):
        raise InputError(f"{config.agent} has no weights", source=path / CONFIG, remedy="correct 'agent'")
    agent.load(path)
    return agent


def find_checkpoints(name: str | Path) -> list[Path]:
    """Return the checkpoints of a folder: itself, or one a seed; or those that ship under this name.

    Raises:
        InputError: there is none; lists the names that ship.
    """
    shipped = Path(str(files("semverse.agents").joinpath("checkpoints")))
    for folder in (Path(name), shipped / str(name)):
        if (folder / WEIGHTS).is_file():
            return [folder]
        seeds = sorted(path.parent for path in folder.glob(f"seed_[0-9]*/{WEIGHTS}"))
        if seeds:
            return sorted(seeds, key=lambda path: int(path.name.removeprefix("seed_")))
    known = ", ".join(sorted(path.name for path in shipped.glob("*") if path.is_dir())) or "none"
    raise InputError("holds no checkpoint", source=name, remedy=f"give a folder, or a shipped one: {known}")


def git_hash() -> str | None:
    """Return the commit of the source tree, or None outside one."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
