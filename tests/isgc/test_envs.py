"""Behaviour of the bandwidth environments: one decision, slots, subchannels, many devices."""

from itertools import pairwise

import gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs import isgc_parallel_v0
from semverse.envs.errors import InputError
from semverse.envs.isgc.clairvoyant import clairvoyant_bound
from semverse.envs.isgc.config import load_profile
from semverse.envs.isgc.core import logits_of
from semverse.envs.isgc.dynamics import Episode, draw_episode, load_dynamics, play, serve
from semverse.envs.isgc.model import PRINTED_STATES, evaluate, optimum
from semverse.envs.isgc.policies import drift_plus_penalty, max_weight, myopic
from semverse.envs.isgc.qoe import (
    allocations,
    evaluate_qoe,
    load_qoe,
    local_optima,
    qoe_optimum,
    round_split,
)

HAND = np.array([1, 1, 1, 0.75, 4, 0.75, 4, 1, 8, 15.0])
PSD, PAPER = load_profile("psd"), load_profile("paper")


def test_info_is_the_models_evaluation():
    env = gymnasium.make("semverse/ISGC-v0", episode_length=50)
    state, _ = env.reset(seed=3)
    missed = 0
    for _ in range(50):
        action = env.action_space.sample()
        following, reward, over, _, info = env.step(action)
        raw, done = (evaluate(state, info[key], PSD) for key in ("raw_split_mhz", "split_mhz"))
        assert info["missed_deadline"] == (not raw.feasible)
        assert done.feasible
        assert reward == info["utility"] == pytest.approx(float(done.utility))
        assert info["latency_s"] == pytest.approx(float(done.latency_s))
        assert info["optimal_utility"] == pytest.approx(float(optimum(state, PSD).utility))
        state, missed = following, missed + info["missed_deadline"]
    assert over
    assert 5 < missed < 40


def test_the_best_action_earns_the_optimum():
    for profile in (PSD, PAPER):
        env = gymnasium.make("semverse/ISGC-v0", profile=profile.link_model)
        for seed in range(20):
            state, _ = env.reset(seed=seed)
            _, reward, _, _, info = env.step(logits_of(optimum(state, profile).split_mhz, profile))
            assert reward == pytest.approx(info["optimal_utility"], rel=1e-6)


def test_outages_are_kept_and_earn_nothing():
    env = gymnasium.make("semverse/ISGC-v0", infeasible="outage", episode_length=300)
    _, info = env.reset(seed=0)
    seen = []
    for _ in range(300):
        _, reward, _, _, info = env.step(np.zeros(3))
        seen.append(info["feasible"])
        assert info["feasible"] or reward == info["optimal_utility"] == 0
    assert 0.1 < 1 - np.mean(seen) < 0.35


def test_acceptance_rate_is_that_of_the_draws():
    env = gymnasium.make("semverse/ISGC-v0", optimum=False)
    env.reset(seed=0)
    rates = [env.reset()[1]["acceptance_rate"] for _ in range(3000)]
    assert rates[-1] == pytest.approx(0.79, abs=0.03)


def test_without_shield_a_missed_deadline_costs_the_penalty():
    env = gymnasium.make("semverse/ISGC-v0", shield=False, miss_penalty=7.0)
    for seed in range(30):
        env.reset(seed=seed)
        _, reward, _, _, info = env.step(np.array([1, -1, -1]))
        assert (reward == -7.0) == info["missed_deadline"]
        assert np.array_equal(info["split_mhz"], info["raw_split_mhz"])


def test_printed_states_can_be_set():
    env = gymnasium.make("semverse/ISGC-v0", profile="paper")
    state, info = env.reset(options={"state": PRINTED_STATES["Diffusion_2"]})
    assert state == pytest.approx(PRINTED_STATES["Diffusion_2"])
    assert info["feasible"]
    assert env.step(np.zeros(3))[4]["optimal_utility"] == pytest.approx(48.7055, abs=1e-3)


def test_stepping_a_finished_episode_is_refused():
    env = gymnasium.make("semverse/ISGC-v0").unwrapped
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(3))
    env.reset(seed=0)
    env.step(np.zeros(3))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(3))


