"""Rewards that training uses, by hand and against the model."""

import numpy as np
import pytest

from semverse.agents.common.isgc import config_of, greedy_utility, sustainable_worth
from semverse.agents.registry import make_agent
from semverse.agents.training.evaluation import evaluate_agent
from semverse.agents.training.rewards import with_reward
from semverse.agents.training.vector import make_vector
from semverse.envs.errors import InputError
from semverse.envs.isgc.model import optimum


def test_greedy_is_between_nothing_and_the_optimum() -> None:
    states, _ = make_vector("semverse/ISGC-v0", {}, 64).reset(seed=1)
    config = config_of({})
    greedy, best = greedy_utility(states, config), optimum(states, config).utility
    assert (greedy > 0).all()
    assert (greedy <= best * (1 + 1e-9)).all()


@pytest.mark.parametrize("length", [1, 3])
def test_relative_reward_is_utility_over_greedy_of_the_state_decided_on(length: int) -> None:
    settings = {"episode_length": length}
    plain = make_vector("semverse/ISGC-v0", settings, 5)
    scaled = with_reward(
        make_vector("semverse/ISGC-v0", settings, 5), "semverse/ISGC-v0", settings, "relative"
    )
    states, _ = plain.reset(seed=3)
    scaled.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(7):
        action = rng.uniform(-1, 1, (5, 3)).astype(np.float32)
        expected = greedy_utility(states, config_of(settings))
        states, utility, *_ = plain.step(action)
        _, reward, *_ = scaled.step(action)
        np.testing.assert_allclose(reward, utility / expected)


def test_relative_reward_of_queues_keeps_its_scale_for_an_episode() -> None:
    settings = {"slots": 3}
    env_id = "semverse/ISGCDynamic-v0"
    plain = make_vector(env_id, settings, 2)
    scaled = with_reward(make_vector(env_id, settings, 2), env_id, settings, "relative")
    states, _ = plain.reset(seed=3)
    scaled.reset(seed=3)
    action = np.zeros((2, 3), dtype=np.float32)
    for _ in range(2):
        expected = sustainable_worth(states, config_of(settings))
        for _ in range(3):
            states, reward, *_ = plain.step(action)
            _, relative, *_ = scaled.step(action)
            np.testing.assert_allclose(relative, reward / expected)


def test_relative_reward_needs_a_yardstick() -> None:
    env = make_vector("semverse/SCC-v0", {"users": 4, "spaces": 3, "mecs": 3}, 2)
    with pytest.raises(InputError, match=r"env\.reward: is not defined for semverse/SCC-v0"):
        with_reward(env, "semverse/SCC-v0", {}, "relative")


def test_relative_reward_of_rate_control_is_the_advantage_of_a_decision() -> None:
    """0 for what the dynamic programme does, in every step; what it thinks of others for these."""
    env_id, settings = "semverse/VLSCC-v0", {"profile": "toy", "frames": 5}
    env = with_reward(make_vector(env_id, settings, 6), env_id, settings, "relative")
    expert = make_agent("causal", env_id, env_settings=settings)
    observation, _ = env.reset(seed=4)
    expert.begin(env)
    rng = np.random.default_rng(0)
    for _ in range(10):
        values = expert.action_values()
        action = expert.act(observation)
        other = rng.random(6) < 0.5
        action[other] = rng.integers(4, size=int(other.sum()))
        observation, reward, *_ = env.step(action)
        expected = values[np.arange(6), action] - values.max(axis=1)
        np.testing.assert_allclose(reward, 10.0 * expected, atol=1e-9)
        assert np.abs(reward[~other]).max(initial=0.0) < 1e-9


def test_queue_rules_earn_less_than_the_clairvoyant() -> None:
    settings = {"slots": 12}
    for name in ("equal", "myopic", "max_weight", "drift_plus_penalty"):
        agent = make_agent(name, "semverse/ISGCDynamic-v0", env_settings=settings)
        result = evaluate_agent(agent, "semverse/ISGCDynamic-v0", settings, episodes=3, seed=9)
        assert result.bounds is not None
        np.testing.assert_array_equal(result.scores, result.returns / result.bounds)
        assert (result.scores <= 1 + 1e-6).all()
        assert result.scores.mean() > 0.5
