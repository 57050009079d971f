"""Archive, construction, neighbourhoods and certificates against hand figures and brute force."""

import dataclasses
import itertools
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.agents.registry import make_agent
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.order import heaviest_first
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.toy import toy_instance
from semverse.envs.scc.types import Instance
from semverse.solvers.archive import Archive, nondominated
from semverse.solvers.base import Bound, Budget, preference_grid, spread_order
from semverse.solvers.certificate import Certificate, area_above
from semverse.solvers.construct import construct, repair, ruin, space_by_space
from semverse.solvers.descent import SpaceDescent
from semverse.solvers.evolution import cross, mutate
from semverse.solvers.neighbourhood import SpaceCosts, assign, neighbours
from semverse.solvers.relink import relink, single_moves, space_costs


def tight(seed: int) -> Instance:
    config = load_scenario("california", users=30, spaces=10, mecs=6)
    config = config.model_copy(update={"mec": config.mec.model_copy(update={"max_tasks": (14, 18)})})
    return sample_instance(config, np.random.default_rng(seed))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_nondominated_is_the_definition(points: list[tuple[int, int]]) -> None:
    array = np.array(points, dtype=np.float64)
    kept = {tuple(p) for p in array[nondominated(array)]}
    wanted = {tuple(p) for p in array if not any((q <= p).all() and (q < p).any() for q in array)}
    assert kept == wanted
    assert nondominated(array).sum() == len(wanted)  # of equal points one is kept


