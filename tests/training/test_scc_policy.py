"""The masked policy on SCC: legal actions, whole instances."""

import gymnasium
import numpy as np
import pytest

from semverse.agents.registry import make_agent
from semverse.agents.training.evaluation import evaluate_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.solvers.base import Budget, preference_grid

SETTINGS = {"users": 8, "spaces": 4, "mecs": 5}


def agent():
    return make_agent("maskable_ppo", "semverse/SCC-v0", env_settings=SETTINGS, hidden=[8])


def test_every_action_is_legal() -> None:
    env = gymnasium.make("semverse/SCC-v0", **SETTINGS)
    policy = agent()
    for seed in range(5):
        observation, _ = env.reset(seed=seed)
        policy.begin(env)
        over, info = False, {}
        while not over:
            action = policy.act(observation, deterministic=False)
            assert isinstance(action, int)
            assert env.unwrapped.action_masks()[action]
            observation, _, over, _, info = env.step(action)
        assert not info["repaired"]


def test_a_policy_solves_an_instance_by_placing_it_once_a_preference() -> None:
    instance = sample_instance(load_scenario("california", **SETTINGS), np.random.default_rng(1))
    front = agent().solve(
        instance, preferences=preference_grid(4), budget=Budget(seconds=30), rng=np.random.default_rng(0)
    )
    assert 1 <= len(front) <= 4
    assert evaluate(instance, front.placements).feasible.all()


def test_another_number_of_mecs_is_refused() -> None:
    instance = sample_instance(
        load_scenario("california", **{**SETTINGS, "mecs": 6}), np.random.default_rng(1)
    )
    with pytest.raises(InputError, match="has 6 MECs; train with as many"):
        agent().solve(
            instance, preferences=preference_grid(2), budget=Budget(seconds=1), rng=np.random.default_rng(0)
        )


def test_evaluation_counts_the_first_episode_of_each_row_only() -> None:
    """Returns equal those of the single environment under the same seeds."""
    policy = agent()
    batch = evaluate_agent(policy, "semverse/SCC-v0", SETTINGS, episodes=6, seed=50)
    env = gymnasium.make("semverse/SCC-v0", **SETTINGS)
    for row in range(6):
        observation, _ = env.reset(seed=50 + row)
        policy.begin(env)
        over, total, info = False, 0.0, {}
        while not over:
            observation, reward, over, _, info = env.step(policy.act(observation))
            total += float(reward)
        assert batch.returns[row] == pytest.approx(total)
        assert batch.infos["latency_ms"][row] == pytest.approx(info["latency_ms"])