@pytest.mark.parametrize(
    ("env_id", "options", "word"),
    [
        ("ISGC-v0", {"profile": "moon"}, "profile"),
        ("ISGC-v0", {"shield": "yes"}, "shield"),
        ("ISGC-v0", {"infeasible": "drop"}, "infeasible"),
        ("ISGC-v0", {"miss_penalty": -1}, "miss_penalty"),
        ("ISGC-v0", {"episode_length": 0}, "episode_length"),
        ("ISGC-v0", {"q": "high"}, "q"),
        ("MO-ISGC-v0", {"deadline_s": 0.0}, "deadline_s"),
        ("ISGCDynamic-v0", {"slots": 0}, "slots"),
        ("ISGCDynamic-v0", {"correlation": 1.0}, "correlation"),
        ("ISGCDynamic-v0", {"dynamics": "missing.yaml"}, "missing.yaml"),
        ("ISGCQoE-v0", {"subchannels": 1}, "subchannels"),
        ("ISGCQoE-v0", {"qoe": "missing.yaml"}, "missing.yaml"),
    ],
)
def test_bad_options_are_the_users_error(env_id, options, word):
    with pytest.raises(InputError, match=word) as caught:
        gymnasium.make(f"semverse/{env_id}", **options)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("env_id", ["ISGC-v0", "MO-ISGC-v0", "ISGCDynamic-v0", "ISGCQoE-v0"])
@pytest.mark.parametrize("action", [np.full(3, np.nan), np.zeros(2), "left", [[1, 2], 3]], ids=str)
def test_bad_actions_are_the_users_error(env_id, action):
    env = gymnasium.make(f"semverse/{env_id}").unwrapped
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step(action)


def test_vector_reward_by_hand():
    # a third of the band each: SNR 3, rates 20/3 * (1, 2, 2); 4 W on both wireless links, 1 W on the other
    env = gymnasium.make("semverse/MO-ISGC-v0")
    env.reset(options={"state": HAND})
    _, reward, _, _, info = env.step(np.zeros(3))
    assert reward == pytest.approx([100 / 3, -(0.7 + 0.3 + 0.225 * 2), -(0.3 + 4 * 0.225 * 2)])
    assert np.array_equal(reward, info["vector_reward"])


def test_slot_by_hand():
    # rates (20/3, 40/3, 40/3): the semantic queue keeps 10 - 20/3, the others are emptied
    dynamics = load_dynamics(holding_cost=0.5)
    slot = serve(HAND, np.array([10.0, 5.0, 3.0]), np.full(3, 20 / 3), PSD, dynamics)
    assert slot.served == pytest.approx([20 / 3, 5, 3])
    assert slot.waiting == pytest.approx([10 / 3, 0, 0])
    assert slot.reward == pytest.approx(20 / 3 + 8 - 0.5 * 10 / 3)


def test_fading_is_uniform_and_correlated():
    dynamics = load_dynamics(slots=10_000, correlation=0.9)
    episode = draw_episode(HAND, np.random.default_rng(0), PSD, dynamics)
    gains = episode.states[:, 3]
    assert np.quantile(gains, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.06)
    assert 0.7 < np.corrcoef(gains[:-1], gains[1:])[0, 1] < 0.9  # about rho^2
    assert np.array_equal(episode.states[:, 4], np.full(10_000, 4.0))


def test_dynamic_environment_plays_its_episode():
    env = gymnasium.make("semverse/ISGCDynamic-v0", slots=30).unwrapped
    env.reset(seed=1)
    episode, total, splits, over = env.episode, 0.0, [], False
    while not over:
        _, reward, over, _, info = env.step(env.action_space.sample())
        splits.append(info["split_mhz"])
        total += reward
    assert total == pytest.approx(play(episode, np.array(splits), env.config, env.dynamics)[0])


def run(policy, episode, dynamics):
    backlog, total = np.zeros(3), 0.0
    for state, arrived in zip(episode.states, episode.arrivals, strict=True):
        backlog = backlog + arrived
        slot = serve(state, backlog, policy(state, backlog, PSD), PSD, dynamics)
        total, backlog = total + slot.reward, slot.waiting
    return total


def test_nobody_beats_the_clairvoyant_and_drift_plus_penalty_comes_near():
    dynamics = load_dynamics(slots=40)
    for seed in range(3):
        episode = draw_episode(HAND, np.random.default_rng(seed), PSD, dynamics)
        bound = clairvoyant_bound(episode, PSD, dynamics)
        for policy in (drift_plus_penalty, myopic, max_weight, lambda *_: np.full(3, 20 / 3)):
            assert run(policy, episode, dynamics) <= bound + 1e-6
        assert run(drift_plus_penalty, episode, dynamics) >= 0.85 * bound


