"""The causal policy and the bound on all causal policies."""

import numpy as np
import pytest

from semverse.envs.vlscc.causal import CausalPlan, transitions
from semverse.envs.vlscc.core import Streams
from semverse.envs.vlscc.generator import draw_episodes
from semverse.envs.vlscc.optimum import gains, optimum
from semverse.envs.vlscc.policies import Multipliers, fixed_levels, priced_levels
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Episode

EPISODES, FRAMES = 24, 60


def draw(problem, count=EPISODES):
    return draw_episodes([np.random.default_rng(seed) for seed in range(count)], problem)


def play(problem, episode, rule):
    """Return the returns [N] of a rule."""
    count = episode.frames.shape[1]
    streams, total = Streams(count, problem), np.zeros(count)
    streams.begin_with(episode, np.arange(count))
    for _ in range(problem.config.frames):
        total += streams.send(rule(streams), []).reward
    return total


def test_gains_move_as_the_channel_does():
    """Against many draws of h' = rho h + sqrt(1 - rho^2) n."""
    edges, rng = np.array([0.2, 0.7, 1.5]), np.random.default_rng(0)
    for gain, rho in ((0.05, 0.9), (1.0, 0.6), (3.0, 0.9)):
        noise = rng.standard_normal((2, 10**5)) * np.sqrt(0.5 * (1 - rho**2))
        after = (rho * np.sqrt(gain) + noise[0]) ** 2 + noise[1] ** 2
        expected = np.bincount(np.searchsorted(edges, after), minlength=4) / 10**5
        assert transitions(np.array([gain]), edges, rho)[0] == pytest.approx(expected, abs=6e-3)


@pytest.mark.parametrize(
    "options", [{}, {"deadline_share": 3.0, "link_share": 3.0}], ids=["deadline", "none"]
)
def test_rules_below_the_bound_below_the_optimum(options):
    """For the causal policy without a deadline in every episode; on average for all."""
    problem = Problem.of("toy", "all", frames=FRAMES, **options)
    free = Problem.of("toy", "all", frames=FRAMES, deadline_share=3.0, link_share=3.0)
    episode, plan = draw(problem), CausalPlan.of(problem)
    found, prices = Multipliers.of(problem), problem.frame_steps
    bound = np.array([plan.bound(episode.row(row)) for row in range(EPISODES)])
    causal = play(problem, episode, lambda s: plan.levels(s.time, *s.at_hand(), s.left, s.limit()))
    best = np.array([optimum(episode.row(row), free).value for row in range(EPISODES)])

    def lagrange(s):
        share = s.left / np.maximum(FRAMES - s.time, 1) / problem.frame_steps
        return priced_levels(*s.at_hand(), found.price(share * prices), problem)

    fixed = play(problem, episode, lambda s: fixed_levels(s.time, problem))
    assert fixed.mean() < causal.mean() < bound.mean() < best.mean()
    assert play(problem, episode, lagrange).mean() < bound.mean()
    if options:
        assert (causal <= bound + 1e-9).all()


def test_the_values_are_those_of_a_problem_that_can_be_solved_by_hand():
    """One frame: W is 0, so V is the mean over frames and gains of what the best level that fits is worth."""
    problem = Problem.of("toy", frames=1, deadline_share=3.0, link_share=3.0, budget_share=1.0)
    plan, centres = CausalPlan.of(problem, bins=4), -np.log1p(-(np.arange(4) + 0.5) / 4)
    for scene, frames in enumerate(([0, 1], [3, 4])):
        for bin_at, gain in enumerate(centres):
            snr = np.full(2, problem.config.mean_snr_db + 10 * np.log10(gain))
            worth = gains(Episode(np.array(frames), snr), problem)[0]
            expected = np.maximum.accumulate(worth, axis=1).mean(axis=0)  # with 0, 1, 2 and 3 steps left
            assert plan.values[0, scene, bin_at] == pytest.approx(expected)


def test_the_bound_is_no_less_than_an_exact_causal_optimum():
    """Two independent frames: what the second one is worth on average decides what the first one takes."""
    options = {"fading_correlation": 0.0, "scene_stay": 0.0, "deadline_share": 3.0, "link_share": 3.0}
    problem = Problem.of("toy", frames=2, **options)
    episode, plan = draw(problem, 200), CausalPlan.of(problem)
    sample = draw(Problem.of("toy", frames=1, **options), 4000)
    worth = gains(Episode(sample.frames[0], sample.snr_db[0]), problem)[0]
    later = np.maximum.accumulate(worth, axis=1)
    first, second = (gains(Episode(episode.frames[t], episode.snr_db[t]), problem)[0] for t in range(2))
    left = problem.budget - np.arange(4)
    chosen = (first + later.mean(axis=0)[left]).argmax(axis=1)
    rows = np.arange(200)
    exact = first[rows, chosen] + np.maximum.accumulate(second, axis=1)[rows, left[chosen]]
    bound = np.array([plan.bound(episode.row(row)) for row in rows])
    assert exact.mean() <= bound.mean()
