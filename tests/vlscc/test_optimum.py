"""Exact optima against brute force, an integer programme, and every policy."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs.vlscc.generator import draw_episodes
from semverse.envs.vlscc.model import evaluate
from semverse.envs.vlscc.optimum import best_steps, frontier, gains, optimum
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.shared import social_optimum
from semverse.envs.vlscc.types import Episode


def draw(problem, seed):
    drawn = draw_episodes([np.random.default_rng(seed)], problem)
    return Episode(drawn.frames[:, 0], drawn.snr_db[:, 0])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"deadline_share": 1.0},
        {"link_share": 0.3, "deadline_share": 0.7, "budget_share": 0.9},
        {"gamma": 0.4},
    ],
    ids=["toy", "no waiting", "slow link", "priced"],
)
def test_optimum_is_that_of_brute_force(seed, options):
    problem = Problem.of("toy", "all", frames=6, **options)
    episode, every = draw(problem, seed), np.array(list(product(range(4), repeat=6)))[..., None]
    costs = evaluate(episode, every, problem)
    best = costs.reward.sum(axis=-1)[costs.feasible].max()
    found = optimum(episode, problem)
    mine = evaluate(episode, found.levels, problem)
    assert mine.feasible
    assert mine.reward.sum() == pytest.approx(found.value, abs=1e-12)
    assert found.value == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_optimum_of_maps_is_that_of_brute_force(seed):
    problem = Problem.of("toy_map", "all", frames=2, link_share=0.4, deadline_share=0.7, budget_share=0.6)
    episode, every = draw(problem, seed), np.array(list(product(range(4), repeat=8))).reshape(-1, 2, 4)
    costs = evaluate(episode, every, problem)
    found = optimum(episode, problem)
    assert evaluate(episode, found.levels, problem).reward.sum() == pytest.approx(found.value, abs=1e-12)
    assert found.value == pytest.approx(costs.reward.sum(axis=-1)[costs.feasible].max(), abs=1e-12)


def integer_programme(worth, budget, link, deadline):
    """The same problem for CP-SAT, rewards as whole numbers of 1e-9."""
    from ortools.sat.python import cp_model

    model, (frames, count) = cp_model.CpModel(), worth.shape
    chosen = [[model.new_bool_var("") for _ in range(count)] for _ in range(frames)]
    steps = [sum(u * x for u, x in enumerate(row)) for row in chosen]
    for row in chosen:
        model.add_exactly_one(row)
    model.add(sum(steps) <= budget)
    waiting = 0
    for t in range(frames):
        model.add(waiting + steps[t] <= deadline)
        after = model.new_int_var(0, deadline, "")
        model.add(after >= waiting + steps[t] - link)
        waiting = after
    scaled = np.round(worth * 1e9).astype(int)
    model.maximize(sum(int(scaled[t, u]) * chosen[t][u] for t in range(frames) for u in range(count)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return solver.objective_value * 1e-9


@pytest.mark.parametrize(("link", "deadline"), [(10, 18), (6, 9)])
def test_knapsack_is_that_of_an_integer_programme(link, deadline):
    worth = np.random.default_rng(link).random((40, 16)).cumsum(axis=1)
    steps, value = best_steps(worth, 300, link, deadline)
    assert steps.sum() <= 300
    assert worth[np.arange(40), steps].sum() == pytest.approx(value, abs=1e-9)
    assert value == pytest.approx(integer_programme(worth, 300, link, deadline), abs=1e-6)


@given(seed=st.integers(0, 10**6), blocks=st.integers(1, 3))
@settings(max_examples=20)
def test_frontier_is_that_of_brute_force(seed, blocks):
    distortions = np.random.default_rng(seed).random((2, blocks, 4))
    found = frontier(distortions)
    every = np.array(list(product(range(4), repeat=blocks)))
    for row in range(2):
        mean = distortions[row, np.arange(blocks), every].mean(axis=1)
        for steps in range(3 * blocks + 1):
            assert found.distortion[row, steps] == pytest.approx(mean[every.sum(axis=1) == steps].min())
    for steps in range(3 * blocks + 1):
        levels = found.levels(np.full(2, steps))
        assert (levels.sum(axis=1) == steps).all()
        reached = distortions[np.arange(2)[:, None], np.arange(blocks), levels].mean(axis=1)
        assert reached == pytest.approx(found.distortion[:, steps])


def test_no_feasible_levels_earn_more():
    problem = Problem.of("toy", "all", frames=12)
    rng = np.random.default_rng(3)
    for seed in range(5):
        episode = draw(problem, seed)
        costs = evaluate(episode, rng.integers(0, 3, (500, 12, 1)), problem)
        assert costs.feasible.sum() > 20
        assert costs.reward.sum(axis=-1)[costs.feasible].max() <= optimum(episode, problem).value + 1e-12


def test_a_free_budget_takes_the_best_of_every_frame():
    problem = Problem.of("toy", frames=5, budget_share=1.0, link_share=1.0)
    episode = draw(problem, 0)
    assert optimum(episode, problem).value == pytest.approx(gains(episode, problem)[0].max(axis=1).sum())


@pytest.mark.parametrize("room", [0, 3, 5, 9])
def test_social_optimum_is_that_of_brute_force(room):
    problem = Problem.of("toy", "all", frames=3, gamma=0.2)
    episode = draw(problem, room)
    every = np.array(list(product(range(4), repeat=3)))[..., None]
    reward = evaluate(episode, every, problem).reward.sum(axis=-1)
    fits = every[..., 0].sum(axis=1) <= room
    assert social_optimum(episode.frames, episode.snr_db, room, problem) == pytest.approx(reward[fits].max())
