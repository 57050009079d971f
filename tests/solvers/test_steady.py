"""Placements and planners that weigh migration."""

import itertools

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

import semverse.envs  # noqa: F401  (registers the ids)
from semverse.agents.registry import make_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.dynamic_env import load_dynamics
from semverse.envs.scc.dynamics import first_slot, next_slot
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.migration import count_migrations, hosts, migration_costs, migration_opening
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.toy import toy_instance
from semverse.solvers.base import Budget
from semverse.solvers.construct import construct, space_by_space
from semverse.solvers.steady import stay_put, worthwhile

DYNAMICS = load_dynamics(None, None)
SIZE = {"users": 12, "spaces": 5, "mecs": 6}


def two_slots(seed):
    """Return the instances of two slots, a placement of the first, the second's opening, and weights."""
    rng = np.random.default_rng(seed)
    population = first_slot(sample_instance(load_scenario("virginia", **SIZE), rng), DYNAMICS, rng)
    first = population.instance()
    second = next_slot(population, DYNAMICS, rng).instance()
    weights = raw_weights(first, rng.dirichlet([1, 1]))
    before = hosts(first, construct(first, weights[None], order=space_by_space(first)))[0]
    opening = migration_opening(second, before, DYNAMICS.migration)
    return second, before, opening, raw_weights(second, rng.dirichlet([1, 1])), rng


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_as_many_stay_as_there_is_room_for(seed):
    instance, before, _, weights, _ = two_slots(seed)
    placement = stay_put(instance, before, weights)
    assert evaluate(instance, placement[None]).feasible[0]
    at_home = before[instance.requests.space]
    slots = np.repeat(np.arange(instance.num_mecs), instance.mecs.max_tasks)
    most = at_home[:, slots][linear_sum_assignment(~at_home[:, slots])].sum()
    assert at_home[np.arange(len(placement)), placement].sum() == most
    if most == at_home.any(axis=1).sum():
        assert count_migrations(before, instance, placement[None])[0] == 0


def test_staying_is_optimal_among_placements_that_stay():
    instance = toy_instance()
    before = np.array([[True, True, False], [True, False, True]])
    weights = np.array([1.0, 2.0])
    every = np.array(list(itertools.product(range(3), repeat=4)))
    costs = evaluate(instance, every)
    serving = costs.objectives @ weights
    at_home = before[instance.requests.space, every].all(axis=1) & costs.feasible
    placement = stay_put(instance, before, weights)
    assert at_home[(every == placement).all(axis=1)].all()
    # requests are assigned at least cost given hosts, so nobody with the same hosts is cheaper
    same = (hosts(instance, every) == hosts(instance, placement[None])).all(axis=(1, 2)) & costs.feasible
    assert serving[(every == placement).all(axis=1)] == serving[same].min()


def test_short_of_room_only_what_must_leaves():
    instance = toy_instance()  # MECs take 2, 2 and 1 requests
    before = np.array([[False, False, True], [False, True, False]])  # both of space 0 cannot be served on 2
    placement = stay_put(instance, before, np.array([1.0, 1.0]))
    assert evaluate(instance, placement[None]).feasible[0]
    assert (placement[:2] == 2).sum() == 1
    assert placement[2:].tolist() == [1, 1]


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_what_is_taken_over_pays(seed):
    instance, before, opening, weights, rng = two_slots(seed)
    kept = stay_put(instance, before, weights)
    new = construct(instance, weights[None], order=rng.permutation(instance.num_requests))[0]

    def value(placement, prices):
        total = evaluate(instance, placement[None]).objectives
        return float((total + migration_costs(prices, instance, placement[None]))[0] @ weights)

    for price in (0.0, 1.0, 1e9):
        chosen = worthwhile(instance, price * opening, weights, kept, new)
        assert evaluate(instance, chosen[None]).feasible[0]
        assert ((chosen == kept) | (chosen == new)).all()
        assert value(chosen, price * opening) <= min(value(p, price * opening) for p in (kept, new)) + 1e-12
    assert count_migrations(before, instance, chosen[None])[0] == 0


def play(agent, seed, budget=0.05):
    env = gymnasium.make("semverse/SCCDynamic-v0", **SIZE, slots=4)
    observation, _ = env.reset(seed=seed)
    agent.budget = Budget(seconds=budget)
    agent.begin(env)
    total, over = 0.0, False
    while not over:
        observation, reward, over, _, info = env.step(agent.act(observation))
        total += reward
    return total, info


def test_who_stays_moves_least():
    moved = {name: [] for name in ("stay", "steady", "greedy")}
    gained = {name: 0.0 for name in moved}
    for name in moved:
        agent = make_agent(
            name, "semverse/SCCDynamic-v0", **({} if name == "greedy" else {"planner": "greedy"})
        )
        for seed in range(6):
            total, info = play(agent, seed)
            assert info["feasible"]
            assert info["migrations"] == sum(slot["migrations"] for slot in info["slots"])
            moved[name].append(info["migrations"])
            gained[name] += total
    assert sum(moved["stay"]) <= sum(moved["steady"]) < sum(moved["greedy"])
    assert gained["steady"] > gained["greedy"]


@pytest.mark.parametrize("planner", ["stay", "ppo", "nobody"])
def test_a_planner_must_plan(planner):
    with pytest.raises(InputError, match=planner):
        make_agent("stay", "semverse/SCCDynamic-v0", planner=planner)
