"""Clients that decide for themselves: budgets, the bounty, free riders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs.errors import InputError
from semverse.envs.fedsem.market import Offer, options, serve
from semverse.envs.fedsem.parallel_env import parallel_env
from semverse.envs.fedsem.problem import Problem

TOY = Problem.of("toy")
STRONG = 1 + 0 * 2 + 1  # the largest payment with 8 bits


def cycle(env, action):
    return env.step({agent: action for agent in env.agents})


@settings(max_examples=25, deadline=None)
@given(plan=st.lists(st.integers(0, options(TOY) - 1), min_size=4, max_size=4), seed=st.integers(0, 3))
def test_nobody_overdraws_privacy_or_time(plan, seed):
    env = parallel_env(profile="toy")
    env.reset(seed=seed)
    for action in plan:
        infos = cycle(env, action)[4]
        assert max(info["epsilon"] for info in infos.values()) <= 8.0 * (1 + 1e-9)
    assert env.seconds_left >= 0
    assert (env.filter.spent <= env.filter.budget).all()


def test_offers_by_hand():
    offer = Offer.of(np.array([0, 1, 2, 5]), TOY)
    assert offer.payment.tolist() == [0, 1, 1, 4]
    assert offer.bits.tolist()[1:] == [2, 8, 2]


def test_the_quickest_are_served_first_and_weights_follow_payments():
    offer = Offer(np.array([1, 4, 0, 1]), np.array([8, 8, 8, 8]))
    problem = Problem.of("toy", clients=4, actions={"counts": [4]})
    bits, payers = 60 * 10 * 8 + 32, np.ones(4, dtype=bool)
    efficiency = np.array([1.0, 4.0, 9.0, 2.0], dtype=np.float32)
    time = 0.5 + bits * 1e-6 * (1 / 4 + 1 / 2) + 1e-9
    served = serve(offer, payers, efficiency, time, problem)
    assert served.chosen.tolist() == [False, True, False, True]
    assert served.weight.tolist() == [0.0, 0.5, 0.0, 1.0]
    assert served.mu[1] == pytest.approx(served.mu[3] / 2)


def test_a_free_rider_gains_what_the_others_work_for():
    env = parallel_env(profile="toy", reward="selfish", market={"bounty": 0.0, "price_privacy": 0.5})
    env.reset(seed=0)
    actions = {agent: STRONG for agent in env.agents[1:]}
    _, rewards, _, _, infos = env.step(actions)
    took = [agent for agent in actions if infos[agent]["participates"]]
    assert took
    assert not infos["client_0"]["participates"]
    assert all(rewards["client_0"] > rewards[agent] for agent in took)


def test_the_bounty_is_passed_on():
    totals = []
    for bounty in (0.0, 1.0):
        env = parallel_env(profile="toy", reward="selfish", market={"bounty": bounty})
        env.reset(seed=0)
        _, rewards, _, _, infos = cycle(env, STRONG)
        paid = sum(info["paid"] for info in infos.values())
        totals.append(sum(rewards.values()) - paid)
        assert totals[-1] == pytest.approx(infos["client_0"]["social_reward"])
    assert totals[0] == pytest.approx(totals[1])
    assert paid > 0


def test_team_rewards_are_equal_and_nobody_present_changes_nothing():
    env = parallel_env(profile="toy")
    env.reset(seed=0)
    before = env.learner.accuracy.copy()
    _, rewards, *_ = env.step({})
    assert set(rewards.values()) == {0.0}
    assert np.array_equal(env.learner.accuracy, before)
    _, rewards, *_ = cycle(env, STRONG)
    assert len(set(rewards.values())) == 1


@pytest.mark.parametrize(
    "make", [{"reward": "both"}, {"epsilon": (2.0, 4.0)}, {"profile": "x"}, {"market": {"public": 10**4}}]
)
def test_wrong_settings_are_one_line(make):
    with pytest.raises(InputError):
        parallel_env(**{"profile": "toy", **make})


@pytest.mark.parametrize("action", [7, -1, 0.5, [0, 0]])
def test_wrong_actions_are_one_line(action):
    env = parallel_env(profile="toy")
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step({agent: action for agent in env.agents})
