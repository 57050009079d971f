"""Indicators against figures worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate, reference_point
from semverse.solvers.indicators import (
    additive_epsilon,
    hypervolume,
    igd_plus,
    normalised_hypervolume,
    r2,
    scaled,
)

STAIRS = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])


@pytest.mark.parametrize(
    ("points", "reference", "area"),
    [
        (STAIRS, [4.0, 4.0], 6.0),  # steps of 3, 2 and 1 squares
        ([[1.0, 1.0]], [3.0, 2.0], 2.0),
        ([[1.0, 1.0], [2.0, 2.0]], [3.0, 3.0], 4.0),  # a dominated point adds nothing
        ([[5.0, 0.0]], [3.0, 3.0], 0.0),  # outside the box
        (np.zeros((0, 2)), [3.0, 3.0], 0.0),
        ([], [3.0, 3.0], 0.0),
    ],
)
def test_hypervolume_by_hand(points, reference, area):
    assert hypervolume(points, reference) == pytest.approx(area, abs=1e-12)


def test_normalised_hypervolume_is_eq_35():
    config = load_scenario("california", mecs=4, users=6, spaces=3)
    instance = sample_instance(config, np.random.default_rng(1))
    placements = np.zeros((1, instance.num_requests), dtype=np.int64)
    latency, energy = evaluate(instance, placements).objectives[0] / reference_point(instance)
    expected = (1 - latency) * (1 - energy)
    got = normalised_hypervolume(instance, evaluate(instance, placements).objectives)
    assert got == pytest.approx(expected, rel=1e-12)
    assert 0 < got < 1


def test_scaled_maps_ideal_and_nadir_to_the_unit_box():
    box = scaled([[10.0, 7.0], [30.0, 5.0], [20.0, 5.0]], ideal=[10.0, 5.0], nadir=[30.0, 7.0])
    assert box.tolist() == [[0.0, 1.0], [1.0, 0.0], [0.5, 0.0]]


def test_scaled_keeps_a_degenerate_range_finite():
    assert scaled([[3.0, 7.0]], ideal=[2.0, 5.0], nadir=[2.0, 7.0]).tolist() == [[1.0, 1.0]]


def test_igd_plus_by_hand():
    # (0,2) misses (0,1) by 1 in the second objective; (1,0) is weakly dominated by (1,0)
    assert igd_plus([[0.0, 2.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]) == pytest.approx(0.5)
    # 3-4-5 triangle; being better than the reference costs nothing
    assert igd_plus([[3.0, 4.0]], [[0.0, 0.0]]) == pytest.approx(5.0)
    assert igd_plus([[-3.0, 4.0]], [[0.0, 0.0]]) == pytest.approx(4.0)


def test_additive_epsilon_by_hand():
    assert additive_epsilon([[2.0, 3.0]], [[1.0, 1.0]]) == pytest.approx(2.0)
    assert additive_epsilon(STAIRS, STAIRS) == 0.0
    assert additive_epsilon(STAIRS - 1.0, STAIRS) == pytest.approx(-1.0)


def test_r2_by_hand():
    # one point (1, 1): integral of max(w, 1 - w) over [0, 1] is 3/4
    assert r2([[1.0, 1.0]], [0.0, 0.0]) == pytest.approx(0.75)
    # (1, 0): integral of w is 1/2
    assert r2([[1.0, 0.0]], [0.0, 0.0]) == pytest.approx(0.5)
    # (1, 0) and (0, 1): integral of min(w, 1 - w) is 1/4
    assert r2([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]) == pytest.approx(0.25)
    # better than the ideal in the first objective: as good as (0, 1/2), the integral of (1 - w) / 2
    assert r2([[-0.1, 0.5]], [0.0, 0.0]) == pytest.approx(0.25)


@pytest.mark.parametrize("indicator", [igd_plus, additive_epsilon])
def test_an_empty_front_is_infinitely_far(indicator):
    assert indicator(np.zeros((0, 2)), STAIRS) == np.inf
    assert r2([], [0.0, 0.0]) == np.inf


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, (5, 2), elements=st.floats(0, 10)),
    arrays(np.float64, (1, 2), elements=st.floats(0, 10)),
)
def test_adding_a_point_never_makes_a_front_worse(points, extra):
    more = np.concatenate([points, extra])
    assert hypervolume(more, [10.0, 10.0]) >= hypervolume(points, [10.0, 10.0]) - 1e-9
    assert igd_plus(more, STAIRS) <= igd_plus(points, STAIRS) + 1e-9
    assert additive_epsilon(more, STAIRS) <= additive_epsilon(points, STAIRS) + 1e-9
    assert r2(more, [0.0, 0.0]) <= r2(points, [0.0, 0.0]) + 1e-9
