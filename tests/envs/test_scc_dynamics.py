"""User dynamics, migration by hand, and the return of SCCDynamic-v0."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs.config import load_yaml, shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.dynamic_env import MOSCCDynamicEnv, SCCDynamicEnv, load_dynamics
from semverse.envs.scc.dynamics import (
    Population,
    arrive_and_depart,
    change_spaces,
    first_slot,
    hand_over,
    next_slot,
)
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.geo import great_circle_km
from semverse.envs.scc.migration import MigrationConfig, hosts, migration_costs, migration_opening
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import scale
from semverse.envs.scc.servable import pack
from semverse.envs.scc.toy import toy_instance
from semverse.envs.scc.types import Requests

DEFAULT = load_dynamics(None, None)
SIZE = {"mecs": 5, "users": 16, "spaces": 4}
PRICE = MigrationConfig(latency_ms_per_gb_km=2.0, energy_j_per_gb_km=0.25)


def busy(seed=0):
    return sample_instance(load_scenario(**SIZE), np.random.default_rng(seed))


def test_migration_by_hand():
    """Sites on the equator: 0, 1 and 3 degrees east, 111.195 km a degree."""
    toy = toy_instance()
    sites = dataclasses.replace(toy.mecs, lon=np.array([0.0, 1.0, 3.0]), lat=np.zeros(3))
    instance = dataclasses.replace(toy, mecs=sites)
    degree = 6371.0088 * np.pi / 180
    before = np.array([[True, False, True], [False, False, False]])  # nobody hosted space 1
    opening = migration_opening(instance, before, PRICE)
    # space 0 has 2 GB; MEC 1 is 1 degree from host 0 and 2 from host 2
    expected = 2 * degree * 2.0 + 1j * 2 * degree * 0.25
    assert opening[0] == pytest.approx([0, expected, 0])
    assert opening[1] == pytest.approx([0, 0, 0])
    # two requests of space 0 on MEC 1 move it once; on MECs 0 and 2 it stays
    costs = migration_costs(opening, instance, [[1, 1, 0, 0], [0, 2, 1, 1], [0, 1, 2, 2]])
    once = [expected.real, expected.imag]
    assert costs == pytest.approx(np.array([once, [0, 0], once]))


def test_migration_of_the_first_slot_is_free():
    assert not migration_opening(toy_instance(), None, PRICE).any()


def test_hosts_follow_from_requests():
    hosted = hosts(toy_instance(), [[0, 1, 1, 2], [2, 2, 0, 0]])
    assert hosted.tolist() == [
        [[True, True, False], [False, True, True]],
        [[False, False, True], [True, False, False]],
    ]


def test_departures_and_arrivals_have_their_rates():
    online = np.repeat([True, False], 20_000)
    after = arrive_and_depart(online, DEFAULT, np.random.default_rng(0))
    assert 1 - after[:20_000].mean() == pytest.approx(DEFAULT.departure, abs=0.01)
    assert after[20_000:].mean() == pytest.approx(DEFAULT.arrival, abs=0.01)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_changing_spaces_moves_one_request_of_an_online_user(seed):
    instance = busy(seed)
    online = np.random.default_rng(seed).random(instance.num_users) < 0.5
    after = change_spaces(instance, online, 1.0, np.random.default_rng(seed + 1))
    changed = np.flatnonzero(after.requests.space != instance.requests.space)
    assert np.array_equal(after.requests.user, instance.requests.user)
    assert np.array_equal(after.requests.probability, instance.requests.probability)
    movers = instance.requests.user[changed]
    assert len(np.unique(movers)) == len(movers)
    assert online[movers].all()
    asked = np.bincount(instance.requests.user, minlength=instance.num_users)
    assert set(movers) == set(np.flatnonzero(online & (asked > 0) & (asked < instance.num_spaces)))


def test_popular_spaces_attract():
    requests = Requests(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 1]), np.array([0.5, 0.8, 0.1, 0.8]))
    instance = dataclasses.replace(busy(), requests=requests)
    only_first = np.arange(instance.num_users) == 0
    rng = np.random.default_rng(0)
    found = [change_spaces(instance, only_first, 1.0, rng).requests.space[0] for _ in range(4000)]
    # popularity 1.6, 0.1 and 0, each with one mean request (0.55) added
    expected = np.array([2.15, 0.65, 0.55]) / 3.35
    assert np.bincount(found, minlength=4)[1:] / 4000 == pytest.approx(expected, abs=0.03)


def test_handover_goes_to_a_near_station():
    instance = busy(2)
    online = np.arange(instance.num_users) % 2 == 0
    after = hand_over(instance, online, 1.0, 2, np.random.default_rng(0))
    km = great_circle_km(instance.mecs.lon, instance.mecs.lat)
    for user in range(instance.num_users):
        old, new = instance.users.mec[user], after.users.mec[user]
        if not online[user]:
            assert new == old
        else:
            assert new in np.argsort(km[old])[1:3]


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_every_slot_is_servable_and_repeatable(seed):
    populations = []
    for _ in range(2):
        rng = np.random.default_rng(seed)
        population = first_slot(busy(seed), DEFAULT, rng)
        for _ in range(4):
            population = next_slot(population, DEFAULT, rng)
            assert pack(population.instance()) is not None
        populations.append(population)
    left, right = (p.instance() for p in populations)
    assert np.array_equal(left.requests.space, right.requests.space)
    assert np.array_equal(left.users.mec, right.users.mec)
    assert np.array_equal(populations[0].online, populations[1].online)


def test_offline_users_ask_for_nothing_and_come_back():
    toy = toy_instance()
    population = Population(toy, np.array([True, False, True]))
    assert population.instance().requests.user.tolist() == [0, 2]
    assert population.everyone is toy


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), slots=st.integers(1, 4))
def test_return_is_the_sum_over_slots(seed, slots):
    env = SCCDynamicEnv(**SIZE, slots=slots, order="random")
    observation, info = env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    instances, total, expected, before, over = [], 0.0, 0.0, None, False
    while not over:
        assert observation in env.observation_space
        instance = env.instance
        observation, reward, over, truncated, info = env.step(
            rng.choice(np.flatnonzero(info["action_mask"])) if rng.random() < 0.8 else rng.integers(5)
        )
        total += reward
        assert not truncated
        if "slot_result" not in info:
            assert env.instance is instance
            continue
        instances.append(instance)
        placement = [info["slot_result"]["placement"]]
        opening = migration_opening(instance, before, env.dynamics.migration)
        cost = evaluate(instance, placement).objectives[0] + migration_costs(opening, instance, placement)[0]
        expected += float(cost / scale(instance) @ env.preference) + info["slot_result"]["violation"]
        before = hosts(instance, placement)[0]
        assert info["slot"] == len(instances) - 1
        assert (env.instance is instance) == over
    assert total == pytest.approx(-expected, abs=1e-9)
    assert len(instances) == slots == len(info["slots"])
    assert info["placement"] == info["slots"][-1]["placement"]
    moved = sum(slot["migration_latency_ms"] for slot in info["slots"])
    assert info["latency_ms"] == pytest.approx(sum(s["latency_ms"] for s in info["slots"]) + moved)
    assert info["migration_latency_ms"] == moved
    assert info["migrations"] == sum(slot["migrations"] for slot in info["slots"])
    assert info["slots"][0]["migration_latency_ms"] == info["slots"][0]["migrations"] == 0
    assert observation["progress"][0] == 1


def test_staying_where_one_was_migrates_nothing():
    still = {**load_yaml(shipped("scc", "dynamics", "default.yaml")), "initially_online": 1.0}
    still.update({"departure": 0.0, "transition": 0.0, "handover": 0.0})
    env = SCCDynamicEnv(**SIZE, dynamics=still, slots=3, order="index")
    env.reset(seed=0)
    plan, over = pack(env.instance), False
    while not over:
        _, _, over, _, info = env.step(env.plan_action(plan))
    assert [slot["migration_energy_j"] for slot in info["slots"]] == [0, 0, 0]
    assert info["migrations"] == 0
    assert len({slot["latency_ms"] for slot in info["slots"]}) == 1


def test_moving_everything_pays():
    still = {**load_yaml(shipped("scc", "dynamics", "default.yaml")), "initially_online": 1.0}
    still.update({"departure": 0.0, "transition": 0.0, "handover": 0.0})
    env = SCCDynamicEnv(instance=toy_instance(), dynamics=still, slots=2, order="index", preference=[1, 1])
    env.reset(seed=0)
    for mec in (0, 0, 1, 1, 1, 1, 0, 0):
        *_, info = env.step(mec)
    km = great_circle_km(env.instance.mecs.lon, env.instance.mecs.lat)[0, 1]
    price = env.dynamics.migration
    assert [slot["placement"] for slot in info["slots"]] == [[0, 0, 1, 1], [1, 1, 0, 0]]
    assert [slot["migrations"] for slot in info["slots"]] == [0, 2]
    assert info["slots"][1]["migration_latency_ms"] == pytest.approx(3.5 * km * price.latency_ms_per_gb_km)
    assert info["slots"][1]["migration_energy_j"] == pytest.approx(3.5 * km * price.energy_j_per_gb_km)


def test_vector_twin_agrees():
    scalar, vector = (kind(**SIZE, preference=[0.5, 0.5]) for kind in (SCCDynamicEnv, MOSCCDynamicEnv))
    _, info = scalar.reset(seed=1)
    vector.reset(seed=1)
    over = False
    while not over:
        action = int(np.flatnonzero(info["action_mask"])[-1])
        _, reward, over, _, info = scalar.step(action)
        _, both, *_ = vector.step(action)
        assert both.dtype == np.float32
        assert float(both.astype(float).mean()) == pytest.approx(reward, rel=1e-5)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"slots": 0}, "slots"),
        ({"departure": 1.5}, "departure"),
        ({"speed": 1}, "speed"),
        ({"migration": {"latency_ms_per_gb_km": -1, "energy_j_per_gb_km": 0}}, "latency_ms_per_gb_km"),
    ],
)
def test_bad_dynamics_are_the_users_error(values, word):
    with pytest.raises(InputError, match=word):
        SCCDynamicEnv(dynamics={**DEFAULT.model_dump(), **values})


def test_unreadable_dynamics_are_the_users_error():
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        SCCDynamicEnv(dynamics="/nowhere.yaml")
