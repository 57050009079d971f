"""Rules and planners of rate control, by hand and against the optimum."""

import gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.agents.registry import list_agents, make_agent
from semverse.envs.vlscc.model import evaluate
from semverse.envs.vlscc.optimum import optimum
from semverse.envs.vlscc.policies import Multipliers, entropy_levels, executed, fixed_levels
from semverse.envs.vlscc.problem import Problem

RULES = ("vlscc_random", "fixed", "entropy", "ran", "lagrange", "causal", "vlscc_exact")
CASES = [("semverse/VLSCC-v0", "toy"), ("semverse/VLSCCMap-v0", "toy_map")]


def returns(name, env_id, settings, seeds):
    """Return the return of each episode, played in single environments."""
    env, agent, found = (
        gymnasium.make(env_id, **settings),
        make_agent(name, env_id, env_settings=settings),
        [],
    )
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        agent.begin(env)
        total, over = 0.0, False
        while not over:
            observation, reward, over, _, _ = env.step(agent.act(observation))
            total += reward
        found.append(total)
    return np.array(found)


def batch_returns(name, env_id, settings, seeds):
    env, agent = gymnasium.make_vec(env_id, num_envs=len(seeds), **settings), make_agent(name, env_id)
    observation, _ = env.reset(seed=list(seeds))
    agent.begin(env)
    total = np.zeros(len(seeds))
    for _ in range(settings["frames"]):
        observation, reward, *_ = env.step(agent.act(observation))
        total += reward
    return total


@pytest.mark.parametrize("name", RULES[1:])
@pytest.mark.parametrize(("env_id", "profile"), CASES)
def test_a_batch_earns_what_single_environments_earn(name, env_id, profile):
    settings, seeds = {"profile": profile, "frames": 6, "content": "all"}, range(4)
    both = (play(name, env_id, settings, seeds) for play in (returns, batch_returns))
    assert np.array_equal(*both)


@pytest.mark.parametrize(("env_id", "profile"), CASES)
def test_nobody_earns_more_than_the_planned_optimum(env_id, profile):
    settings, seeds = {"profile": profile, "frames": 12}, range(10)
    earned = {name: returns(name, env_id, settings, seeds) for name in RULES}
    for name in RULES:
        assert (earned[name] <= earned["vlscc_exact"] + 1e-9).all(), name
    mean = {name: values.mean() for name, values in earned.items()}
    assert mean["vlscc_random"] < mean["fixed"] < mean["lagrange"] <= mean["vlscc_exact"] + 1e-9


def test_the_plan_is_the_optimum():
    env = gymnasium.make("semverse/VLSCC-v0", profile="toy")
    earned = returns("vlscc_exact", "semverse/VLSCC-v0", {"profile": "toy"}, [5])
    env.reset(seed=5)
    assert earned[0] == pytest.approx(optimum(env.unwrapped.episode, env.unwrapped.problem).value)


def test_the_fixed_level_spends_the_budget():
    """Half of three levels: 1, 2, 1, 2 ..."""
    problem = Problem.of("toy", frames=6)
    assert fixed_levels(np.arange(6), problem).tolist() == [[1, 2, 1, 2, 1, 2]]
    assert fixed_levels(np.arange(6), problem).sum() == problem.budget
    whole = Problem.of("toy", frames=5, budget_share=1.0, link_share=1.0)
    assert (fixed_levels(np.arange(5), whole) == 3).all()


def test_entropy_by_hand():
    """Sizes 1, 2, 4 with mean 1.5 in training; half of three levels on average: 1, 2, 4 -> 3."""
    problem = Problem.of("toy")
    assert entropy_levels(np.array([0, 1, 2]), np.full(3, 0.5), problem).tolist() == [[1, 2, 3]]
    assert entropy_levels(np.array([0, 1, 2]), np.zeros(3), problem).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("profile", ["toy", "toy_map"])
def test_what_is_executed_is_what_the_environment_executes(profile):
    env_id = "semverse/VLSCC-v0" if profile == "toy" else "semverse/VLSCCMap-v0"
    env = gymnasium.make(env_id, profile=profile, deadline_share=0.9)
    env.reset(seed=3)
    problem, rng = env.unwrapped.problem, np.random.default_rng(0)
    asked = rng.integers(4, size=(problem.config.frames, problem.surfaces.blocks))
    for levels, sent in zip(asked, cut := executed(asked, problem), strict=True):
        info = env.step(levels if len(levels) > 1 else levels[0])[4]
        assert np.array_equal(np.atleast_1d(info["level"]), sent)
    assert evaluate(env.unwrapped.episode, cut, problem).feasible
    assert (cut != asked).any()


def test_prices_spend_what_they_say_on_training_content():
    problem = Problem.of("toy", frames=50)
    found = Multipliers.of(problem)
    assert (np.diff(found.steps) <= 0).all()
    assert found.steps[0] > 2.9
    assert found.steps[-1] < 0.1
    assert (np.diff(found.price(np.linspace(0, 3, 20))) <= 0).all()


def test_every_agent_of_the_environments_is_known():
    names = {spec.name for spec in list_agents("semverse/VLSCC-v0")}
    assert names >= {*RULES, "ppo", "maskable_ppo"}


def test_rules_want_to_begin():
    with pytest.raises(RuntimeError, match="begin"):
        make_agent("fixed", "semverse/VLSCC-v0").act(np.zeros(6))


def test_a_row_may_be_planned_anew():
    """After a masked reset the plans of all rows are those of their own episodes."""
    settings = {"profile": "toy", "frames": 6, "autoreset_mode": "Disabled"}
    env = gymnasium.make_vec("semverse/VLSCC-v0", num_envs=2, **settings)
    agent = make_agent("vlscc_exact", "semverse/VLSCC-v0")
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    env.step(agent.act(observation))
    observation, _ = env.reset(seed=[9, None], options={"reset_mask": np.array([True, False])})
    total = np.zeros(2)
    for _ in range(5):
        observation, reward, *_ = env.step(agent.act(observation))
        total += reward
    first, problem = env.unwrapped.episode.row(0), env.unwrapped.problem
    best = optimum(first, problem)
    assert total[0] == pytest.approx(evaluate(first, best.levels, problem).reward[:5].sum())