@given(st.integers(1, 70))
def test_spread_order_visits_everything_once_ends_first(count: int) -> None:
    order = list(spread_order(count))
    assert sorted(order) == list(range(count))
    assert order[:2] == list(range(count))[:: max(count - 1, 1)][:2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", [heaviest_first, space_by_space])
def test_construction_is_feasible_and_complete(seed: int, order) -> None:
    instance = tight(seed)
    placements = construct(instance, raw_weights(instance, preference_grid(4)), order=order(instance))
    assert evaluate(instance, placements).feasible.all()
    assert sorted(order(instance)) == list(range(instance.num_requests))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_repair_and_ruin_end_feasible_and_keep_what_is_feasible(seed: int) -> None:
    instance = tight(0)
    rng = np.random.default_rng(seed)
    wild = rng.integers(instance.num_mecs, size=(4, instance.num_requests))
    weights = raw_weights(instance, rng.dirichlet(np.ones(2), 4))
    fixed = repair(instance, wild, weights)
    assert evaluate(instance, fixed).feasible.all()
    np.testing.assert_array_equal(repair(instance, fixed, weights), fixed)
    assert evaluate(instance, ruin(instance, weights, fixed, 3, rng)).feasible.all()


@pytest.mark.parametrize("seed", range(4))
def test_descent_never_worsens_and_ends_in_a_local_optimum(seed: int) -> None:
    instance = tight(seed)
    weights = raw_weights(instance, preference_grid(5))
    start = construct(instance, weights, order=space_by_space(instance))
    descent = SpaceDescent(instance, weights)
    end = descent.run(start, Budget().start())
    before, after = evaluate(instance, start), evaluate(instance, end)
    value_before = (before.objectives * weights).sum(axis=1)
    value_after = (after.objectives * weights).sum(axis=1)
    assert after.feasible.all()
    assert (value_after <= value_before + 1e-9).all()
    assert (value_after < value_before - 1e-6).any()
    np.testing.assert_array_equal(descent.run(end, Budget().start()), end)


def _random_space(rng: np.random.Generator, k: int = 4, m: int = 5) -> SpaceCosts:
    pair = rng.random((1, m, m))
    pair = pair + pair.transpose(0, 2, 1)
    pair[0, np.arange(m), np.arange(m)] = 0.0
    return SpaceCosts(rng.random((1, k, m)) * 3, rng.random((1, m)), pair)


def _optimistic(costs: SpaceCosts, hosts: np.ndarray) -> float:
    return float(costs.hosting(hosts[None])[0] + costs.serve[0][:, hosts].min(axis=1).sum())


@pytest.mark.parametrize("seed", range(20))
def test_neighbours_are_the_cheapest_of_all_neighbours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = _random_space(rng)
    m = 5
    hosts = rng.random(m) < 0.5
    hosts[rng.integers(m)] = True
    sets = {tuple(hosts)}
    for a in range(m):
        flip = hosts.copy()
        flip[a] ^= True
        sets.add(tuple(flip))
        sets.add(tuple(np.arange(m) == a))
        for b in np.flatnonzero(~hosts):
            if hosts[a]:
                swap = hosts.copy()
                swap[[a, b]] = [False, True]
                sets.add(tuple(swap))
    values = sorted(_optimistic(costs, np.array(s)) for s in sets if any(s))
    got = neighbours(costs, hosts[None], np.ones((1, m), dtype=bool), 3)[0]
    np.testing.assert_allclose(
        sorted(_optimistic(costs, s) for s in np.unique(got, axis=0)), values[: len(np.unique(got, axis=0))]
    )


@pytest.mark.parametrize("seed", range(10))
def test_assignment_keeps_room_and_is_near_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = _random_space(rng)
    room = rng.integers(1, 3, size=(1, 5))
    hosts = np.ones((1, 5), dtype=bool)
    chosen, cost = assign(costs, hosts[:, None], room)
    assert (np.bincount(chosen[0], minlength=5) <= room[0]).all()
    best = np.inf
    for trial in itertools.product(range(5), repeat=4):
        counts = np.bincount(trial, minlength=5)
        if (counts <= room[0]).all():
            served = costs.serve[0][np.arange(4), list(trial)].sum()
            best = min(best, served + costs.hosting((counts > 0)[None])[0])
    assert best - 1e-12 <= cost[0]
    used = np.bincount(chosen[0], minlength=5) > 0
    assert cost[0] == pytest.approx(
        costs.serve[0][np.arange(4), chosen[0]].sum() + costs.hosting(used[None])[0]
    )


def test_assignment_without_room_costs_infinity() -> None:
    costs = _random_space(np.random.default_rng(0))
    chosen, cost = assign(costs, np.ones((1, 1, 5), dtype=bool), np.array([[1, 1, 1, 0, 0]]))
    assert np.isinf(cost[0])
    assert (chosen == -1).sum() == 1


def test_children_mix_whole_spaces_and_mutation_changes_some() -> None:
    instance = tight(1)
    rng = np.random.default_rng(0)
    first = construct(instance, raw_weights(instance, preference_grid(6)), order=space_by_space(instance))
    second = np.roll(first, 1, axis=0)
    child = cross(instance, first, second, rng)
    for space in range(instance.num_spaces):
        members = instance.requests.space == space
        from_first = (child[:, members] == first[:, members]).all(axis=1)
        from_second = (child[:, members] == second[:, members]).all(axis=1)
        assert (from_first | from_second).all()
    mutant = mutate(instance, first, 3.0, rng)
    assert (mutant != first).any()
    assert mutant.min() >= 0
    assert mutant.max() < instance.num_mecs


@pytest.mark.parametrize("seed", range(3))
def test_relinking_stays_between_and_moves_change_one_request(seed: int) -> None:
    instance = tight(seed)
    ends = construct(instance, raw_weights(instance, preference_grid(2)), order=space_by_space(instance))
    costs = space_costs(instance, ends)
    per_placement = costs.sum(axis=1)
    full = evaluate(instance, ends)
    access = np.stack([full.access_latency_ms, full.access_energy_j], axis=1)
    np.testing.assert_allclose(per_placement + access, full.objectives, rtol=1e-9)
    path = relink(instance, ends[0], ends[1], costs[1] - costs[0])
    assert ((path == ends[0]) | (path == ends[1])).all()
    assert len(path) > 0
    moved = single_moves(instance, ends[0], np.random.default_rng(0), 50)
    assert ((moved != ends[0]).sum(axis=1) == 1).all()


def test_a_long_history_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second snapshot is at least 2 % later, however often the front grew; the last is of now."""
    instance, now = toy_instance(), [0.0]
    clock = Budget().start()
    monkeypatch.setattr(type(clock), "elapsed", property(lambda _: now[0]))
    archive = Archive(instance, clock)
    placements = np.array(list(itertools.product(range(3), repeat=4)))
    costs = evaluate(instance, placements)
    archive.add(placements[costs.feasible][:1])
    for now[0] in np.linspace(0.01, 100.0, 20_000):
        archive._note()
    seconds = np.array([snapshot.seconds for snapshot in archive.front().history])
    assert len(seconds) < 2 * np.log(10_000) / np.log(1.02)
    assert (seconds[2:] >= 1.02 * seconds[:-2]).all()
    assert seconds[-1] == 100.0
    assert (np.diff(seconds) > 0).all()


def test_processor_time_does_not_run_while_a_process_sleeps() -> None:
    wall, processor = Budget(seconds=0.05).start(), Budget(seconds=0.05, processor=True).start()
    time.sleep(0.1)
    assert wall.expired
    assert not processor.expired
    assert processor.share(0.5).budget.processor
    while processor.elapsed < 0.06:
        pass
    assert processor.expired


def test_certified_area_by_hand() -> None:
    # below (4, 2): the half-plane x >= 1 leaves 3 x 2; x + y >= 2 cuts a triangle of legs 1 off that
    bounds = (Bound((1.0, 0.0), 1.0),)
    assert area_above(bounds, np.array([4.0, 2.0])) == pytest.approx(6.0)
    bounds += (Bound((0.5, 0.5), 1.0),)
    assert area_above(bounds, np.array([4.0, 2.0])) == pytest.approx(5.5)
    assert area_above((Bound((1.0, 0.0), 9.0),), np.array([4.0, 2.0])) == 0.0


def test_hypervolume_ratio_by_hand_and_round_trip() -> None:
    bounds = (Bound((1.0, 0.0), 1.0), Bound((0.0, 1.0), 0.0))
    certificate = Certificate(
        bounds=bounds,
        ideal=np.array([1.0, 0.5]),
        nadir=np.array([3.0, 1.5]),
        reference_point=np.array([4.0, 2.0]),
        hypervolume_bound=6.0,
        front=np.array([[1.0, 1.5], [3.0, 0.5]]),
    )
    # the front dominates 3 x 0.5 + 1 x 1.0 below the reference point
    assert certificate.hypervolume_ratio(certificate.front) == pytest.approx(2.5 / 6.0)
    # best latency 1 against the bound 1, best energy 0.5 against the bound 0
    np.testing.assert_allclose(certificate.gaps(certificate.front), [0.0, 1.0])
    np.testing.assert_allclose(certificate.gaps(np.zeros((0, 2))), [1.0, 1.0])
    again = Certificate.from_json(certificate.to_json())
    assert again.to_json() == certificate.to_json()


def test_toy_optimum_is_found_by_descent_from_anywhere() -> None:
    instance = toy_instance()
    every = np.array(list(itertools.product(range(instance.num_mecs), repeat=instance.num_requests)))
    costs = evaluate(instance, every)
    for preference in preference_grid(5):
        weights = raw_weights(instance, preference)
        best = (costs.objectives[costs.feasible] @ weights).min()
        start = every[costs.feasible][:40]
        descent = SpaceDescent(instance, np.tile(weights, (len(start), 1)), candidates=3)
        ends = evaluate(instance, descent.run(start, Budget().start()))
        assert (ends.objectives @ weights).min() == pytest.approx(best)


def test_cpsat_knows_a_placement_that_just_fits():
    """Cache sizes finer than a kilobyte: two spaces fill the only usable cache to the last bit."""
    toy = toy_instance()
    tight = dataclasses.replace(
        toy,
        spaces=dataclasses.replace(toy.spaces, cache_gb=np.array([1.2500004, 1.2500004])),
        mecs=dataclasses.replace(
            toy.mecs, cache_gb=np.array([2.5000008, 0.0, 0.0]), max_tasks=np.array([4, 4, 4])
        ),
    )
    front = make_agent("cpsat").solve(
        tight, preferences=[[0.5, 0.5]], budget=Budget(seconds=5), rng=np.random.default_rng(0)
    )
    assert front.placements.tolist() == [[0, 0, 0, 0]]
    assert front.bounds[0].value <= float(front.objectives[0] @ front.bounds[0].weights)


AFTER_SOLVING = """
import signal, numpy as np
from semverse.agents.registry import make_agent
from semverse.envs.scc.toy import toy_instance
from semverse.solvers.base import Budget
make_agent("{name}").solve(
    toy_instance(), preferences=[[0.5, 0.5]], budget=Budget(seconds=5), rng=np.random.default_rng(0)
)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("name", ["cpsat", "exact"])
def test_ctrl_c_still_works_after(name):
    code = AFTER_SOLVING.format(name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
