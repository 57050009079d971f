"""Rules of the FedSem environments: who is asked, for how long, and what planning is worth."""

import gymnasium
import numpy as np
import pytest

from semverse.agents.fedsem_beam import begin, best_schedule, decided, plausible_actions
from semverse.agents.fedsem_plans import all_actions, best_plans, describe, play_flat, screen
from semverse.agents.fedsem_study import judge_live, play_live
from semverse.agents.registry import list_agents, make_agent
from semverse.agents.training.evaluation import evaluate_agent
from semverse.envs.errors import InputError
from semverse.envs.fedsem.core import Trainings
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.surrogate import SurrogateLearner

FAST = "semverse/FedSemFast-v0"
RULES = (
    "fedsem_random",
    "channel",
    "coverage",
    "coverage_channel",
    "flat_schedule",
    "varied_schedule",
    "lookahead",
)
PROBLEM = Problem.of("default", epsilon=8.0)
TOY = {"rule": "coverage", "count": 10, "public": 60, "bits": 8, "payment": 4, "rounds": 3}


def start(seed=0):
    rng = np.random.default_rng(seed)
    one = Trainings(1, PROBLEM, SurrogateLearner(1, PROBLEM))
    one.begin([rng], np.zeros(1, dtype=np.int64))
    return one, rng


@pytest.mark.parametrize("name", RULES)
def test_rules_act_alone_and_in_batches(name):
    assert name in {spec.name for spec in list_agents(FAST)}
    env, agent = gymnasium.make(FAST), make_agent(name, FAST)
    observation, _ = env.reset(seed=3)
    agent.begin(env)
    assert agent.act(observation) in env.action_space
    envs = gymnasium.make_vec(FAST, num_envs=2)
    observation, _ = envs.reset(seed=3)
    agent.begin(envs)
    assert agent.act(observation).shape == (2, 5)


def test_a_schedule_ends_when_it_says():
    env, agent = gymnasium.make(FAST), make_agent("coverage", FAST, rounds=2)
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    took = []
    for _ in range(4):
        observation, *_, info = env.step(agent.act(observation))
        took.append(info["participants"])
    assert took[0] > 0
    assert took[1] > 0
    assert took[2:] == [0, 0]


def test_the_schedule_of_the_nearest_budget_is_followed():
    schedules = [{**TOY, "epsilon": epsilon, "payment": pay} for epsilon, pay in ((2.0, 1), (8.0, 4))]
    for epsilon, option in ((3.0, 0), (6.0, 2)):
        env = gymnasium.make("semverse/FedSem-v0", profile="toy", epsilon=epsilon)
        agent = make_agent("flat_schedule", "semverse/FedSem-v0", schedules=schedules)
        observation, _ = env.reset(seed=0)
        agent.begin(env)
        assert agent.act(observation)[4] == option


def test_values_that_the_profile_does_not_offer_are_one_line():
    env, agent = gymnasium.make(FAST), make_agent("coverage", FAST, count=33)
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    with pytest.raises(InputError, match="count"):
        agent.act(observation)


def test_imagined_trainings_are_copies_that_leave_the_original_alone():
    one, rng = start()
    one.play(np.array([[3, 0, 1, 1, 1]]), [rng])
    before = one.observe()
    many = one.imagined(0, 4, SurrogateLearner(4, PROBLEM), np.random.default_rng(1))
    assert np.array_equal(many.observe(), np.repeat(before, 4, axis=0))
    many.play(np.array([[5, 0, 1, 1, 1]] * 4), [rng] * 4)
    assert np.array_equal(one.observe(), before)
    now = one.situation()
    again = one.imagined(0, 1, SurrogateLearner(1, PROBLEM), np.random.default_rng(2))
    assert np.array_equal(again.situation().efficiency, now.efficiency)
    assert not np.array_equal(again.episode.efficiency[-1], one.episode.efficiency[-1])


def test_flat_plans_are_worth_what_playing_them_earns():
    one, rng = start()
    actions = all_actions(PROBLEM)[::97]
    totals = play_flat(one.imagined(0, len(actions), SurrogateLearner(len(actions), PROBLEM), rng), actions)
    plan = best_plans(totals, actions, 1)[0]
    row = [tuple(action) for action in actions.tolist()].index(plan.action)
    assert plan.value == totals[:, row].max() == totals.max()
    assert totals[plan.rounds - 1, row] == plan.value


