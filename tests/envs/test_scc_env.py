"""SCC-v0 and MO-SCC-v0: what the return means, masks, repairs, dead ends, orders and options."""

import dataclasses

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.errors import InputError
from semverse.envs.scc.env import MOSCCEnv, SCCEnv
from semverse.envs.scc.io import save_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.order import ORDERS
from semverse.envs.scc.reward import scale
from semverse.envs.scc.toy import toy_instance

SMALL = {"mecs": 6, "users": 20, "spaces": 5}


def play(env, choose, **reset):
    """Play an episode; return rewards, infos and observations."""
    observation, info = env.reset(**reset)
    rewards, infos, observations = [], [info], [observation]
    while True:
        observation, reward, terminated, truncated, info = env.step(choose(observation, info))
        rewards.append(reward)
        infos.append(info)
        observations.append(observation)
        assert not truncated
        if terminated:
            return rewards, infos, observations


def legal(seed):
    rng = np.random.default_rng(seed)
    return lambda observation, info: rng.choice(np.flatnonzero(info["action_mask"]))


def anything(seed, mecs):
    rng = np.random.default_rng(seed)
    return lambda observation, info: rng.integers(mecs)


def scalarised(env, placement):
    costs = evaluate(env.instance, [placement])
    return float((costs.objectives / scale(env.instance))[0] @ env.preference), float(costs.violation[0])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), order=st.sampled_from(sorted(ORDERS)))
def test_return_is_minus_the_scalarised_cost(seed, order):
    env = SCCEnv(order=order, infeasible_penalty=0.5, **SMALL)
    rewards, infos, _ = play(env, legal(seed), seed=seed)
    cost, violation = scalarised(env, infos[-1]["placement"])
    assert sum(rewards) == pytest.approx(-(cost + 0.5 * violation), abs=1e-9)
    assert infos[-1]["feasible"] == (violation == 0) == (not any(i.get("dead_end") for i in infos))


@pytest.mark.parametrize("region", ["california", "virginia"])
def test_return_at_the_standard_size(region):
    env = SCCEnv(region)
    rewards, infos, observations = play(env, legal(0), seed=5)
    cost, violation = scalarised(env, infos[-1]["placement"])
    assert violation == 0
    assert sum(rewards) == pytest.approx(-cost, abs=1e-9)
    assert all(type(reward) is float for reward in rewards)
    assert all(observation in env.observation_space for observation in observations)
    costs = evaluate(env.instance, [infos[-1]["placement"]])
    assert infos[-1]["latency_ms"] == costs.latency_ms[0]
    assert infos[-1]["energy_j"] == costs.energy_j[0]


def test_reward_follows_from_the_observation():
    env = SCCEnv(**SMALL)
    observation, info = env.reset(seed=2)
    requests = env.instance.num_requests
    for mec in (0, 3, 1):
        added = np.array([observation["added_latency"][mec], observation["added_energy"][mec]]) / requests
        assert info["action_mask"][mec]
        observation, reward, _, _, info = env.step(mec)
        assert reward == pytest.approx(-float(env.preference @ added), rel=1e-5)
        assert info["vector_reward"] == pytest.approx(-added, rel=1e-5)


def test_vector_environment_of_mo_gymnasium_agrees_with_the_scalar_one():
    scalar, vector = SCCEnv(preference=[0.5, 0.5], **SMALL), MOSCCEnv(preference=[0.5, 0.5], **SMALL)
    rewards, _, _ = play(scalar, legal(1), seed=4)
    vectors, _, _ = play(vector, legal(1), seed=4)
    assert [float(v.sum() / 2) for v in vectors] == pytest.approx(rewards, rel=1e-5)


def test_toy_by_hand():
    """One request a step on the toy, the first two steps with pencil and paper."""
    env = SCCEnv(instance=toy_instance(), order="index", preference=[1, 0])
    observation, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [1, 1, 1]
    assert observation["request"][0] == 0.5
    assert observation["cache_room"].tolist() == [1, 1, 1]
    reference = scale(env.instance)[0]
    # user 0 (local to MEC 0) on MEC 1: compute 0.5*20/4; sensor 2 and frame 1.5*4 times 0.5; access 0.5*1*4;
    # MEC 1 synchronises with itself at 0
    _, reward, _, _, info = env.step(1)
    assert reward * reference == pytest.approx(-(2.5 + 0.5 * (2 + 1.5 * 4) + 2.0))
    # user 1 (local to MEC 1), space 0 on MEC 0: compute 0.25*20/2; sensor 4 and frame 0.5*4 times 0.25;
    # access 0.25*0.5*4; opens a second host: itself 1, both directions 2 + 3
    observation, reward, _, _, info = env.step(0)
    assert reward * reference == pytest.approx(-(2.5 + 0.25 * (4 + 0.5 * 4) + 0.5 + 1 + 5))
    assert observation["cache_room"] == pytest.approx([0.5, 1 / 3, 1])
    assert observation["task_room"] == pytest.approx([0.5, 0.5, 1])
    # space 1 needs 1.5 GB: 2 are left on MEC 0, 1 on MEC 1, 2 on MEC 2
    assert info["action_mask"].tolist() == [1, 0, 1]
    assert env.action_masks().tolist() == [True, False, True]


def test_illegal_action_goes_to_the_cheapest_legal_mec():
    env = SCCEnv(instance=toy_instance(), order="index", preference=[1, 0])
    env.reset(seed=0)
    env.step(1)
    observation, *_ = env.step(0)
    cost = observation["added_latency"].astype(float)
    best = int(np.where(env.action_masks(), cost, np.inf).argmin())
    _, _, _, _, info = env.step(1)
    assert info["repaired"] is True
    assert env.core.placement(0)[2] == best != 1


