"""The learned worth of states against exact plans; its trainings and checkpoints; what it averages over."""

from contextlib import contextmanager

import gymnasium
import numpy as np
import pytest
import torch
import yaml

from semverse.agents.cee_value import FittedValueAgent
from semverse.agents.registry import make_agent
from semverse.agents.training.config import TrainConfig
from semverse.agents.training.evaluation import evaluate_agent
from semverse.agents.training.folder import STATE, RunFolder
from semverse.agents.training.play import play_episode
from semverse.agents.training.run import run_training
from semverse.agents.training.session import Session
from semverse.envs.cee.dynamic import hindsight_values
from semverse.envs.cee.enumeration import epoch_table
from semverse.envs.cee.policies import forecast, outlook
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Conditions
from semverse.envs.config import parse
from semverse.envs.weights import read_weights

ENV = "semverse/CEE-v0"
CERTAIN = {"snr_std_db": 0.0, "load_std": 0.0, "motion_stay": 1.0}  # nothing changes in an episode
NETWORK = {"hidden": [16], "batch_size": 32, "passes": 30, "learning_rate": 1e-2}


class StoppedError(Exception):
    """Stands for a killed process."""


class Oracle(torch.nn.Module):
    """Tells the exact worth of states after each epoch of an episode."""

    def __init__(self, env):
        super().__init__()
        episode = env.unwrapped.episode
        self.values = torch.from_numpy(hindsight_values(episode, env.unwrapped.problem))
        self.epochs = episode.epochs

    def forward(self, inputs):
        times = ((1.0 - inputs[:, -1]) * self.epochs).round().long()
        return self.values[times].flatten(1)


def training(links, **changes):
    data = {
        "agent": "fitted_value",
        "settings": NETWORK,
        "env": {
            "id": ENV,
            "settings": {"links": links, "epochs": 5, "dynamics": CERTAIN},
            "num_envs": 1,
            "reward": "plain",
        },
        "total_steps": 100,
        "checkpoint_every": 25,
        "seeds": [3],
        "threads": 1,
        "evaluation": {"episodes": 2, "seed": 7},
    }
    return parse(TrainConfig, {**data, **changes})


def train(config, folder, resume=False, stop_at=None):
    @contextmanager
    def watch(seed, total):
        def show(step):
            if stop_at is not None and step > stop_at:
                raise StoppedError

        yield show

    return run_training(config, RunFolder(folder), resume, "test", watch)


def weights(folder, seed=3):
    return {name: value.numpy() for name, value in read_weights(folder / f"seed_{seed}").items()}


def same(first, second):
    return first.keys() == second.keys() and all(np.array_equal(first[k], second[k]) for k in first)


@pytest.mark.parametrize("seed", range(3))
def test_with_the_exact_worth_of_states_it_plays_the_optimum(seed, small_links):
    """Where nothing is uncertain, an epoch's reward and what follows are known: dynamic programming."""
    settings = {"links": small_links, "epochs": 6, "dynamics": CERTAIN, "preference": "random"}
    env = gymnasium.make(ENV, **settings)
    env.reset(seed=seed)
    agent = make_agent("fitted_value", ENV, env_settings=settings)
    assert isinstance(agent, FittedValueAgent)
    agent.network = Oracle(env)
    best = play_episode(make_agent("dp", ENV, env_settings=settings), env, seed)
    assert play_episode(agent, env, seed).total == pytest.approx(best.total, abs=1e-5)  # float32 observations
    myopic = play_episode(make_agent("cee_myopic", ENV, env_settings=settings), env, seed)
    assert myopic.total < best.total - 0.01


