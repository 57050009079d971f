"""The batched state: rows are independent, grow as needed, and pay what was put on top."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.scc.model import evaluate
from semverse.envs.scc.state import UNPLACED, PlacementState
from semverse.envs.scc.toy import toy_instance


@given(seed=st.integers(0, 2**32 - 1), mecs=st.integers(1, 4))
def test_rows_of_different_size_do_not_disturb_each_other(seed, mecs, random_instance):
    rng = np.random.default_rng(seed)
    small, large = random_instance(seed, mecs, 2, 2), random_instance(seed + 1, mecs, 4, 3)
    state = PlacementState([small, small])
    state.place(np.array([0, 1]), np.array([0, 0]), rng.integers(mecs, size=2))
    state.load(1, large)  # the arrays grow while row 0 is under way
    assert np.all(state.placement[0, small.num_requests :] == UNPLACED)
    plans = [rng.integers(mecs, size=i.num_requests) for i in (small, large)]
    plans[0][0] = state.placement[0, 0]
    for row, (instance, plan) in enumerate(zip((small, large), plans, strict=True)):
        for request in range(1 - row, instance.num_requests):
            state.place(np.array([row]), np.array([request]), plan[[request]])
        costs = evaluate(instance, plan[None])
        assert state.cost[row] == pytest.approx(complex(costs.latency_ms[0], costs.energy_j[0]), abs=1e-9)
        assert state.violation(np.array([row]))[0] == pytest.approx(costs.violation[0], abs=1e-8)


def test_opening_costs_are_paid_once_a_host_and_come_back_after_clear():
    toy = toy_instance()
    opening = np.arange(6).reshape(2, 3) * (1 + 2j)
    plain, priced = PlacementState([toy]), PlacementState([toy])
    priced.load(0, toy, opening)
    row = np.zeros(1, dtype=np.int64)
    for _ in range(2):
        extra = []
        for request, mec in enumerate((1, 1, 2, 0)):
            where = (row, np.array([request]), np.array([mec]))
            extra.append(complex((priced.place(*where) - plain.place(*where))[0]))
        assert extra == pytest.approx([opening[0, 1], 0, opening[1, 2], opening[1, 0]])
        plain.clear(0)
        priced.clear(0)


def test_one_pass_agrees_with_the_single_questions():
    state = PlacementState([toy_instance()] * 2)
    rows, requests = np.array([0, 1]), np.array([1, 3])
    state.place(rows, np.array([0, 2]), np.array([0, 1]))
    found = state.candidates(rows, requests)
    assert np.array_equal(found.added, state.added_cost(rows, requests))
    assert np.array_equal(found.hosting, state.hosting(rows, requests))
    assert np.array_equal(found.room, state.room(rows, requests))
    assert found.hosting.tolist() == [[True, False, False], [False, True, False]]
