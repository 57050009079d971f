"""Plans over the horizon against brute force over all sequences of decisions."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from semverse.envs.cee.dynamic import backward, lookahead, optimum, score, two_objective_front
from semverse.envs.cee.enumeration import epoch_table, every_action, nondominated
from semverse.envs.cee.generator import draw_episodes, motion_transitions
from semverse.envs.cee.model import evaluate, keeps_up, losses, reward
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Episode, State


def draw(problem, seed):
    preference = np.random.default_rng(seed).dirichlet(np.ones(5))
    return draw_episodes([np.random.default_rng(seed)], problem, preference).row(0)


def sequences(problem, episode, start):
    """Return the losses [n, 5], and the rewards [n], of all sequences of decisions that keep up."""
    every = every_action(problem, *(np.flatnonzero(k.allowed) for k in (problem.uplink, problem.downlink)))
    total, earned = np.zeros((1, 5)), np.zeros(1)
    tier, quality = (np.array([v]) for v in start)
    for t in range(episode.epochs):
        there = episode.conditions(t)
        actions = every[keeps_up(every, there, problem)]
        shape = (len(tier), len(actions))
        state = State(*(np.broadcast_to(v[:, None], shape) for v in (tier, quality)))
        whole = np.broadcast_to(actions, (*shape, 5))
        found = evaluate(whole, there, state, problem)
        total = (total[:, None] + losses(found, problem)).reshape(-1, 5)
        earned = (earned[:, None] + reward(found, episode.preference, problem)).ravel()
        tier, quality = whole[..., 4].ravel(), found.quality.ravel()
    return total, earned


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_is_the_best_of_all_sequences(small, seed):
    problem = small(2)
    episode = draw(problem, seed)
    start = (seed % 3, 1 + seed)
    plan = optimum(episode, problem, start)
    assert plan.value == pytest.approx(sequences(problem, episode, start)[1].max(), abs=1e-12)
    assert score(plan.actions, episode, problem, start).sum() == plan.value


@pytest.mark.parametrize("seed", range(3))
def test_two_objectives_against_all_sequences(small, seed):
    problem = small(2)
    episode, start = draw(problem, seed), (1, 4)
    weights = np.array([[0.0, 0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0, 0.0]])
    found = two_objective_front(episode, weights, problem, start)
    points = sequences(problem, episode, start)[0] @ weights.T
    # of 10^5 sums that differ by rounding alone, one each
    expected = np.unique(points.round(9), axis=0)
    expected = expected[nondominated(expected)]
    found = np.unique(found.round(9), axis=0)
    found = found[nondominated(found)]
    assert found == pytest.approx(expected, abs=1e-8)
    assert len(found) > 5


def test_ends_of_the_front_are_optimal_plans(small):
    """With all weight on the losses of one side, the plan without penalties reaches the end of the front."""
    problem = small(3, reward={"penalty": 0.0})
    episode = draw(problem, 5)
    weights = np.array([[0.0, 0.0, 0.0, 0.0, 1.0], [0.3, 0.1, 0.6, 0.0, 0.0]])
    front = two_objective_front(episode, weights, problem, (1, 4))
    for side, weight in enumerate(weights):
        plan = optimum(replace(episode, preference=weight), problem, (1, 4))
        assert front[:, side].min() == pytest.approx(-plan.value)


def test_lookahead_is_the_mean_over_motions(small):
    """Two epochs ahead, by hand over all nine sequences of motions, with decisions that see the motion."""
    problem = small(3)
    episode = draw(problem, 1)
    tables = [epoch_table(episode.conditions(t), episode.preference, problem) for t in (1, 2)]
    chances = motion_transitions(problem)
    assert chances.sum(axis=1) == pytest.approx(1)
    by_hand = np.zeros((3, 7))
    for m in range(3):
        last = sum(chances[m, n] * backward(tables[1], n + 1, np.zeros((3, 7)), problem)[0] for n in range(3))
        by_hand += chances[0, m] * backward(tables[0], m + 1, last, problem)[0]
    assert lookahead(tables, 1, chances, problem) == pytest.approx(by_hand)
    assert (lookahead([], 2, chances, problem) == 0).all()


def test_draws_of_episodes():
    """Means, spreads and chances of what is drawn; a column depends on its generator alone."""
    problem = Problem.of(epochs=400)
    d = problem.config.dynamics
    drawn = draw_episodes([np.random.default_rng(i) for i in range(64)], problem, None)
    assert drawn.snr_db.mean(axis=(0, 2)) == pytest.approx([d.uplink_mean_db, d.downlink_mean_db], abs=0.6)
    assert drawn.snr_db.std() == pytest.approx(np.hypot(6.0, 2.0), abs=0.4)
    assert drawn.load.min() >= 0
    assert drawn.load.max() == d.load_max
    assert set(np.unique(drawn.motion)) == {1, 2, 3}
    stays = (drawn.motion[1:] == drawn.motion[:-1]).mean()
    assert stays == pytest.approx(motion_transitions(problem)[0, 0], abs=0.02)
    assert drawn.preference.sum(axis=0) == pytest.approx(1)
    alone = draw_episodes([np.random.default_rng(3)], problem, None)
    for field, other in product(("snr_db", "load", "motion", "preference"), (drawn.row(3),)):
        assert np.array_equal(getattr(alone, field)[..., 0], getattr(other, field))
    assert isinstance(alone, Episode)
