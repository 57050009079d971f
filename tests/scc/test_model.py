"""The placement model against pencil and paper, and against a slow reading of the equations."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.errors import InputError
from semverse.envs.scc.model import evaluate, reference_point
from semverse.envs.scc.state import PlacementState, place_all
from semverse.envs.scc.toy import toy_instance
from semverse.envs.scc.types import Costs, Instance

SIZES = {
    "seed": st.integers(0, 2**32 - 1),
    "mecs": st.integers(1, 5),
    "users": st.integers(1, 4),
    "spaces": st.integers(1, 4),
}

# the toy's requests: (user 0, space 0, p 1/2), (user 1, space 0, p 1/4), (user 1, space 1, p 1/2),
# (user 2, space 1, p 1); user u is local to MEC u; speeds 2, 4, 5 TFLOP/s, coefficient 1/4
BY_HAND = {
    # every request local: space 0 on MECs 0 and 1, space 1 on MECs 1 and 2
    (0, 1, 1, 2): {
        "sync_latency_ms": (1 + 2 + 3 + 0) + (0 + 5 + 7 + 2),
        "compute_latency_ms": 0.5 * 20 / 2 + 0.25 * 20 / 4 + 0.5 * 40 / 4 + 1 * 40 / 5,
        "cross_latency_ms": 0,
        "access_latency_ms": 0.5 * 1 * 4 + 0.25 * 0.5 * 4 + 0.5 * 0.5 * 8 + 1 * 2 * 8,
        "maintenance_energy_j": 2 * 1 + 2 * 3,
        "sync_energy_j": (0.5 + 1 + 1.5 + 0) + (0 + 2.5 + 3.5 + 1),
        "compute_energy_j": 0.25 * (0.5 * 20 * 4 + 0.25 * 20 * 16 + 0.5 * 40 * 16 + 1 * 40 * 25),
        "cross_energy_j": 0,
        "access_energy_j": 0.5 * 0.5 * 4 + 0.25 * 0.25 * 4 + 0.5 * 0.25 * 8 + 1 * 1 * 8,
        "cache_excess_gb": 0.5,  # MEC 1 holds 2 + 1.5 GB and has 3
        "task_excess": 0,
    },
    # space 0 on MEC 0, space 1 on MEC 1; the second and the last request leave their MEC
    (0, 0, 1, 1): {
        "sync_latency_ms": 1 + 0,
        "compute_latency_ms": 0.5 * 20 / 2 + 0.25 * 20 / 2 + 0.5 * 40 / 4 + 1 * 40 / 4,
        # sensor data 1 -> 0 and 2 -> 1, frames 0 -> 1 and 1 -> 2
        "cross_latency_ms": 0.25 * (4 + 0.5 * 4) + 1 * (7 + 2 * 8),
        "access_latency_ms": 20.5,
        "maintenance_energy_j": 1 + 3,
        "sync_energy_j": 0.5,
        "compute_energy_j": 0.25 * (0.5 * 20 * 4 + 0.25 * 20 * 4 + 0.5 * 40 * 16 + 1 * 40 * 16),
        "cross_energy_j": 0.25 * (3 + 0.25 * 4) + 1 * (6 + 1 * 8),
        "access_energy_j": 10.25,
        "cache_excess_gb": 0,
        "task_excess": 0,
    },
    # all on MEC 2, which takes 2 GB and one request
    (2, 2, 2, 2): {
        "sync_latency_ms": 2 + 2,
        "compute_latency_ms": (0.5 * 20 + 0.25 * 20 + 0.5 * 40 + 1 * 40) / 5,
        "cross_latency_ms": 0.5 * (3 + 2.5 * 4) + 0.25 * (5 + 3 * 4) + 0.5 * (5 + 3 * 8),
        "access_latency_ms": 20.5,
        "maintenance_energy_j": 1 + 3,
        "sync_energy_j": 1 + 1,
        "compute_energy_j": 0.25 * (0.5 * 20 + 0.25 * 20 + 0.5 * 40 + 1 * 40) * 25,
        "cross_energy_j": 0.5 * (2 + 1.25 * 4) + 0.25 * (4 + 1.5 * 4) + 0.5 * (4 + 1.5 * 8),
        "access_energy_j": 10.25,
        "cache_excess_gb": 2 + 1.5 - 2,
        "task_excess": 3,
    },
}


@pytest.mark.parametrize("placement", BY_HAND)
@pytest.mark.parametrize("term", [field.name for field in dataclasses.fields(Costs)])
def test_toy_by_hand(placement, term):
    costs = evaluate(toy_instance(), [placement])
    assert getattr(costs, term)[0] == pytest.approx(BY_HAND[placement][term], abs=1e-9, rel=0)


def test_toy_totals_and_feasibility():
    costs = evaluate(toy_instance(), list(BY_HAND))
    # 20 + 19.25 + 0 + 20.5; 1 + 22.5 + 24.5 + 20.5; 4 + 15 + 25.25 + 20.5
    np.testing.assert_allclose(costs.latency_ms, [59.75, 68.5, 64.75], rtol=0, atol=1e-9)
    # 8 + 10 + 360 + 0 + 10.25; 4 + 0.5 + 255 + 15 + 10.25; 4 + 2 + 468.75 + 14 + 10.25
    np.testing.assert_allclose(costs.energy_j, [388.25, 284.75, 499.0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(costs.violation, [0.5, 0, 4.5], rtol=0, atol=1e-9)
    assert costs.feasible.tolist() == [False, True, False]


def slow_costs(instance: Instance, placement: list[int]) -> dict[str, float]:
    """Read eqs. 5-15 of the paper aloud: sums over users u, spaces v and MECs m, n, nothing else."""
    mecs, spaces, users, links = instance.mecs, instance.spaces, instance.users, instance.links
    U, V, M = range(instance.num_users), range(instance.num_spaces), range(instance.num_mecs)
    p = [[0.0 for _ in V] for _ in U]
    x = [[[0 for _ in M] for _ in V] for _ in U]
    for request, m in enumerate(placement):
        u, v = int(instance.requests.user[request]), int(instance.requests.space[request])
        p[u][v] = float(instance.requests.probability[request])
        x[u][v][m] = 1
    y = [[max(x[u][v][m] for u in U) for m in M] for v in V]
    total = dict.fromkeys((field.name for field in dataclasses.fields(Costs)), 0.0)
    for v in V:
        for m in M:
            total["maintenance_energy_j"] += spaces.maintenance_j[v] * y[v][m]
            for n in M:
                total["sync_latency_ms"] += links.sync_latency_ms[m, n] * y[v][m] * y[v][n]
                total["sync_energy_j"] += links.sync_energy_j[m, n] * y[v][m] * y[v][n]
    for u in U:
        b = users.mec[u]
        for v in V:
            work, frame = spaces.workload_gflop[v], spaces.frame_mbit[v]
            for m in M:
                chosen, speed = p[u][v] * x[u][v][m], mecs.compute_tflops[m]
                total["compute_latency_ms"] += chosen * work / speed
                total["compute_energy_j"] += chosen * mecs.energy_coefficient * work * speed * speed
                total["cross_latency_ms"] += chosen * links.sensor_latency_ms[b, m]
                total["cross_latency_ms"] += chosen * links.frame_latency_ms_per_mbit[m, b] * frame
                total["cross_energy_j"] += chosen * links.sensor_energy_j[b, m]
                total["cross_energy_j"] += chosen * links.frame_energy_j_per_mbit[m, b] * frame
                total["access_latency_ms"] += chosen * users.access_latency_ms_per_mbit[u] * frame
                total["access_energy_j"] += chosen * users.access_energy_j_per_mbit[u] * frame
    for m in M:
        cache = sum(spaces.cache_gb[v] * y[v][m] for v in V) - mecs.cache_gb[m]
        tasks = sum(x[u][v][m] for u in U for v in V) - mecs.max_tasks[m]
        total["cache_excess_gb"] += max(cache, 0)
        total["task_excess"] += max(tasks, 0)
    return total


@given(**SIZES)
def test_evaluate_equals_slow_reading(random_instance, seed, mecs, users, spaces):
    instance = random_instance(seed, mecs, users, spaces)
    placements = np.random.default_rng(seed).integers(mecs, size=(3, instance.num_requests))
    costs = evaluate(instance, placements)
    for row, placement in enumerate(placements.tolist()):
        for term, value in slow_costs(instance, placement).items():
            assert getattr(costs, term)[row] == pytest.approx(value, abs=1e-9, rel=0), term


@pytest.mark.parametrize(("mecs", "users", "spaces"), [(2, 3, 60), (3, 2, 110), (30, 90, 3)])
def test_sizes_that_pass_word_and_chunk_limits(random_instance, mecs, users, spaces):
    # more spaces than the bits of a word, and more placements than one pass takes
    instance = random_instance(5, mecs, users, spaces)
    placements = np.random.default_rng(5).integers(mecs, size=(400, instance.num_requests))
    costs = evaluate(instance, placements)
    for row in (0, 1, 200, 399):
        for term, value in slow_costs(instance, placements[row].tolist()).items():
            assert getattr(costs, term)[row] == pytest.approx(value, rel=1e-12, abs=1e-9), term


def test_empty_batch():
    costs = evaluate(toy_instance(), np.zeros((0, 4), dtype=np.int64))
    assert len(costs) == 0
    assert costs.objectives.shape == (0, 2)


def test_evaluate_does_not_write_to_its_input():
    placements = np.array([[0, 1, 1, 2]])
    placements.setflags(write=False)
    evaluate(toy_instance(), placements)


@pytest.mark.parametrize(
    "placements",
    [[0, 1, 1, 2], [[0, 1, 1]], [[0, 1, 1, 3]], [[0, 1, 1, -1]], [[0.0, 1.0, 1.0, 2.0]], [["a"] * 4], [[]]],
)
def test_wrong_placements(placements):
    with pytest.raises(InputError, match="placements"):
        evaluate(toy_instance(), placements)


@given(**SIZES)
def test_reference_point_is_dominated(random_instance, seed, mecs, users, spaces):
    instance = random_instance(seed, mecs, users, spaces)
    placements = np.random.default_rng(seed).integers(mecs, size=(50, instance.num_requests))
    point = reference_point(instance)
    assert np.all(evaluate(instance, placements).objectives <= point * (1 + 1e-12) + 1e-9)


def test_reference_point_of_toy():
    # hosts: 2 and 2; costliest pair (1, 2): both directions cost 5 + 7 ms, 2.5 + 3.5 J; largest diagonal 2, 1
    # a request's most costly MEC (compute + cross), latency: 0.5 * max(10, 5 + 2 + 1.5 * 4, 4 + 3 + 2.5 * 4),
    # 0.25 * max(10 + 4 + 2, 5, 4 + 5 + 12), 0.5 * max(20 + 4 + 4, 10, 8 + 5 + 24), max(20+6+8, 10+7+16, 8)
    latency = 2 * (5 + 7 + 2 * 2) + 0.5 * 17 + 0.25 * 21 + 0.5 * 37 + 34 + 20.5
    # energy: compute is 1/4 * work * speed^2 = 20, 80, 125 (space 0) and 40, 160, 250 (space 1)
    energy = 2 * (2.5 + 3.5 + 2 * 1) + 0.5 * (125 + 2 + 1.25 * 4) + 0.25 * (125 + 4 + 1.5 * 4)
    energy += 0.5 * (250 + 4 + 1.5 * 8) + 250 + 10.25 + 2 * 1 + 2 * 3
    np.testing.assert_allclose(reference_point(toy_instance()), [latency, energy], rtol=0, atol=1e-9)


def complex_cost(instance, placements):
    costs = evaluate(instance, placements)
    return costs.latency_ms + 1j * costs.energy_j


@given(**SIZES)
def test_placing_one_by_one_equals_evaluate(random_instance, seed, mecs, users, spaces):
    instance = random_instance(seed, mecs, users, spaces)
    placement = np.random.default_rng(seed).integers(mecs, size=instance.num_requests)
    state = place_all(instance, placement)
    np.testing.assert_allclose(state.cost, complex_cost(instance, placement[None]), rtol=0, atol=1e-9)
    excess = np.maximum(-state.cache_left, 0).sum() + np.maximum(-state.tasks_left, 0).sum()
    assert excess == pytest.approx(evaluate(instance, placement[None]).violation[0], abs=1e-8)


@given(**SIZES, request_seed=st.integers(0, 10**6))
def test_moving_and_removing_equals_evaluate(random_instance, seed, mecs, users, spaces, request_seed):
    instance = random_instance(seed, mecs, users, spaces)
    placement = np.random.default_rng(seed).integers(mecs, size=instance.num_requests)
    request = request_seed % instance.num_requests
    state, row = place_all(instance, placement), np.zeros(1, dtype=np.int64)
    moved = np.repeat(placement[None], mecs, axis=0)
    moved[:, request] = np.arange(mecs)
    expected = complex_cost(instance, moved) - complex_cost(instance, placement[None])
    np.testing.assert_allclose(state.move_delta(row, np.array([request]))[0], expected, rtol=0, atol=1e-9)
    before = state.cost.copy()
    change = state.remove(row, np.array([request]))
    added = state.added_cost(row, np.array([request]))[0]
    np.testing.assert_allclose(change + added - (change + added)[placement[request]], expected, atol=1e-9)
    state.place(row, np.array([request]), placement[[request]])
    np.testing.assert_allclose(state.cost, before, rtol=0, atol=1e-9)
    assert state.placement[0, : instance.num_requests].tolist() == placement.tolist()


def test_rows_of_a_state_are_independent(random_instance):
    instances = [random_instance(seed, 3, 2 + seed, 1 + seed) for seed in range(3)]
    state = PlacementState(instances)
    rng = np.random.default_rng(0)
    placements = [rng.integers(3, size=instance.num_requests) for instance in instances]
    for request in range(max(i.num_requests for i in instances)):
        rows = np.array([n for n, i in enumerate(instances) if request < i.num_requests])
        mecs = np.array([placements[n][request] for n in rows])
        state.place(rows, np.full(len(rows), request), mecs)
    for n, instance in enumerate(instances):
        expected = complex_cost(instance, placements[n][None])[0]
        assert abs(state.cost[n] - expected) < 1e-9
