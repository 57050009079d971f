"""Both stages of training: they learn, they resume to the bit, and they refuse what they cannot read."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semverse.agents.cmpo.critic import Critic
from semverse.agents.cmpo.fine_tuning import FineTuner, final_reward
from semverse.agents.cmpo.learner import draw_noise, load_examples
from semverse.agents.common.checkpoint import load_checkpoint
from semverse.agents.registry import make_agent
from semverse.agents.training.config import TrainConfig
from semverse.agents.training.folder import STATE, RunFolder
from semverse.agents.training.run import run_training
from semverse.agents.training.session import Session
from semverse.envs.config import load_yaml, parse, shipped
from semverse.envs.errors import InputError
from semverse.envs.weights import read_weights

TINY = {"kind": "grid", "grid": 8, "cell": 4, "layers": 2, "conditioned": True}


class StopError(Exception):
    """Stands for a killed process."""


def settings(folder: Path | None, supervised_steps: int, **changes: Any) -> dict[str, Any]:
    data = load_yaml(shipped("agents", "mo_cmpo.yaml"))
    where = None if folder is None else str(folder)
    data["supervised"] |= {"labels": where, "validation": where, "steps": supervised_steps, "pairs": 3}
    data["fine_tuning"] |= {"preferences": 3, "learning_rate": 1e-3}
    return {**data, "checkpoint": None, "network": TINY, **changes}


def training(folder: Path | None, supervised_steps: int, **changes: Any) -> TrainConfig:
    data = {
        "agent": "mo_cmpo",
        "settings": settings(folder, supervised_steps),
        "env": {"id": "semverse/SCC-v0", "settings": {}, "num_envs": 1, "reward": "plain"},
        "total_steps": 6,
        "checkpoint_every": 2,
        "seeds": [3],
        "threads": 1,
        "evaluation": {"episodes": 1, "seed": 1000},
    }
    return parse(TrainConfig, {**data, **changes})


def train(config: TrainConfig, folder: Path, resume: bool = False, stop_at: int | None = None) -> None:
    @contextmanager
    def watch(seed: int, total: int):
        def show(step: int) -> None:
            if stop_at is not None and step > stop_at:
                raise StopError

        yield show

    run_training(config, RunFolder(folder), resume, "test", watch)


# updates of the first stage: all, none, and a change of stage between two states
@pytest.mark.parametrize("supervised_steps", [6, 0, 3])
def test_a_resumed_training_equals_one_that_was_not_interrupted(
    label_folder: Path, tmp_path: Path, supervised_steps: int
) -> None:
    config = training(label_folder, supervised_steps)
    train(config, tmp_path / "whole")
    with pytest.raises(StopError):
        train(config, tmp_path / "parts", stop_at=4)
    assert (tmp_path / "parts" / "seed_3" / STATE).is_file()
    train(config, tmp_path / "parts", resume=True)
    one, two = (read_weights(tmp_path / name / "seed_3") for name in ("whole", "parts"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_supervised_updates_lower_the_loss(label_folder: Path) -> None:
    quick = settings(label_folder, 150)
    quick["supervised"] |= {"learning_rate": 1e-2, "average": 0.9}
    agent = make_agent("mo_cmpo", **quick)
    losses: list[float] = []
    log = Session(150, 1, 0, 150, log=lambda step, scalars: losses.append(scalars["train/supervised_loss"]))
    untrained = example_loss(make_agent("mo_cmpo", **quick).net, label_folder)
    agent.train(log)
    assert len(losses) == 3
    assert example_loss(agent.net, label_folder) < 0.7 * untrained


def example_loss(net: torch.nn.Module, folder: Path) -> float:
    """Cross entropy of all labels from pure noise."""
    from semverse.agents.cmpo.graph import weigh

    torch.manual_seed(0)
    found = []
    for example in load_examples(folder, "labels", "cpu"):
        noisy = torch.randint(example.graph.num_mecs, example.solution.shape)
        t = torch.ones(len(noisy))
        with torch.no_grad():
            logits = net(
                example.graph, weigh(example.graph, example.preference), example.preference, noisy, t
            )
        found.append(
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), example.solution.flatten()).item()
        )
    return float(np.mean(found))


@pytest.mark.parametrize("credit", ["space", "placement"])
def test_an_iteration_of_fine_tuning_changes_the_policy(label_folder: Path, credit: str) -> None:
    torch.manual_seed(0)
    changed = settings(label_folder, 0)
    changed["fine_tuning"] |= {"credit": credit}
    agent = make_agent("mo_cmpo", **changed)
    example = load_examples(label_folder, "labels", "cpu")[0]
    before = {name: value.clone() for name, value in agent.net.state_dict().items()}
    scalars = FineTuner(agent.config, agent.net).iterate(example.instance, example.graph)
    assert all(np.isfinite(value) for value in scalars.values())
    assert scalars["reward_0"] < 0 > scalars["reward_1"]
    assert any(not torch.equal(before[name], value) for name, value in agent.net.state_dict().items())


def test_rollouts_hold_k_steps_of_every_preference(label_folder: Path) -> None:
    agent = make_agent("mo_cmpo", **settings(label_folder, 0))
    example = load_examples(label_folder, "labels", "cpu")[0]
    rollout = FineTuner(agent.config, agent.net)._collect(example.instance, example.graph)
    steps, batch = 3, 3
    assert rollout.action.shape == (steps * batch, example.graph.num_requests)
    assert rollout.reward.shape == (2, batch, example.instance.num_spaces)
    assert torch.equal(rollout.preference[:batch], rollout.preference[batch : 2 * batch])
    assert rollout.t[0] == 1.0
    assert (rollout.t.reshape(steps, batch)[1:] < 1.0).all()
    assert (rollout.log_probability <= 0).all()


def test_the_critic_values_every_space(label_folder: Path) -> None:
    example = load_examples(label_folder, "labels", "cpu")[0]
    value = Critic()(example.graph, example.preference, example.solution, torch.rand(len(example.solution)))
    assert value.shape == (len(example.solution), example.instance.num_spaces)
    assert (value < 0).all()  # costs are never negative
    assert (final_reward(example.instance, example.solution) <= 0).all()


def test_two_noise_levels_share_their_trajectory() -> None:
    solution = torch.zeros(64, 50, dtype=torch.long)
    torch.manual_seed(0)
    noisy, t = draw_noise(solution, 1000, 0.4, consistency=True)
    first, second = noisy.chunk(2)
    high, low = t.chunk(2)
    assert (low <= high).all()
    # what the lower level replaced, the higher one replaced by the same
    replaced = second != 0
    assert torch.equal(first[replaced], second[replaced])


def test_a_tuned_checkpoint_needs_none_of_the_folders_it_came_from(
    label_folder: Path, tmp_path: Path
) -> None:
    train(training(label_folder, 2, total_steps=2), tmp_path / "first")
    second = training(label_folder, 0, total_steps=1)
    second = parse(
        TrainConfig,
        {
            **second.model_dump(),
            "settings": {**settings(label_folder, 0), "checkpoint": str(tmp_path / "first")},
        },
    )
    train(second, tmp_path / "second")
    for path in (tmp_path / "first").rglob("model.safetensors"):
        path.unlink()
    assert load_checkpoint(tmp_path / "second" / "seed_3").config.checkpoint is None


def test_missing_labels_end_before_anything_is_written(tmp_path: Path) -> None:
    for folder, word in ((None, "labels"), (tmp_path / "nothing", "nothing")):
        with pytest.raises(InputError, match=word):
            train(training(folder, 2), tmp_path / "run")
        assert not (tmp_path / "run").exists()
