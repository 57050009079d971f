"""The PettingZoo environment: turns, conflicts, shared rewards and masks."""

import dataclasses

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs import scc_v0
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.parallel_env import rounds
from semverse.envs.scc.reward import scale
from semverse.envs.scc.toy import toy_instance

SIZE = {"mecs": 5, "users": 20, "spaces": 4}


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_return_is_minus_the_scalarised_cost(seed):
    env = scc_v0.parallel_env(**SIZE)
    _, infos = env.reset(seed=seed)
    rng, total = np.random.default_rng(seed), 0.0
    while env.agents:
        actions = {a: rng.choice(np.flatnonzero(infos[a]["action_mask"])) for a in env.agents}
        observations, rewards, _, truncations, infos = env.step(actions)
        assert len(set(rewards.values())) == 1
        assert not any(truncations.values())
        total += rewards["mec_0"]
        assert all(observations[a] in env.observation_space(a) for a in observations)
    info, core = infos["mec_0"], env.core
    costs = evaluate(core.instances[0], [info["placement"]])
    cost = float((costs.objectives / scale(core.instances[0]))[0] @ core.preference[0])
    assert total == pytest.approx(-(cost + costs.violation[0]), abs=1e-9)
    assert info["feasible"] == bool(costs.feasible[0])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_rounds_give_each_station_one_request_a_cycle(seed):
    instance = sample_instance(load_scenario(**SIZE), np.random.default_rng(seed))
    order = np.random.default_rng(seed).permutation(instance.num_requests)
    arranged, turns = rounds(instance, order)
    assert sorted(arranged) == list(range(instance.num_requests))
    real = turns[turns < instance.num_requests]
    assert sorted(real) == list(range(instance.num_requests))
    station = instance.users.mec[instance.requests.user]
    for cycle, row in enumerate(turns):
        active = np.flatnonzero(row < instance.num_requests)
        assert np.array_equal(station[arranged[row[active]]], active)
        turn = active[np.argsort(row[active])]
        assert np.array_equal(turn, sorted(active, key=lambda m: (m - cycle) % instance.num_mecs))
    for m in range(instance.num_mecs):
        own = [r for r in order if station[r] == m]
        column = turns[:, m]
        assert list(arranged[column[column < instance.num_requests]]) == own


def test_conflict_over_the_last_room_goes_to_the_station_whose_turn_it_is():
    toy = toy_instance()
    tight = dataclasses.replace(toy, mecs=dataclasses.replace(toy.mecs, max_tasks=np.array([1, 2, 1])))
    env = scc_v0.parallel_env(instance=tight, order="index", preference=[1, 1])
    env.reset(seed=0)
    # cycle 0 starts with station 0: it gets MEC 0's only place, stations 1 and 2 are repaired
    _, _, _, _, infos = env.step({"mec_0": 0, "mec_1": 0, "mec_2": 0})
    assert [infos[f"mec_{i}"]["repaired"] for i in range(3)] == [False, True, True]
    assert env.core.placement(0)[0] == 0
    # cycle 1: only station 1 has a request left
    _, _, terminations, _, infos = env.step({"mec_0": 2, "mec_1": 1, "mec_2": 2})
    assert [infos[f"mec_{i}"]["idle"] for i in range(3)] == [True, False, True]
    assert all(terminations.values())
    assert env.agents == []


def test_agents_see_the_same_picture_and_their_own_request():
    env = scc_v0.parallel_env(instance=toy_instance(), order="index", preference=[1, 1])
    observations, _ = env.reset(seed=0)
    probability = [observations[f"mec_{i}"][5 * 3] for i in range(3)]
    assert probability == [0.5, 0.25, 1.0]
    rooms = [observations[f"mec_{i}"][6:12].tolist() for i in range(3)]
    assert rooms == [[1.0] * 6] * 3


def test_mask_can_live_in_the_observation():
    env = scc_v0.parallel_env(**SIZE, mask_in_observation=True)
    observations, infos = env.reset(seed=0)
    for agent in env.agents:
        assert observations[agent] in env.observation_space(agent)
        assert np.array_equal(observations[agent]["action_mask"], infos[agent]["action_mask"])


def test_state_is_bounded_and_moves():
    env = scc_v0.parallel_env(**SIZE)
    env.reset(seed=0)
    before = env.state()
    env.step({agent: 0 for agent in env.agents})
    after = env.state()
    assert before in env.state_space
    assert after in env.state_space
    assert not np.array_equal(before, after)


def test_seeds_repeat_and_truncation_stops():
    env = scc_v0.parallel_env(**SIZE, max_cycles=2)
    first, _ = env.reset(seed=4)
    again, _ = env.reset(seed=4)
    assert all(np.array_equal(first[a], again[a]) for a in first)
    env.step({agent: 0 for agent in env.agents})
    _, _, terminations, truncations, _ = env.step({agent: 0 for agent in env.agents})
    assert all(truncations.values())
    assert not any(terminations.values())
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step({})


def test_wrong_use_is_refused():
    with pytest.raises(InputError, match="max_cycles"):
        scc_v0.parallel_env(max_cycles=0)
    env = scc_v0.parallel_env(**SIZE)
    env.reset(seed=0)
    with pytest.raises(InputError, match="no MEC"):
        env.step({agent: 9 for agent in env.agents})


def test_a_wrong_action_leaves_the_cycle_unplayed():
    env = scc_v0.parallel_env(instance=toy_instance(), order="index", preference=[1, 1])
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step({"mec_0": 0, "mec_1": 9, "mec_2": 2})
    assert env.core.cursor[0] == 0
    assert (env.core.placement(0) == -1).all()


def test_a_missing_action_takes_the_cheapest_mec_with_room():
    env = scc_v0.parallel_env(instance=toy_instance(), order="index", preference=[1, 0])
    env.reset(seed=0)
    _, _, _, _, infos = env.step({"mec_1": 0, "mec_2": 1})
    # by hand, request 0 (p 0.5, 20 GFLOP, 4 Mbit, at home on MEC 0): work, transmission, own synchronisation
    latency = [10 / 2 + 0 + 1, 10 / 4 + 0.5 * (2 + 1.5 * 4) + 0, 10 / 5 + 0.5 * (3 + 2.5 * 4) + 2]
    assert env.core.placement(0)[0] == int(np.argmin(latency))
    assert not infos["mec_0"]["repaired"]
