"""Every registered agent that solves SCC instances: fronts, determinism, acting in the environment."""

import gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  (registers the ids)
from semverse.agents.base import Agent
from semverse.agents.planner import PlannerAgent
from semverse.agents.registry import agent_spec, list_agents, make_agent, register_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.types import Instance
from semverse.solvers.base import Budget, Front, preference_grid

# policies are tested in tests/training; stay and steady, which solve as another agent does, in test_steady.py
NAMES = [
    spec.name
    for spec in list_agents("semverse/SCC-v0")
    if spec.solves and spec.name not in {"stay", "steady"}
]
TIMED = {"exact", "cpsat"}  # these stop by wall-clock time inside a third-party solver


def small(seed: int, users: int = 8, spaces: int = 4, mecs: int = 5) -> Instance:
    config = load_scenario("california", users=users, spaces=spaces, mecs=mecs)
    return sample_instance(config, np.random.default_rng(seed))


def solve(name: str, instance: Instance, seed: int = 0, budget: Budget | None = None) -> Front:
    return make_agent(name).solve(
        instance,
        preferences=preference_grid(5),
        budget=budget or Budget(seconds=1.0, evaluations=400),
        rng=np.random.default_rng(seed),
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1])
def test_fronts_hold_only_feasible_mutually_nondominated_points(name: str, seed: int) -> None:
    instance = small(seed)
    front = solve(name, instance)
    assert len(front) > 0
    rescored = evaluate(instance, front.placements)
    assert rescored.feasible.all()
    np.testing.assert_array_equal(rescored.objectives, front.objectives)
    latency, energy = front.objectives.T
    assert (np.diff(latency) > 0).all()
    assert (np.diff(energy) < 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_history_grows_towards_the_front(name: str) -> None:
    instance = small(2)
    front = solve(name, instance)
    seconds = [snapshot.seconds for snapshot in front.history]
    assert seconds == sorted(seconds)
    assert seconds[-1] <= front.seconds
    np.testing.assert_array_equal(
        np.sort(front.history[-1].objectives, axis=0), np.sort(front.objectives, axis=0)
    )


@pytest.mark.parametrize("name", [n for n in NAMES if n not in TIMED])
def test_same_seed_same_front_to_the_bit(name: str) -> None:
    budget = Budget(evaluations=600)
    first, second = (solve(name, small(3), seed=7, budget=budget) for _ in range(2))
    np.testing.assert_array_equal(first.placements, second.placements)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in {"local", "greedy", "exact", "cpsat"}])
def test_the_seed_matters(name: str) -> None:
    budget = Budget(evaluations=300)
    fronts = [solve(name, small(3, users=30, spaces=10, mecs=8), seed=s, budget=budget) for s in range(2)]
    assert (
        fronts[0].placements.shape != fronts[1].placements.shape
        or (fronts[0].placements != fronts[1].placements).any()
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_agent_acts_by_playing_its_plan(name: str) -> None:
    instance = small(4)
    env = gymnasium.make("semverse/SCC-v0", users=8, spaces=4, mecs=5)
    agent = make_agent(name, "semverse/SCC-v0")
    assert isinstance(agent, PlannerAgent) or agent_spec(name).acts
    assert isinstance(agent, Agent)
    agent.budget = Budget(seconds=0.3, evaluations=200)
    observation, _ = env.reset(seed=0, options={"instance": instance, "preference": [0.5, 0.5]})
    agent.begin(env)
    done, total, info = False, 0.0, {}
    while not done:
        observation, reward, terminated, truncated, info = env.step(agent.act(observation))
        assert not info.get("repaired", False)
        total += float(reward)
        done = terminated or truncated
    assert info["feasible"]
    costs = evaluate(instance, np.array(info["placement"])[None])
    assert info["latency_ms"] == pytest.approx(float(costs.latency_ms[0]), rel=1e-9)
    assert total < 0


def test_a_planner_needs_begin() -> None:
    with pytest.raises(RuntimeError, match="begin"):
        make_agent("greedy").act({})


@pytest.mark.parametrize("name", NAMES)
def test_unknown_config_keys_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"agent {name}: nonsense: .*"):
        make_agent(name, nonsense=1)


def test_registry_refuses_duplicates_and_bad_targets() -> None:
    with pytest.raises(InputError, match="is taken"):
        register_agent("greedy", "somewhere:Class", supports=["semverse/SCC-v0"])
    with pytest.raises(InputError, match=r"module:Class"):
        register_agent("new-agent", "somewhere.Class", supports=["semverse/SCC-v0"])
    with pytest.raises(InputError, match=r"choose from random"):
        agent_spec("gready")
    with pytest.raises(InputError, match=r"does not support"):
        make_agent("greedy", "semverse/ISGC-v0")


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_budget_is_positive(seconds: float) -> None:
    with pytest.raises(InputError, match=r"budget\.seconds"):
        Budget(seconds=seconds)


def test_better_agents_are_better() -> None:
    """On a standard instance: descent dominates greedy in hypervolume, greedy dominates random."""
    from semverse.solvers.indicators import normalised_hypervolume

    instance = sample_instance(load_scenario("virginia"), np.random.default_rng(0))
    value = {
        name: normalised_hypervolume(
            instance, solve(name, instance, budget=Budget(evaluations=15)).objectives
        )
        for name in ("random", "greedy", "descent")
    }
    assert value["random"] < value["greedy"] < value["descent"]
