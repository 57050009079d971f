"""The exact solver against brute force on instances small enough to enumerate."""

from __future__ import annotations

import itertools
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.types import FloatArray, Instance, IntArray, Links, Mecs, Requests, Spaces, Users
from semverse.solvers.base import Budget, preference_grid, spread_order
from semverse.solvers.exact import pricing
from semverse.solvers.exact import search as exact_search
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.integer import reduced_costs
from semverse.solvers.exact.prices import MULTIPLES, Prices, cut_levels
from semverse.solvers.exact.pricing import Pricer, Rules
from semverse.solvers.exact.relaxation import Problem, Relaxer
from semverse.solvers.exact.search import Search
from semverse.solvers.exact.shortlist import Shortlist
from semverse.solvers.exact.solver import ExactSolver, default_config
from semverse.solvers.layout import Layout, WeightedCosts

WEIGHTS = ((1.0, 0.0), (0.7, 0.3), (0.4, 0.6), (0.1, 0.9), (0.0, 1.0))


def tight_instance(seed: int, mecs: int = 3, requests: int = 7, spaces: int = 3) -> Instance:
    """Make an instance in which tasks and cache both bind; hosts are dear and links are, too."""
    rng = np.random.default_rng(seed)
    pairs = [(u, v) for u in range(requests) for v in range(spaces)]
    chosen = rng.permutation(len(pairs))[:requests]
    user, space = np.array(sorted(pairs[i] for i in chosen)).T
    tasks = np.full(mecs, requests // mecs + 1)
    tasks[0] = max(1, tasks[0] - 1)
    tasks[-1] += 1
    return Instance(
        name=f"tight {seed}",
        mecs=Mecs(
            lon=np.zeros(mecs),
            lat=np.zeros(mecs),
            cache_gb=rng.choice([2.0, 3.0, 5.0], mecs),
            compute_tflops=rng.uniform(1, 5, mecs),
            max_tasks=tasks,
            energy_coefficient=0.3,
        ),
        spaces=Spaces(
            rng.choice([1.0, 1.5, 2.0], spaces),
            rng.uniform(0, 2, spaces),
            rng.uniform(1, 9, spaces),
            rng.uniform(0, 3, spaces),
        ),
        users=Users(
            rng.integers(mecs, size=requests), rng.uniform(0, 1, requests), rng.uniform(0, 1, requests)
        ),
        requests=Requests(user, space, rng.uniform(0.1, 1, requests) / spaces),
        links=Links(**{name: rng.uniform(0, 1.5, (mecs, mecs)) for name in Links.__dataclass_fields__}),
    )


def all_placements(instance: Instance) -> tuple[IntArray, FloatArray]:
    """Return all feasible placements and their objectives."""
    every = np.array(list(itertools.product(range(instance.num_mecs), repeat=instance.num_requests)))
    costs = evaluate(instance, every)
    return every[costs.feasible], costs.objectives[costs.feasible]


SERVABLE = [seed for seed in range(40) if len(all_placements(tight_instance(seed))[0])][:14]


def solver(**changes: object) -> ExactSolver:
    return ExactSolver(default_config().model_copy(update=changes))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_enough_instances_bind() -> None:
    """Most tight instances exclude the unconstrained optimum: otherwise the tests below prove little."""
    binding = 0
    for seed in SERVABLE:
        instance = tight_instance(seed)
        every = np.array(list(itertools.product(range(instance.num_mecs), repeat=instance.num_requests)))
        objectives = evaluate(instance, every).objectives.sum(axis=1)
        binding += all_placements(instance)[1].sum(axis=1).min() > objectives.min() + 1e-9
    assert len(SERVABLE) == 14
    assert binding >= 10


@pytest.mark.parametrize("seed", SERVABLE)
def test_minimise_proves_the_optimum(seed: int) -> None:
    """Value and bound meet the brute-force optimum to 1e-6, for weights that need not sum to 1."""
    instance = tight_instance(seed)
    _, objectives = all_placements(instance)
    for weights in WEIGHTS:
        scaled = 3 * np.array(weights)
        optimum = float((objectives @ scaled).min())
        proven = solver().minimise(instance, scaled, budget=Budget(seconds=20), rng=rng())
        assert proven.lower_bound <= optimum + 1e-9
        assert proven.value == pytest.approx(optimum, rel=1e-6)
        assert proven.gap <= 1e-6
        assert proven.placement is not None
        costs = evaluate(instance, proven.placement[None])
        assert costs.feasible[0]
        assert costs.objectives[0] @ scaled == pytest.approx(proven.value, rel=1e-12)


@pytest.mark.parametrize("seed", SERVABLE[:6])
def test_without_listing_or_cuts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where host sets are too many to list, branch and price over all of them proves the same."""
    monkeypatch.setattr("semverse.solvers.exact.tree._MOST_SETS", 1)
    test_minimise_proves_the_optimum(seed)


@pytest.mark.parametrize("seed", SERVABLE[:8])
def test_epsilon_constraints(seed: int) -> None:
    """Limits on either objective; the optimum within them is found and never undercut by the bound."""
    instance = tight_instance(seed)
    _, objectives = all_placements(instance)
    for k, name in enumerate(("latency_limit_ms", "energy_limit_j")):
        weights = np.eye(2)[1 - k] * 0.9 + 0.05
        limit = float(np.quantile(objectives[:, k], 0.2))
        optimum = float((objectives[objectives[:, k] <= limit] @ weights).min())
        proven = solver().minimise(instance, weights, budget=Budget(seconds=20), rng=rng(), **{name: limit})
        assert proven.lower_bound <= optimum * (1 + 1e-9)
        assert proven.value == pytest.approx(optimum, rel=1e-6)
        assert proven.gap <= 1e-6


def test_limits_that_nothing_keeps() -> None:
    """Without a placement within the limits, search ends with an infinite bound."""
    instance = tight_instance(SERVABLE[0])
    limit = 0.99 * float(all_placements(instance)[1][:, 0].min())
    proven = solver().minimise(
        instance, [0.5, 0.5], budget=Budget(seconds=20), rng=rng(), latency_limit_ms=limit
    )
    assert proven.placement is None
    assert proven.value == proven.lower_bound == np.inf


@pytest.mark.parametrize("seed", SERVABLE[:5])
def test_front(seed: int) -> None:
    """Every supported optimum is on the front, and every bound holds for every placement."""
    instance = tight_instance(seed)
    _, objectives = all_placements(instance)
    front = solver().solve(instance, preferences=preference_grid(7), budget=Budget(seconds=10), rng=rng())
    assert len(front.bounds) == 7
    for bound in front.bounds:
        value = objectives @ np.array(bound.weights)
        assert bound.value <= value.min() * (1 + 1e-12)
        assert (front.objectives @ np.array(bound.weights)).min() == pytest.approx(value.min(), rel=1e-6)


def test_bounds_hold_for_random_placements() -> None:
    """On an instance of full structure, thousands of feasible placements all respect every bound."""
    instance = sample_instance(
        load_scenario("california"),
        rng(),
    )
    front = solver().solve(instance, preferences=preference_grid(4), budget=Budget(seconds=6), rng=rng())
    random = np.random.default_rng(1)
    base = front.placements[random.integers(len(front), size=4000)]
    other = front.placements[random.integers(len(front), size=4000)]
    mixed = np.where(
        random.random((4000, instance.num_spaces))[:, instance.requests.space] < 0.3, other, base
    )
    costs = evaluate(instance, np.concatenate([base, mixed]))
    objectives = costs.objectives[costs.feasible]
    assert len(objectives) > 4000
    for bound in front.bounds:
        assert (objectives @ np.array(bound.weights) >= bound.value).all()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ruled", [False, True])
def test_pricing_against_enumeration(seed: int, ruled: bool) -> None:
    """Minima of pricing and of the list equal those over all assignments, overloaded hosts included."""
    random = np.random.default_rng(seed)
    instance = tight_instance(seed, mecs=4, requests=8, spaces=2)
    layout = Layout.of(instance)
    costs = WeightedCosts.of(instance, layout, random.dirichlet([1, 1]))
    scale = float(costs.request.mean())
    prices = Prices(
        random.uniform(0, scale, 4), random.uniform(0, scale, 4), np.zeros(2), np.zeros((4, len(MULTIPLES)))
    )
    forbidden, forced = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    if ruled:
        forbidden[0, random.integers(4)] = True
        forced[1, random.integers(4)] = True
    rules = Rules(forbidden, forced)
    want = priced_by_hand(instance, layout, costs, prices, rules)
    got = Pricer(instance, layout, costs, rules).price(prices.cache, prices.tasks)
    np.testing.assert_allclose(got.best, want, rtol=0, atol=1e-7)
    listed = Shortlist.find(instance, layout, costs, prices, 100 * scale, 10_000)
    assert listed is not None
    np.testing.assert_allclose(listed.within(rules).price(costs, prices, 3).best, want, rtol=0, atol=1e-7)
    # the list prices cuts, too
    dear = replace(prices, cuts=random.uniform(0, scale, (4, len(MULTIPLES))) * (random.random((4, 1)) < 0.7))
    want = priced_by_hand(instance, layout, costs, dear, rules)
    np.testing.assert_allclose(listed.within(rules).price(costs, dear, 3).best, want, rtol=0, atol=1e-7)


def priced_by_hand(
    instance: Instance, layout: Layout, costs: WeightedCosts, prices: Prices, rules: Rules
) -> FloatArray:
    """Return the minimum a space over all host sets and all assignments to them."""
    mecs, room = instance.num_mecs, instance.mecs.max_tasks
    best = np.full(instance.num_spaces, np.inf)
    for space in range(instance.num_spaces):
        count = int(layout.count[space])
        for assignment in itertools.product(range(mecs), repeat=count):
            tasks = np.bincount(np.array(assignment, dtype=int), minlength=mecs)
            hosts = (tasks > 0) | rules.forced[space]
            if (tasks > room).any() or (hosts & rules.forbidden[space]).any():
                continue
            h = np.flatnonzero(hosts)
            value = costs.pair[np.ix_(h, h)].sum() / 2 + costs.host[space, h].sum()
            value += prices.cache[h].sum() * instance.spaces.cache_gb[space] + tasks @ prices.tasks
            value += sum(costs.request[space, i, m] for i, m in enumerate(assignment))
            for m in h:
                for c, k in enumerate(MULTIPLES):
                    value += prices.cuts[m, c] * (k * tasks[m] // (room[m] + 1))
            best[space] = min(best[space], value)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_slack_meets_every_near_optimal_set(seed: int) -> None:
    """With a slack, no host set whose cost is within it is missed."""
    instance = tight_instance(seed, mecs=4, requests=8, spaces=2)
    layout = Layout.of(instance)
    costs = WeightedCosts.of(instance, layout, np.array([0.5, 0.5]))
    zero = Prices.zero(4)
    slack = 2 * float(costs.request.mean())
    every = Shortlist.find(instance, layout, costs, zero, 1e6, 10_000)
    some = Shortlist.find(instance, layout, costs, zero, slack, 10_000)
    assert every is not None
    assert some is not None
    priced = every.price(costs, zero, 10_000)
    near = priced.value < priced.best[priced.space] + slack
    found = {(int(v), h.tobytes()) for v, h in zip(some.space, some.hosts, strict=True)}
    assert {
        (int(v), h.tobytes()) for v, h in zip(priced.space[near], priced.hosts[near], strict=True)
    } <= found
    assert len(found) < len(every.space)


@pytest.mark.parametrize("most", [1, 30, 300])
@pytest.mark.parametrize("region", ["california", "virginia"])
def test_broken_off_pricing_still_bounds(region: str, most: int) -> None:
    """Whenever the search ends, no space costs less than what it says."""
    instance = sample_instance(load_scenario(region, users=60, mecs=15, spaces=6), rng())
    layout, zero = Layout.of(instance), np.zeros(15)
    for weights in WEIGHTS:
        costs = WeightedCosts.of(instance, layout, np.array(weights))
        pricer = Pricer(instance, layout, costs, Rules.none(instance))
        whole, part = pricer.price(zero, zero), pricer.price(zero, zero, most=most)
        assert whole.complete
        assert (part.best <= whole.best + 1e-9).all()
        assert np.isfinite(part.best).all()
        assert part.complete or len(part.space) < len(whole.space)
        assert not part.complete or np.allclose(part.best, whole.best, rtol=0, atol=1e-9)


def test_pricing_forty_mecs_stays_small() -> None:
    """This took gigabytes: 85,000 sets of 20 MECs, millions of 40, each with all its costs."""
    instance = sample_instance(load_scenario("virginia", mecs=40), np.random.default_rng(2000))
    layout, zero = Layout.of(instance), np.zeros(40)
    costs = WeightedCosts.of(instance, layout, np.array([1.0, 0.0]))
    tracemalloc.start()
    priced = Pricer(instance, layout, costs, Rules.none(instance)).price(zero, zero)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert priced.complete
    assert len(priced.space) < 100_000
    assert peak < 150e6


def test_a_space_too_large_for_three_mecs_stays_small() -> None:
    """Its cheapest hosts are always overloaded, so that nearly every host set has to be assigned exactly."""
    scenario = load_scenario("california", users=200, mecs=40)
    instance = sample_instance(scenario, np.random.default_rng(2000))
    layout, zero = Layout.of(instance), np.zeros(40)
    assert layout.count.max() > 3 * instance.mecs.max_tasks.max()
    costs = WeightedCosts.of(instance, layout, np.array([0.0, 1.0]))
    tracemalloc.start()
    priced = Pricer(instance, layout, costs, Rules.none(instance)).price(zero, zero, most=5_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not priced.complete
    assert (priced.best[priced.space] <= priced.value + 1e-9).all()
    assert peak < 150e6


@pytest.mark.parametrize("seed", SERVABLE[:6])
def test_proofs_need_no_exact_pricing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pricing broken off at once, bounds hold, and branching still ends in a proof."""
    monkeypatch.setattr(pricing, "_MOST_CELLS", 0)
    instance = tight_instance(seed)
    _, objectives = all_placements(instance)
    front = solver().solve(instance, preferences=preference_grid(5), budget=Budget(seconds=1), rng=rng())
    for bound in front.bounds:
        assert bound.value <= (objectives @ np.array(bound.weights)).min() * (1 + 1e-12)
    for weights in WEIGHTS:
        proven = solver().minimise(instance, weights, budget=Budget(seconds=20), rng=rng())
        optimum = (objectives @ np.array(weights)).min()
        assert proven.lower_bound <= optimum + 1e-9
        assert proven.value == pytest.approx(optimum, rel=1e-6)


def test_bounds_say_whether_pricing_was_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was broken off is lower, and says so."""
    instance = sample_instance(load_scenario("virginia", users=60, mecs=15, spaces=6), rng())
    bounds = []
    for cells in (pricing._MOST_CELLS, 0):
        monkeypatch.setattr(pricing, "_MOST_CELLS", cells)
        search = Search(instance, default_config(), Budget().start(), rng())
        search.start(np.array([[1.0, 0.0]]))
        search.new_target(np.array([1.0, 0.0]))
        bounds += search.bounds()
    assert [bound.complete for bound in bounds] == [True, False]
    assert bounds[1].value < bounds[0].value


def test_columns_of_the_integer_steps_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number they are collected anew, those of the linear relaxations first."""
    instance = sample_instance(load_scenario("california", users=40, mecs=10, spaces=10), rng())
    monkeypatch.setattr(exact_search, "_MOST_COLUMNS", 110)
    search = Search(instance, default_config(), Budget().start(), rng())
    search.start(np.array([[0.5, 0.5]]))
    target = search.new_target(np.array([0.5, 0.5]))
    first = search.wide
    for _ in range(4):
        search.visit(target)
    assert search.wide is not first
    assert len(search.wide) >= len(search.pool) > 0
    assert target.bound <= search.best(target)[1] <= target.bound * 1.02


@pytest.mark.parametrize("room", [1, 4, 15, 20, 25])
def test_cuts_hold_for_whole_columns(room: int) -> None:
    """However tasks are split over columns, k - 1 bounds the rounded sum as long as the room suffices."""
    random = np.random.default_rng(room)
    for _ in range(300):
        cuts = np.sort(random.integers(0, room + 1, size=random.integers(0, 6)))
        parts = np.diff(np.concatenate([[0], cuts, [room]]))
        levels = cut_levels(parts, np.full(len(parts), room)).sum(axis=0)
        assert (levels <= MULTIPLES - 1).all()
    assert (cut_levels(np.array([room]), np.array([room])) == MULTIPLES - 1).sum() >= min(room, 5) - 1


@pytest.mark.parametrize("seed", SERVABLE[:6])
def test_relaxation_and_reduced_costs(seed: int) -> None:
    """A placement costs at least the bound plus the reduced costs of its columns, with cuts as well."""
    instance = tight_instance(seed)
    placements, objectives = all_placements(instance)
    weights = np.array([0.3, 0.7])
    pool = Pool(instance, Layout.of(instance))
    pool.add_placements(placements)
    problem = Problem(weights, Rules.none(instance), np.full(2, np.inf))
    relaxation = Relaxer(pool, 4).solve(problem, 1e-9, Budget().start())
    costs = WeightedCosts.of(instance, pool.layout, weights)
    listed = Shortlist.find(instance, pool.layout, costs, relaxation.prices, 1e6, 100_000)
    relaxer = Relaxer(pool, 4, listed)
    for _ in range(3):
        tight = relaxer.solve(problem, 1e-9, Budget().start())
        if not relaxer.cut(tight.master):
            break
    value = objectives @ weights
    assert relaxation.lower_bound <= tight.lower_bound * (1 + 1e-9) <= value.min() * (1 + 2e-9)
    for outcome in (relaxation, tight):
        excess = reduced_costs(pool, problem, outcome)
        assert (excess > -1e-7).all()
        column = {(c.space, c.assignment.tobytes()): i for i, c in enumerate(pool.columns)}
        spaces = np.flatnonzero(pool.layout.count)
        for placement, total in zip(placements[::7], value[::7], strict=True):
            used = [column[int(v), placement[pool.layout.of_space(v)].tobytes()] for v in spaces]
            assert total >= outcome.lower_bound + excess[used].sum() - 1e-7


@pytest.mark.parametrize("count", [1, 2, 3, 8, 41])
def test_spread_order_is_a_permutation(count: int) -> None:
    """Every weight once, both ends first."""
    order = list(spread_order(count))
    assert sorted(order) == list(range(count))
    assert order[:2] == [0, count - 1][: min(count, 2)]


def test_same_seed_same_front() -> None:
    """Limited by evaluations, not by time, two runs agree to the bit."""
    instance = tight_instance(SERVABLE[0], mecs=5, requests=12, spaces=5)
    fronts = [
        solver().solve(instance, preferences=preference_grid(5), budget=Budget(evaluations=3000), rng=rng())
        for _ in range(2)
    ]
    np.testing.assert_array_equal(fronts[0].placements, fronts[1].placements)
    assert fronts[0].bounds == fronts[1].bounds


@pytest.mark.parametrize("weights", [(1.0,), (-1.0, 2.0), (0.0, 0.0), (np.nan, 1.0), (np.inf, 1.0)])
def test_wrong_weights(weights: tuple[float, ...]) -> None:
    """Weights that are no weights end in one line that names the key."""
    with pytest.raises(InputError, match="weights"):
        solver().minimise(tight_instance(SERVABLE[0]), weights, budget=Budget(seconds=1), rng=rng())