def test_clairvoyant_bound_is_tight_by_hand():
    # one slot, profile paper, e = (1, 2, 2): 8 Mbit of content take 4 MHz, 8 of feedback 4 MHz, and the
    # semantic link moves 12 of its 15 Msut in the other 12 MHz: 2 * 12 + 8 + 8 - 0.1 * 2 * 3
    dynamics = load_dynamics(slots=1, holding_cost=0.1)
    episode = Episode(HAND[None], np.array([[15.0, 8.0, 8.0]]))
    bound = clairvoyant_bound(episode, PAPER, dynamics)
    assert bound == pytest.approx(39.4, rel=0.02)
    assert bound >= 39.4 - 1e-6


def test_fewer_iterations_only_loosen_the_bound():
    dynamics = load_dynamics(slots=20)
    episode = draw_episode(HAND, np.random.default_rng(5), PSD, dynamics)
    bounds = [clairvoyant_bound(episode, PSD, dynamics, n) for n in (1, 10, 100)]
    assert all(a >= b - 1e-6 for a, b in pairwise(bounds))


def test_allocations_and_rounding_by_hand():
    assert len(allocations(40)) == 41 * 42 // 2
    qoe = load_qoe(subchannels=10)
    assert round_split(np.array([6.6, 6.7, 6.7]), PSD, qoe).tolist() == [3, 4, 3]
    assert round_split(np.array([20.0, 0.0, 0.0]), PSD, qoe).tolist() == [10, 0, 0]


def test_quality_by_hand():
    # profile paper: rates are proportional, so a link with 6 of 10 subchannels is just at a demand of 0.6
    qoe = load_qoe(subchannels=10, demand=0.6, width=0.01)
    utility = evaluate_qoe(HAND[None], np.array([[6, 4, 0]]), PAPER, qoe)[0]
    assert utility == pytest.approx(2 / 4 * 0.5, abs=1e-6)  # q = (2, 1, 1)


def test_qoe_optimum_beats_every_allocation():
    rng = np.random.default_rng(0)
    qoe = load_qoe(subchannels=12)
    states = np.array([HAND, PRINTED_STATES["PPO_2"], PRINTED_STATES["Diffusion_2"]])
    best, value = qoe_optimum(states, PSD, qoe)
    assert evaluate_qoe(states, best, PSD, qoe) == pytest.approx(value)
    for way in rng.permutation(allocations(12)):
        assert (evaluate_qoe(states, np.tile(way, (3, 1)), PSD, qoe) <= value + 1e-12).all()


def test_equal_links_have_several_optima():
    # content and feedback alike: what serves one of them serves the other as well
    assert local_optima(HAND[None], PSD, load_qoe(demand=0.8), within=1e-9)[0] >= 2


def test_qoe_environment_reaches_its_optimum():
    env = gymnasium.make("semverse/ISGCQoE-v0", episode_length=20)
    env.reset(seed=0)
    for _ in range(20):
        _, reward, _, _, info = env.step(env.action_space.sample())
        assert 0 <= reward <= info["optimal_utility"] + 1e-12
        assert info["subchannels"].sum() == 40


@pytest.mark.parametrize("reward", ["team", "selfish"])
def test_devices_share_one_band(reward):
    env = isgc_parallel_v0.parallel_env(devices=4, reward=reward, max_cycles=5)
    env.reset(seed=0)
    while env.agents:
        actions = {agent: env.action_space(agent).sample() for agent in env.agents}
        _, rewards, _, _, infos = env.step(actions)
        own = [info["utility"] for info in infos.values()]
        assert sum(info["split_mhz"].sum() for info in infos.values()) == pytest.approx(80)
        assert list(rewards.values()) == pytest.approx(own if reward == "selfish" else [np.mean(own)] * 4)
        assert sum(own) <= infos["device_0"]["social_optimum"] * (1 + 1e-9) or not all(own)


def test_bidding_more_is_selfishly_better():
    env = isgc_parallel_v0.parallel_env(devices=2, reward="selfish")
    earned = []
    for bid in (-0.5, 0.5):
        env.reset(seed=4)
        _, rewards, *_ = env.step({"device_0": np.full(3, bid), "device_1": np.zeros(3)})
        earned.append(rewards["device_0"])
    assert earned[0] < earned[1]


def test_bad_parallel_options_are_the_users_error():
    for options, word in (({"reward": "greedy"}, "reward"), ({"devices": 0}, "devices")):
        with pytest.raises(InputError, match=word):
            isgc_parallel_v0.parallel_env(**options)
    env = isgc_parallel_v0.parallel_env()
    with pytest.raises(InputError, match="states"):
        env.reset(options={"states": [[1.0]]})
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step({"device_0": np.full(3, np.inf)})
