"""Checkpoints of agents: how to make the agent of one again, and where those that ship are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from semverse.envs.config import Config, load_config
from semverse.envs.errors import InputError
from semverse.envs.weights import CONFIG, WEIGHTS

if TYPE_CHECKING:
    from semverse.agents.common.learned import LearnedAgent


class CheckpointConfig(Config):
    """What a checkpoint says about itself: enough to make the agent again."""

    agent: str
    env: str
    env_settings: dict[str, Any]
    settings: dict[str, Any]  # of the agent
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def read_checkpoint(folder: str | Path) -> CheckpointConfig:
    """Return what a checkpoint says about itself.

    Raises:
        InputError: the folder is no checkpoint, or its configuration is wrong.
    """
    path = Path(folder)
    if not (path / CONFIG).is_file():
        raise InputError("is no checkpoint", source=path, remedy=f"give a folder with {CONFIG} and {WEIGHTS}")
    return load_config(CheckpointConfig, path / CONFIG)


def load_checkpoint(folder: str | Path, **settings: Any) -> LearnedAgent:
    """Make the agent of a checkpoint and give it its weights.

    Args:
        folder: the checkpoint.
        **settings: keys that replace those that the agent was trained with.

    Raises:
        InputError: the folder is no checkpoint, or something in it is wrong.
    """
    from semverse.agents.common.learned import LearnedAgent
    from semverse.agents.registry import make_agent

    path, config = Path(folder), read_checkpoint(folder)
    own = {**config.settings, **settings}
    agent = make_agent(config.agent, config.env, env_settings=config.env_settings, **own)
    if not isinstance(agent, LearnedAgent):
        raise InputError(f"{config.agent} has no weights", source=path / CONFIG, remedy="correct 'agent'")
    agent.load(path)
    return agent


def find_checkpoints(name: str | Path) -> list[Path]:
    """Return the checkpoints of a folder: itself, or one a seed; or those that ship under this name.

    Raises:
        InputError: there is none; lists the names that ship.
    """
    for folder in (Path(name), _shipped() / str(name)):
        if (folder / WEIGHTS).is_file():
            return [folder]
        seeds = sorted(path.parent for path in folder.glob(f"seed_[0-9]*/{WEIGHTS}"))
        if seeds:
            return sorted(seeds, key=lambda path: int(path.name.removeprefix("seed_")))
    known = ", ".join(shipped_checkpoints()) or "none"
    raise InputError("holds no checkpoint", source=name, remedy=f"give a folder, or a shipped one: {known}")


def shipped_checkpoints() -> list[str]:
    """Return the names of the checkpoints that ship."""
    return sorted(path.name for path in _shipped().glob("*") if path.is_dir())


def _shipped() -> Path:
    return Path(str(files("semverse.agents").joinpath("checkpoints")))
