"""Both agents as solvers and actors."""

import gymnasium
import numpy as np
import pytest
import torch

import semverse.envs  # noqa: F401  (registers the ids)
from semverse.agents.registry import make_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.solvers.base import Budget, preference_grid
from semverse.solvers.indicators import normalised_hypervolume

TINY = {"kind": "grid", "grid": 8, "cell": 4, "layers": 2, "conditioned": True}
NAMES = ("mo_cmpo", "difusco")


def small(seed, users=8, spaces=4, mecs=5):
    scenario = load_scenario("california", users=users, spaces=spaces, mecs=mecs)
    return sample_instance(scenario, np.random.default_rng(seed))


def untrained(name, **changes):
    torch.manual_seed(0)
    return make_agent(name, **{"checkpoint": None, "network": TINY, "steps": 3, "polish": False, **changes})


def solve(agent, instance, seed=0, budget=None):
    rng = np.random.default_rng(seed)
    return agent.solve(instance, preferences=preference_grid(5), budget=budget or Budget(), rng=rng)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1])
def test_an_untrained_network_gives_a_feasible_front(name, seed):
    instance = small(seed)
    front = solve(untrained(name), instance)
    costs = evaluate(instance, front.placements)
    assert len(front) > 0
    assert costs.feasible.all()
    np.testing.assert_array_equal(costs.objectives, front.objectives)
    latency, energy = front.objectives.T
    assert (np.diff(latency) > 0).all()
    assert (np.diff(energy) < 0).all()


@pytest.mark.parametrize("polish", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_front_to_the_bit(name, polish):
    first, second = (solve(untrained(name, polish=polish, rounds=2), small(2), seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.placements, second.placements)
    np.testing.assert_array_equal(first.objectives, second.objectives)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_polish_begins_with_the_same_placements_and_only_gains(name, seed):
    instance = small(seed)
    plain = solve(untrained(name), instance, seed=seed)
    polished = solve(untrained(name, polish=True, rounds=1), instance, seed=seed)
    for point in plain.objectives:  # nothing the network found is lost, unless something dominates it
        assert (polished.objectives <= point).all(axis=1).any()
    before, after = (normalised_hypervolume(instance, front.objectives) for front in (plain, polished))
    assert after >= before


@pytest.mark.parametrize("name", NAMES)
def test_an_untrained_network_acts_to_the_end(name):
    env = gymnasium.make("semverse/SCC-v0", users=8, spaces=4, mecs=5)
    agent, done, info = untrained(name), False, {}
    observation, _ = env.reset(seed=3)
    agent.begin(env)
    while not done:
        observation, _, terminated, truncated, info = env.step(agent.act(observation))
        assert not info.get("repaired", False)
        done = terminated or truncated
    assert info["feasible"]


def test_an_unknown_kind_of_network_is_refused():
    with pytest.raises(InputError, match=r"network\.kind"):
        untrained("mo_cmpo", network={**TINY, "kind": "tree"})


def test_processes_share_the_descents_and_the_seed_still_decides_the_front():
    agents = [untrained("mo_cmpo", polish=True, rounds=2, processes=2) for _ in range(2)]
    first, second = (solve(agent, small(2), seed=4) for agent in agents)
    np.testing.assert_array_equal(first.placements, second.placements)
    plain = solve(untrained("mo_cmpo"), small(2), seed=4)
    assert normalised_hypervolume(small(2), first.objectives) > normalised_hypervolume(
        small(2), plain.objectives
    )


def test_more_processes_than_preferences_do_no_harm():
    front = solve(untrained("mo_cmpo", polish=True, rounds=0, processes=7), small(2))
    assert front.costs.feasible.all()


def test_other_processes_cannot_be_counted_in_processor_time():
    agent = untrained("mo_cmpo", polish=True, processes=2)
    with pytest.raises(InputError, match="processes"):
        solve(agent, small(0), budget=Budget(seconds=1.0, processor=True))


def test_evaluations_are_counted_over_all_processes():
    agent = untrained("mo_cmpo", polish=True, rounds=1000, processes=2)
    front = solve(agent, small(0), budget=Budget(evaluations=200))
    assert len(front) > 0
