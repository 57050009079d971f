"""Interquartile means and bootstrap intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.agents.training.statistics import bootstrap_iqm, crossed_interval, iqm


def test_iqm_by_hand() -> None:
    assert iqm([0, 1, 2, 3, 4, 5, 6, 100]) == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert iqm([7.0]) == 7.0


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """40 experiments of 8 seeds: a 95 % interval misses the true value 0 a few times, not often."""
    rng = np.random.default_rng(0)
    misses = 0
    for _ in range(40):
        interval = bootstrap_iqm([rng.normal(rng.normal(), 0.1, 30) for _ in range(8)], resamples=200)
        misses += not interval.low <= 0.0 <= interval.high
    assert 0 < misses + 1 <= 10


def test_seeds_widen_the_interval() -> None:
    """Seeds that differ make the result less certain than as many equal ones."""
    rng = np.random.default_rng(1)
    equal = bootstrap_iqm([rng.normal(0.5, 0.01, 500) for _ in range(3)])
    apart = bootstrap_iqm([rng.normal(mean, 0.01, 500) for mean in (0.4, 0.5, 0.6)])
    assert apart.high - apart.low > 5 * (equal.high - equal.low)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40))
def test_interval_lies_between_the_extremes(values: list[float]) -> None:
    interval = bootstrap_iqm([values], resamples=20)
    slack = 1e-9 * (1 + max(map(abs, values)))
    assert min(values) - slack <= interval.low <= interval.high <= max(values) + slack
    assert bootstrap_iqm([values], resamples=20) == interval


def test_one_run_is_bootstrapped_over_its_episodes() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, (1, 400))
    low, high = crossed_interval([values], np.mean, resamples=2000)
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_runs_of_the_same_episodes_do_not_make_them_more() -> None:
    """Ten runs that equal each other tell no more than one: what varies is the episodes."""
    values = np.random.default_rng(1).normal(0.0, 1.0, (1, 100))
    one, ten = (crossed_interval([np.repeat(values, runs, axis=0)], np.mean) for runs in (1, 10))
    assert ten[1] - ten[0] == pytest.approx(one[1] - one[0], rel=0.1)


def test_a_difference_is_paired() -> None:
    values = np.random.default_rng(2).normal(0.0, 100.0, (1, 50))
    low, high = crossed_interval([values + 0.5, values], lambda a, b: float(a.mean() - b.mean()))
    assert (low, high) == pytest.approx((0.5, 0.5))


@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 99))
def test_crossed_intervals_lie_between_the_extremes(runs: int, episodes: int, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(-5.0, 5.0, (runs, episodes))
    low, high = crossed_interval([values], np.mean, resamples=20)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    assert crossed_interval([values], np.mean, resamples=20) == (low, high)
