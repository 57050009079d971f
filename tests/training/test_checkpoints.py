"""Checkpoints are complete, load to the same policy, and can run no code."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import semverse.envs  # noqa: F401  (registers the ids)
from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.registry import list_agents, make_agent
from semverse.agents.training.session import Session
from semverse.envs.errors import InputError
from semverse.envs.tree import read_tree, write_tree
from semverse.envs.weights import read_card

LEARNED = ("ppo", "sac", "diffusion")
SMALL: dict[str, dict[str, Any]] = {
    "ppo": {"hidden": [8], "rollout_steps": 4},
    "sac": {"hidden": [8], "learning_starts": 8},
    "diffusion": {"hidden": [8], "critic_hidden": [8], "warmup_steps": 8, "critic_warmup_updates": 1},
}


def made(name: str) -> LearnedAgent:
    agent = make_agent(name, "semverse/ISGC-v0", **SMALL[name])
    assert isinstance(agent, LearnedAgent)
    return agent


def states(count: int) -> np.ndarray:
    env = gymnasium.make_vec("semverse/ISGC-v0", num_envs=count)
    return env.reset(seed=0)[0]


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("name", LEARNED)
def test_a_loaded_agent_acts_as_the_saved_one(name: str, tmp_path: Path) -> None:
    agent = made(name)
    agent.train(Session(total_steps=64, num_envs=8, seed=1, checkpoint_every=64))
    agent.save(tmp_path, {"seed": 1})
    assert {path.name for path in tmp_path.iterdir()} == {"config.yaml", "model.safetensors", "card.json"}
    card = read_card(tmp_path)
    assert card["agent"] == name
    assert card["env"] == "semverse/ISGC-v0"
    assert card["seed"] == 1
    assert {"python", "torch"} <= card["versions"].keys()
    loaded = load_checkpoint(tmp_path)
    np.testing.assert_array_equal(loaded.act(states(16)), agent.act(states(16)))


@pytest.mark.parametrize("name", LEARNED)
def test_a_planted_pickle_does_not_run(name: str, tmp_path: Path) -> None:
    folder, trap = tmp_path / "stranger", tmp_path / "pwned"
    made(name).save(folder)
    bomb = pickle.dumps(Bomb(trap))
    for other in ("policy.pth", "pytorch_variables.pth", "data.pkl", "model.zip", "model.pt", "replay.pkl"):
        (folder / other).write_bytes(bomb)
    load_checkpoint(folder)
    assert not trap.exists()
    (folder / "model.safetensors").write_bytes(bomb)
    with pytest.raises(InputError, match=r"model\.safetensors: is damaged"):
        load_checkpoint(folder)
    torch.save({"x": Bomb(trap)}, folder / "model.safetensors")
    with pytest.raises(InputError, match=r"is damaged"):
        load_checkpoint(folder)
    for text in (
        "agent: !!python/object/apply:os.mkdir [pwned]\n",
        f"!!python/object/apply:os.mkdir ['{trap}']",
    ):
        (folder / "config.yaml").write_text(text)
        with pytest.raises(InputError, match=r"no valid YAML"):
            load_checkpoint(folder)
    assert not trap.exists()
    # the trap itself works
    pickle.loads(bomb)
    assert trap.exists()


def test_a_planted_pickle_as_training_state_does_not_run(tmp_path: Path) -> None:
    path, trap = tmp_path / "state.safetensors", tmp_path / "pwned"
    path.write_bytes(pickle.dumps(Bomb(trap)))
    with pytest.raises(InputError, match="is no training state"):
        read_tree(path)
    assert not trap.exists()


def test_wrong_checkpoints_end_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no checkpoint"):
        load_checkpoint(tmp_path)
    with pytest.raises(InputError, match="holds no checkpoint"):
        find_checkpoints(tmp_path)
    made("ppo").save(tmp_path)
    save_file({"wrong": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="weights do not fit"):
        load_checkpoint(tmp_path)
    (tmp_path / "card.json").write_text("[")
    with pytest.raises(InputError, match="is no JSON"):
        read_card(tmp_path)
    (tmp_path / "config.yaml").write_text(
        "agent: equal\nenv: semverse/ISGC-v0\nenv_settings: {}\nsettings: {}\n"
    )
    with pytest.raises(InputError, match="equal has no weights"):
        load_checkpoint(tmp_path)


def test_trees_come_back_to_the_bit(tmp_path: Path) -> None:
    tree = {
        "weights": torch.tensor([0.1, -0.0, float("inf")], dtype=torch.float64),
        "scalar": torch.tensor(3),
        "array": np.arange(6, dtype=np.uint8).reshape(2, 3)[:, ::2],
        "state": {0: {"step": torch.tensor(2.0)}, 1: [1, 0.1 + 0.2, None, "text", True]},
        "betas": (0.9, 0.999),
        "empty": {},
    }
    write_tree(tmp_path / "x.safetensors", tree)
    back = read_tree(tmp_path / "x.safetensors")
    assert torch.equal(back["weights"], tree["weights"])
    assert torch.signbit(back["weights"][1])
    assert back["scalar"].shape == ()
    np.testing.assert_array_equal(back["array"], [[0, 2], [3, 5]])
    assert back["array"].dtype == np.uint8
    assert back["state"][0]["step"].item() == 2.0
    assert back["state"][1] == [1, 0.1 + 0.2, None, "text", True]
    assert back["betas"] == [0.9, 0.999]
    assert back["empty"] == {}


def test_trees_hold_no_objects(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot write Bomb at x"):
        write_tree(tmp_path / "x.safetensors", {"x": Bomb(tmp_path)})
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize("name", [s.name for s in list_agents("semverse/ISGC-v0") if s.acts])
def test_actors_take_one_observation_or_a_batch(name: str) -> None:
    settings = SMALL.get(name, {})
    agent = make_agent(name, "semverse/ISGC-v0", **settings)
    env = gymnasium.make("semverse/ISGC-v0")
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    action = agent.act(observation)
    assert env.action_space.contains(action)
    if name != "separate":
        np.testing.assert_array_equal(agent.act(observation), action)
    batch = agent.act(states(5))
    assert batch.shape == (5, 3)
    if name != "separate":
        np.testing.assert_allclose(agent.act(states(5)[2]), batch[2], atol=1e-6)
    if name in LEARNED:
        with pytest.raises(InputError, match="has shape"):
            agent.act(np.zeros(4, dtype=np.float32))
    with pytest.raises(InputError, match="solves no instances"):
        agent.solve(None, preferences=None, budget=None, rng=None)  # type: ignore[arg-type]


def test_cards_are_plain_json(tmp_path: Path) -> None:
    made("ppo").save(tmp_path, {"evaluation": {"score": 0.5}})
    assert json.loads((tmp_path / "card.json").read_text())["evaluation"] == {"score": 0.5}