def test_screening_names_what_the_schedule_agent_takes():
    plan = screen(PROBLEM, 1, 0, 1)[0]
    agent = make_agent("flat_schedule", FAST, schedules=[{**plan.values(PROBLEM), "epsilon": 8.0}])
    env = gymnasium.make(FAST)
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    assert tuple(agent.act(observation).tolist()) == plan.action
    assert describe(plan, PROBLEM).count("-") == 5


def test_planning_beats_a_schedule_in_the_stand_in():
    settings = {"epsilon": 8.0}
    flat, ahead = (
        evaluate_agent(make_agent(name, FAST), FAST, settings, 1, 0).returns
        for name in ("flat_schedule", "lookahead")
    )
    assert ahead.mean() > flat.mean()


def test_live_outcomes_are_kept(tmp_path):
    settings = {"profile": "toy", "epsilon": 8.0}
    agent = make_agent("flat_schedule", "semverse/FedSem-v0", schedules=[{**TOY, "epsilon": 8.0}])
    first = play_live(agent, settings, 0, tmp_path / "a.json")
    assert first.epsilon <= 8.0
    assert play_live(None, settings, 0, tmp_path / "a.json") == first  # nobody plays again
    with pytest.raises(InputError, match="outcome"):
        play_live(agent, {"profile": "toy"}, 0, tmp_path / "a.json")


def test_verdicts_are_paired(tmp_path):
    agents = {
        name: [make_agent("coverage", "semverse/FedSem-v0", **{**TOY, "rounds": rounds})]
        for name, rounds in (("short", 1), ("long", 3))
    }
    settings = {"profile": "toy", "epsilon": 8.0}
    short, long = judge_live(agents, settings, range(3), tmp_path, "short")
    assert short.gain == 0
    assert short.gain_interval == (0, 0)
    assert long.gain == pytest.approx(long.total - short.total)
    assert long.gain_interval[0] <= long.gain <= long.gain_interval[1]


def late(rounds):
    """Return two trainings that have so many rounds left, and their value so far counts for nothing."""
    starts = begin(PROBLEM, 2, 5)
    for _ in range(PROBLEM.config.rounds - rounds):
        starts.play(np.array([[3, 1, 2, 1, 5]] * 2), [np.random.default_rng(0)] * 2)
    return starts


def played(starts, actions):
    copies = starts.selected(np.arange(2), SurrogateLearner(2, PROBLEM))
    nothing = [np.random.default_rng(0)] * 2
    return sum(copies.play(np.array([action] * 2), nothing).reward.mean() for action in actions)


def test_a_beam_wide_enough_finds_the_best_pair_of_rounds():
    starts, choices = late(2), plausible_actions(PROBLEM)[::9]
    found = best_schedule(starts, 10_000, choices=choices)
    singles = [played(starts, [one]) for one in choices]
    pairs = [played(starts, [one, other]) for one in choices for other in choices]
    assert found.value == pytest.approx(max(0.0, *singles, *pairs))
    assert found.value == pytest.approx(played(starts, found.actions.tolist()))


def test_a_wider_beam_is_not_worse_and_its_schedule_can_be_played():
    starts = late(4)
    narrow, wide = (best_schedule(starts, width) for width in (1, 3))
    assert wide.value >= narrow.value > 0
    rows = decided(wide, PROBLEM)
    agent = make_agent("varied_schedule", FAST, schedules=[{"epsilon": 8.0, "decisions": rows}])
    env = gymnasium.make(FAST)
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    for action in [*wide.actions, np.zeros(5)]:
        decision = agent.act(observation)
        assert decision[0] == action[0]
        assert not action.any() or decision.tolist() == action.tolist()
        observation, *_ = env.step(decision)


def test_no_episode_of_the_random_agent_depends_on_those_before():
    def first(agent, seed):
        env = gymnasium.make(FAST)
        observation, _ = env.reset(seed=seed)
        agent.begin(env)
        return [agent.act(observation).tolist() for _ in range(3)]

    used, fresh = make_agent("fedsem_random", FAST), make_agent("fedsem_random", FAST)
    first(used, 1)
    assert first(used, 2) == first(fresh, 2)


def test_schedules_are_those_of_the_nearest_deadline():
    schedules = [{**TOY, "epsilon": 8.0, "deadline_s": s, "payment": p} for s, p in ((2.5, 1), (9.0, 4))]
    env = gymnasium.make("semverse/FedSem-v0", profile="toy", epsilon=8.0)  # 2.5 s
    agent = make_agent("flat_schedule", "semverse/FedSem-v0", schedules=schedules)
    observation, _ = env.reset(seed=0)
    agent.begin(env)
    assert agent.act(observation)[4] == 0