def test_it_learns_the_optimum_of_a_toy(small_links):
    """Where nothing is uncertain, it finds out by itself to prepare the scene for what follows."""
    settings = {
        "links": small_links,
        "epochs": 8,
        "dynamics": CERTAIN,
        "preference": [0.1, 0.1, 0.6, 0.1, 0.1],
    }
    learned = make_agent(
        "fitted_value", ENV, env_settings=settings, **{**NETWORK, "hidden": [64], "passes": 60}
    )
    learned.train(Session(total_steps=1200, num_envs=1, seed=3, checkpoint_every=1200))
    rules = [make_agent(name, ENV, env_settings=settings) for name in ("cee_myopic", "dp")]
    found, myopic, best = (
        evaluate_agent(agent, ENV, settings, episodes=12, seed=50).returns.mean()
        for agent in (learned, *rules)
    )
    assert myopic < found <= best + 1e-9
    assert (found - myopic) / (best - myopic) > 0.9


def test_resumed_equals_uninterrupted_to_the_bit(small_links, tmp_path):
    config = training(small_links)
    train(config, tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(config, tmp_path / "parts", stop_at=60)
    assert (tmp_path / "parts" / "seed_3" / STATE).is_file()
    torch.manual_seed(99)  # another process has other generators
    train(config, tmp_path / "parts", resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_the_seed_decides_the_weights(small_links, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(training(small_links, seeds=[seed]), tmp_path / name)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c", seed=4))


@pytest.mark.parametrize(
    ("file", "content", "word"),
    [
        ("model.safetensors", b"no tensors", "model.safetensors: is damaged"),
        ("config.yaml", b"agent: [", "no valid YAML"),
        ("config.yaml", None, "fitted_value: hidden"),
    ],
)
def test_a_bad_checkpoint_is_one_line(file, content, word, small_links, tmp_path, semverse):
    agent = make_agent("fitted_value", ENV, env_settings={"links": small_links}, **NETWORK)
    agent.save(tmp_path / "bad")
    if content is None:
        description = yaml.safe_load((tmp_path / "bad" / file).read_text())
        description["settings"]["hidden"] = []
        content = yaml.safe_dump(description).encode()
    (tmp_path / "bad" / file).write_bytes(content)
    outcome = semverse("evaluate", "--checkpoint", tmp_path / "bad", "--episodes", "1")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert word in outcome.err


def test_the_outlook_has_the_moments_of_what_comes_next():
    problem = Problem.of()
    d = problem.config.dynamics
    load, motion = np.asarray(0.3), np.asarray(2)
    known = Conditions(np.asarray(3.0), np.asarray(-4.0), load, load, motion)
    found, mean = outlook(known, problem), forecast(known, 0, problem)
    variance = d.snr_std_db**2 * (1.0 - d.snr_correlation**2)
    ratios = np.stack([found.uplink_db, found.downlink_db])
    np.testing.assert_allclose(ratios.mean(axis=1), [mean.uplink_db, mean.downlink_db])
    np.testing.assert_allclose(np.cov(ratios, bias=True), variance * np.eye(2), atol=1e-12)
    assert (found.edge_load, found.cloud_load, found.motion) == (load, load, motion)


def test_likely_ratios_count_by_their_mean_reward(small):
    """The table of several pairs of ratios is the best of what the mean of their rewards says."""
    problem = small(1)
    preference, still = np.array([0.2, 0.1, 0.4, 0.1, 0.2]), np.asarray(0)
    ups, downs, load = np.array([-6.0, 4.0, 12.0]), np.array([9.0, -2.0, 5.0]), np.asarray(0.4)
    table = epoch_table(Conditions(ups, downs, load, load, still), preference, problem)
    singles = [
        epoch_table(Conditions(u, d, load, load, still), preference, problem)
        for u, d in zip(ups, downs, strict=True)
    ]
    # no decision is better on average than each pair's own best; for one pair thrice, both are the same
    assert (table.rewards <= np.mean([s.rewards for s in singles], axis=0) + 1e-12).all()
    thrice = Conditions(np.full(3, 4.0), np.full(3, -2.0), load, load, still)
    again = epoch_table(thrice, preference, problem)
    np.testing.assert_allclose(again.rewards, singles[1].rewards, rtol=1e-12)
    np.testing.assert_array_equal(again.actions, singles[1].actions)