def test_dead_end_goes_over_capacity_and_says_so():
    toy = toy_instance()
    crowded = dataclasses.replace(toy, mecs=dataclasses.replace(toy.mecs, max_tasks=np.array([1, 1, 1])))
    env = SCCEnv(instance=crowded, order="index", preference=[1, 1], infeasible_penalty=2.0)
    rewards, infos, _ = play(env, lambda o, i: int(np.flatnonzero(i["action_mask"])[0]), seed=0)
    assert [info.get("dead_end") for info in infos] == [None, False, False, False, True]
    assert infos[3]["action_mask"].tolist() == [1, 1, 1]
    assert infos[-1]["repaired"] is False
    assert infos[-1]["feasible"] is False
    cost, violation = scalarised(env, infos[-1]["placement"])
    assert violation == infos[-1]["violation"] > 0
    assert sum(rewards) == pytest.approx(-(cost + 2.0 * violation), abs=1e-12)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), users=st.integers(5, 40))
def test_random_actions_keep_every_promise(seed, users):
    env = SCCEnv(mecs=4, users=users, spaces=4)
    rewards, infos, observations = play(env, anything(seed, 4), seed=seed)
    cost, violation = scalarised(env, infos[-1]["placement"])
    assert sum(rewards) == pytest.approx(-(cost + violation), abs=1e-9)
    assert all(observation in env.observation_space for observation in observations)
    assert np.all(np.diff([o["progress"][0] for o in observations]) > 0)
    assert observations[-1]["progress"][0] == 1


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_every_order_has_each_request_once(order):
    env = SCCEnv(order=order, **SMALL)
    env.reset(seed=3)
    seen = []
    for _ in range(env.instance.num_requests):
        seen.append(int(env.core.request[0]))
        env.step(0)
    assert sorted(seen) == list(range(env.instance.num_requests))
    requests, spaces = env.instance.requests, env.instance.spaces
    if order == "heaviest":
        load = (requests.probability * spaces.workload_gflop[requests.space])[seen]
        assert np.all(np.diff(load) <= 0)
    if order == "space":
        of = requests.space[seen]
        assert np.count_nonzero(np.diff(of)) == len(np.unique(of)) - 1
        assert np.all(np.diff(spaces.cache_gb[of]) <= 0)


def test_preference_of_constructor_options_or_drawn():
    env = SCCEnv(preference=[3, 1], **SMALL)
    observation, _ = env.reset(seed=0)
    assert observation["preference"].tolist() == [0.75, 0.25]
    observation, _ = env.reset(options={"preference": [0, 2]})
    assert observation["preference"].tolist() == [0, 1]
    free = SCCEnv(**SMALL)
    drawn = np.array([free.reset(seed=s)[0]["preference"] for s in range(60)])
    assert drawn.sum(axis=1) == pytest.approx(np.ones(60))
    assert drawn[:, 0].min() < 0.2 < 0.8 < drawn[:, 0].max()


def test_instance_given_as_object_or_file(tmp_path):
    toy = toy_instance()
    save_instance(toy, tmp_path / "toy.json")
    env = SCCEnv(mecs=3, users=5, spaces=2)
    env.reset(seed=0, options={"instance": toy})
    assert env.instance is toy
    env.reset(options={"instance": tmp_path / "toy.json"})
    assert env.instance.name == "toy"
    before = env.instance
    env.reset()
    assert env.instance is not before
    assert env.instance.name == "california"


def test_every_reset_draws_another_instance_and_the_seed_repeats_it():
    env = gymnasium.make("semverse/SCC-v0", **SMALL)
    first, _ = env.reset(seed=9)
    second, _ = env.reset()
    again, _ = env.reset(seed=9)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not np.array_equal(first["added_latency"], second["added_latency"])


def test_plan_action_plays_a_whole_placement():
    env = SCCEnv(**SMALL)
    env.reset(seed=1)
    plan = np.random.default_rng(0).integers(6, size=env.instance.num_requests)
    feasible = bool(evaluate(env.instance, plan[None]).feasible[0])
    over = False
    while not over:
        _, _, over, _, info = env.step(env.plan_action(plan))
    assert (info["placement"] == plan.tolist()) or not feasible


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"region": "atlantis"}, "atlantis"),
        ({"order": "lightest"}, "order"),
        ({"preference": [1, -1]}, "preference"),
        ({"preference": "equal"}, "preference"),
        ({"users": 0}, "users"),
        ({"mecs": 2.5}, "mecs"),
        ({"infeasible_penalty": -1}, "infeasible_penalty"),
        ({"infeasible_penalty": float("nan")}, "infeasible_penalty"),
        ({"render_mode": "ascii"}, "render_mode"),
        ({"instance": 7}, "instance"),
        ({"instance": "/no/such/file.json"}, "/no/such/file.json"),
    ],
)
def test_bad_arguments_are_the_users_error(kwargs, word):
    with pytest.raises(InputError, match=word):
        SCCEnv(**kwargs)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"instnace": "x"}, "instnace"),
        ({"preference": [0, 0]}, "preference"),
        ({"instance": "/no/such/file.json"}, "/no/such/file.json"),
        ({"instance": toy_instance()}, "3 MECs"),
    ],
)
def test_bad_options_are_the_users_error(options, word):
    with pytest.raises(InputError, match=word):
        SCCEnv(**SMALL).reset(options=options)


@pytest.mark.parametrize("action", [-1, 6, 99])
def test_an_action_that_is_no_mec_is_refused(action):
    env = SCCEnv(**SMALL)
    env.reset(seed=0)
    with pytest.raises(InputError, match="no MEC"):
        env.step(action)


def test_stepping_needs_a_running_episode():
    env = SCCEnv(instance=toy_instance())
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    play(env, legal(0), seed=0)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
