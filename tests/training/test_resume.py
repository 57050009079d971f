"""A training that was interrupted and resumed equals, to the bit, one that was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semverse.agents.training.config import TrainConfig
from semverse.agents.training.folder import STATE, RunFolder
from semverse.agents.training.run import run_training
from semverse.envs.config import parse
from semverse.envs.errors import InputError
from semverse.envs.weights import read_weights

SCC = {
    "id": "semverse/SCC-v0",
    "settings": {"users": 4, "spaces": 3, "mecs": 3},
    "num_envs": 4,
    "reward": "plain",
}
CLONING = {
    "samples": 32,
    "noise": 0.2,
    "temperature": 0.0,
    "updates": 3,
    "batch_size": 8,
    "learning_rate": 1e-3,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "maskable_ppo": {"rollout_steps": 16, "batch_size": 32, "epochs": 2, "hidden": [8]},
    "ppo": {
        "rollout_steps": 8,
        "batch_size": 32,
        "epochs": 2,
        "hidden": [8],
        "gamma": 0.5,
        "cloning": {**CLONING, "expert": "isgc_exact"},
    },
    "sac": {"learning_starts": 64, "batch_size": 16, "hidden": [8], "buffer_size": 200, "gamma": 0.5},
    "diffusion": {
        "hidden": [8],
        "critic_hidden": [8],
        "batch_size": 16,
        "updates_per_step": 1,
        "warmup_steps": 64,
        "critic_warmup_updates": 8,
        "buffer_size": 200,
        "gamma": 0.5,
        "cloning_weight": 0.5,
        "cloning": {**CLONING, "expert": "isgc_exact"},
    },
}
ISGC = {"id": "semverse/ISGC-v0", "settings": {"episode_length": 3}, "num_envs": 8, "reward": "relative"}
ENVS = {"maskable_ppo": SCC, "ppo": ISGC, "sac": ISGC, "diffusion": ISGC}


class StopError(Exception):
    """Stands for a killed process."""


def training(agent: str, **changes: Any) -> TrainConfig:
    data: dict[str, Any] = {
        "agent": agent,
        "settings": SETTINGS[agent],
        "env": ENVS[agent],
        "total_steps": 512,
        "checkpoint_every": 128,
        "seeds": [3],
        "threads": 1,
        "evaluation": {"episodes": 4, "seed": 1000},
    }
    return parse(TrainConfig, {**data, **changes})


def train(config: TrainConfig, folder: Path, resume: bool = False, stop_at: int | None = None) -> None:
    from contextlib import contextmanager

    @contextmanager
    def watch(seed: int, total: int):
        def show(step: int) -> None:
            if stop_at is not None and step > stop_at:
                raise StopError

        yield show

    run_training(config, RunFolder(folder), resume, "test", watch)


def assert_same_weights(first: Path, second: Path) -> None:
    one, two = read_weights(first / "seed_3"), read_weights(second / "seed_3")
    assert one.keys() == two.keys()
    for name in one:
        assert torch.equal(one[name], two[name]), name


@pytest.mark.parametrize("agent", SETTINGS)
def test_resumed_equals_uninterrupted_to_the_bit(agent: str, tmp_path: Path) -> None:
    config = training(agent)
    train(config, tmp_path / "whole")
    with pytest.raises(StopError):
        train(config, tmp_path / "parts", stop_at=300)
    assert (tmp_path / "parts" / "seed_3" / STATE).is_file()
    np.random.seed(99)  # noqa: NPY002  # another process has other generators
    torch.manual_seed(99)
    train(config, tmp_path / "parts", resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")
    assert not (tmp_path / "parts" / "seed_3" / STATE).exists()


@pytest.mark.parametrize("agent", SETTINGS)
def test_the_seed_decides_the_weights(agent: str, tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(training(agent, seeds=[seed], total_steps=128), tmp_path / name)
    assert_same_weights(tmp_path / "a", tmp_path / "b")
    other = read_weights(tmp_path / "c" / "seed_4")
    same = read_weights(tmp_path / "a" / "seed_3")
    assert any(not torch.equal(other[name], same[name]) for name in same)


def test_a_used_folder_is_refused_without_resume(tmp_path: Path) -> None:
    config = training("maskable_ppo", total_steps=128)
    train(config, tmp_path)
    with pytest.raises(InputError, match=r"is not empty; .*--resume"):
        train(config, tmp_path)
    with pytest.raises(InputError, match=r"total_steps: was 128, is now 256"):
        train(training("maskable_ppo", total_steps=256), tmp_path, resume=True)
    train(training("maskable_ppo", total_steps=128, seeds=[3, 4]), tmp_path, resume=True)
    assert (tmp_path / "seed_4" / "card.json").is_file()


@pytest.mark.parametrize("agent", SETTINGS)
def test_a_state_of_another_agent_is_one_line(agent: str, tmp_path: Path) -> None:
    config = training(agent)
    folder = RunFolder(tmp_path)
    folder.open(config, resume=False)
    folder.write_state(3, {"step": 128, "seconds": 1.0, "agent": {"parameters": {}, "parts": {}}})
    with pytest.raises(InputError, match="training state: does not fit the agent"):
        train(config, tmp_path, resume=True)
