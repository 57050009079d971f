"""Columns for the integer step: near-optimal host sets under many prices.

The columns of the linear relaxation fit its prices, and hardly ever fill the MECs exactly. Here each
host set that a better placement might contain serves its requests in several ways, each the cheapest
under task prices drawn around those of the relaxation. Choosing among these columns finds far better
placements than choosing among those of the relaxation alone.
"""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.types import FloatArray
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.pricing import Pricer
from semverse.solvers.exact.relaxation import Problem, Relaxation
from semverse.solvers.layout import WeightedCosts

_SURCHARGE = 0.3  # of the mean task price; also MECs that the relaxation leaves free may turn out scarce
_MOST = 60_000  # sets met; beyond, the weighted sum is latency-heavy, and its gap small already


def add_variety(
    pool: Pool,
    problem: Problem,
    relaxation: Relaxation,
    slack: float,
    rng: np.random.Generator,
    *,
    draws: int,
    sets_per_space: int,
) -> None:
    """Add columns of host sets whose reduced cost is less than ``slack``.

    Args:
        pool: takes the columns.
        problem: the weighted sum; its rules are kept.
        relaxation: its relaxation.
        slack: largest reduced cost of a host set.
        rng: draws prices, and host sets where there are too many.
        draws: task prices to draw.
        sets_per_space: most host sets to take a space and draw.
    """
    cache_price, task_price = relaxation.prices.cache, relaxation.prices.tasks
    costs = WeightedCosts.of(pool.instance, pool.layout, problem.weights + relaxation.prices.limits)
    priced = Pricer(pool.instance, pool.layout, costs, problem.rules).price(
        cache_price, task_price, slack, _MOST
    )
    near = np.flatnonzero(priced.value < relaxation.best[priced.space] + slack)
    prices = _around(task_price, rng, draws)
    for space in np.flatnonzero(pool.layout.count):
        mine = near[priced.space[near] == space]
        serve = costs.request[space, : pool.layout.count[space]]
        for price in prices:
            some = rng.choice(mine, sets_per_space, replace=False) if len(mine) > sets_per_space else mine
            on_hosts = np.where(priced.hosts[some][:, None, :], serve + price, np.inf)
            for assignment in on_hosts.argmin(axis=2):
                pool.add(int(space), assignment)


def _around(task_price: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """Return task prices [draws, M] between 0 and twice the given ones [M], some with a surcharge."""
    shape = (draws, len(task_price))
    surcharge = rng.exponential(task_price.mean() * _SURCHARGE, shape) * (rng.random(shape) < _SURCHARGE)
    return task_price * rng.uniform(0, 2, shape) + surcharge
