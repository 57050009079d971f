"""All decisions of one epoch: exact, yet few, since most options of a link are in everything worse than one.

Every outcome grows (or never falls) with a link option's error, latency, work on the edge, energy and price,
so an option that is nowhere better than another one is in no best decision and on no front. Links prune to
12 to 35 of their 92 options; the decisions that remain are enumerated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from semverse.envs.cee.model import (
    evaluate,
    excess,
    keeps_up,
    link_mse,
    needs,
    reward,
    tiers_keep_up,
)
from semverse.envs.cee.problem import Link, Problem
from semverse.envs.cee.types import BoolArray, Conditions, FloatArray, IntArray, Outcomes, State


def nondominated(costs: FloatArray) -> IntArray:
    """Return the rows of costs [n, m] that no other row equals or undercuts in all; of equals the first."""
    left = np.lexsort((np.arange(len(costs)), costs.sum(axis=1)))
    kept = []
    while len(left):
        best = left[0]
        kept.append(int(best))
        left = left[(costs[left] < costs[best]).any(axis=1)]
    return np.array(sorted(kept), dtype=np.int64)


def link_options(snr_db: float, link: Link, problem: Problem) -> IntArray:
    """Return the options of a link at a mean ratio in dB that can be part of a best decision."""
    options = np.flatnonzero(link.allowed)
    mse = link_mse(np.asarray(snr_db), options, problem)
    burdens = (link.fixed_s, link.airtime_s, link.edge_tflop, link.energy_j, link.usd_h)
    traits = np.stack([mse, *(burden[options] for burden in burdens)], axis=1)
    return np.asarray(options[nondominated(traits)])


def every_action(problem: Problem, ups: IntArray, downs: IntArray) -> IntArray:
    """Return all decisions [n, 5] with these options of uplink and downlink."""
    levels = np.arange(len(problem.preprocessing_tflop))
    grids = np.meshgrid(ups, downs, np.arange(3), levels, np.arange(3), indexing="ij")
    return np.stack([grid.ravel() for grid in grids], axis=1)


@dataclass(frozen=True, eq=False)
class Front:
    """The Pareto front of an epoch."""

    actions: IntArray  # [n, 5]
    outcomes: Outcomes  # [n]


def epoch_front(conditions: Conditions, state: State, problem: Problem, *, pruned: bool = True) -> Front:
    """Return the decisions that keep up, stay within the limits, and are beaten in everything by no other.

    If nothing stays within the limits (a link in outage), they do not count. What the 3-D scene that an epoch
    leaves behind is worth later does not count either.

    Args:
        conditions: of the epoch; numbers.
        state: inherited; numbers.
        problem: constants.
        pruned: leave out link options that cannot be on the front; without it all are enumerated.
    """
    if pruned:
        ups = link_options(float(conditions.uplink_db), problem.uplink, problem)
        downs = link_options(float(conditions.downlink_db), problem.downlink, problem)
    else:
        ups, downs = (np.flatnonzero(link.allowed) for link in (problem.uplink, problem.downlink))
    actions = every_action(problem, ups, downs)
    actions = actions[keeps_up(actions, conditions, problem)]
    outcomes = evaluate(actions, conditions, state, problem)
    within = excess(outcomes, problem) == 0.0
    within |= not within.any()
    kept = actions[within][nondominated(-outcomes.vector()[within])]
    return Front(kept, evaluate(kept, conditions, state, problem))


@dataclass(frozen=True, eq=False)
class EpochTable:
    """The best reward of an epoch for whatever state it leads to, before the price of preprocessing."""

    rewards: FloatArray  # [3, Q, 2] by rendering tier, scene quality, and whether the tier was switched
    actions: IntArray  # [3, Q, 2, 5] decisions that earn it; the preprocessing level is 0
    prices: FloatArray  # [K] reward that each preprocessing level takes; infinite if it cannot keep up

    def step(self, tier: int, quality: int, level: int, before: int) -> tuple[float, IntArray]:
        """Return reward and decision [5] of rendering on a tier at a quality that a level led to."""
        switched = int(tier != before)
        action = self.actions[tier, quality, switched].copy()
        action[3] = level
        return float(self.rewards[tier, quality, switched] - self.prices[level]), action


def epoch_table(
    conditions: Conditions, preference: FloatArray, problem: Problem, price: FloatArray | None = None
) -> EpochTable:
    """Enumerate an epoch.

    Args:
        conditions: of the epoch; numbers, but for the ratios, which may be [K] equally likely pairs: then the
            mean reward counts. Its motion plays no part.
        preference: [5] weights.
        problem: constants.
        price: [5] reward that a unit of each resource takes (`semverse.envs.cee.model.needs`), or None.
    """
    combined = _combinations(conditions, preference, problem, price)  # [3, n, 5]
    qualities = problem.top_quality + 1
    feasible = _tiers_fit(combined, conditions, problem)
    up, down = (np.reshape(v, (-1, 1, 1, 1, 1)) for v in (conditions.uplink_db, conditions.downlink_db))
    still = replace(conditions, uplink_db=up, downlink_db=down, motion=np.zeros((), dtype=np.int64))
    tiers = np.arange(3)[:, None]
    before = np.stack([tiers, (tiers + 1) % 3], axis=-1)[:, :, :, None]  # [3, 1, 2, 1]: stayed, switched
    state = State(before, np.arange(qualities)[None, :, None, None])
    outcomes = evaluate(combined[:, None, None], still, state, problem)
    earned = reward(outcomes, preference, problem).mean(axis=0)
    if price is not None:
        earned = earned - (needs(combined, problem) @ price)[:, None, None]
    earned = np.where(feasible[:, None, None], earned, -np.inf)
    best = earned.argmax(axis=-1)
    actions = combined[np.arange(3)[:, None, None], best]
    weight = preference[4] / problem.config.reward.cost_scale_usd_h
    late = conditions.cloud_load > problem.load_limits
    paid = weight * problem.preprocessing_usd_h
    if price is not None:
        paid = paid + price[4] * problem.preprocessing_tflop
    prices = np.where(late, np.inf, paid)
    return EpochTable(np.take_along_axis(earned, best[..., None], axis=-1)[..., 0], actions, prices)


def _combinations(
    conditions: Conditions, preference: FloatArray, problem: Problem, price: FloatArray | None
) -> IntArray:
    """Return decisions without preprocessing [3, n, 5], by rendering tier."""
    ratios, links = (conditions.uplink_db, conditions.downlink_db), (problem.uplink, problem.downlink)
    paid = np.zeros(5) if price is None else price
    ups, downs = (
        _worthwhile(ratios[i], links[i], conditions, preference, (paid[i], paid[2]), problem)
        for i in range(2)
    )
    grids = np.meshgrid(np.arange(3), ups, downs, np.arange(3), indexing="ij")
    render, up, down, matte = (grid.reshape(3, -1) for grid in grids)
    return np.stack([up, down, matte, np.zeros_like(up), render], axis=-1)


def _worthwhile(
    snr_db: FloatArray,
    link: Link,
    conditions: Conditions,
    preference: FloatArray,
    price: tuple[float, float],
    problem: Problem,
) -> IntArray:
    """Return the options of a link that can be part of the best decision under a preference.

    Fewer than `link_options`: energy and money, and the prices of airtime and of the edge, weigh as one.
    """
    options, r = np.flatnonzero(link.allowed), problem.config.reward
    spent = preference[3] / r.energy_scale_j * link.energy_j + preference[4] / r.cost_scale_usd_h * link.usd_h
    spent = spent + price[0] * link.airtime_s + price[1] * link.edge_tflop
    latency = link.fixed_s + link.edge_tflop / (problem.config.rates.edge * (1.0 - conditions.edge_load))
    mse = link_mse(np.reshape(snr_db, (-1, 1)), options, problem)  # [K, O]
    traits = np.stack([*mse, *(trait[options] for trait in (spent, latency, link.edge_tflop))], axis=1)
    return np.asarray(options[nondominated(traits)])


def _tiers_fit(actions: IntArray, conditions: Conditions, problem: Problem) -> BoolArray:
    up, down, matte, _, render = (actions[..., i] for i in range(5))
    return tiers_keep_up(up, down, matte, render, conditions, problem)
