"""Reference rules of the cloud-edge-end service: what can be done without learning."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from semverse.envs.cee.core import Users, action_sizes
from semverse.envs.cee.dynamic import backward, lookahead
from semverse.envs.cee.enumeration import EpochTable, epoch_table
from semverse.envs.cee.generator import motion_transitions
from semverse.envs.cee.model import next_quality
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Conditions, FloatArray, IntArray

EPISODES = 12  # that rules are fitted to
_FIRST_SEED = 2_000_000_000  # of them
_THRESHOLDS_DB = np.arange(-6.0, 22.0, 2.0)
_PASSES = 3  # over all parameters, at most


@dataclass(frozen=True, eq=False)
class Known:
    """What an observation of one user tells."""

    conditions: Conditions  # numbers; the ratios are an epoch old
    tier: int
    quality: int
    preference: FloatArray  # [5]
    left: int  # epochs, this one included


def read_observation(observation: FloatArray, problem: Problem) -> Known:
    """Return what an observation [18] tells."""
    o = np.asarray(observation, dtype=np.float64)
    return Known(
        Conditions(o[0], o[1], o[2], o[3], np.asarray(int(o[4]))),
        int(o[5:8].argmax()),
        int(o[8]),
        o[9:14],
        round(float(o[14]) * problem.config.epochs),
    )


def forecast(known: Conditions, ahead: int, problem: Problem) -> Conditions:
    """Return the mean of what comes: the ratios of the epoch at hand for ``ahead`` 0, and so on."""
    d = problem.config.dynamics
    snr, load = d.snr_correlation ** (ahead + 1), d.load_correlation**ahead
    return Conditions(
        d.uplink_mean_db + snr * (known.uplink_db - d.uplink_mean_db),
        d.downlink_mean_db + snr * (known.downlink_db - d.downlink_mean_db),
        np.asarray(d.edge_load_mean + load * (known.edge_load - d.edge_load_mean)),
        np.asarray(d.cloud_load_mean + load * (known.cloud_load - d.cloud_load_mean)),
        known.motion,
    )


def outlook(known: Conditions, problem: Problem) -> Conditions:
    """Return what comes next as four equally likely pairs of ratios [4]; all else is a number.

    They have the mean and the variances of the two ratios of the epoch at hand, given those of the one before
    (third-degree cubature; Arasaratnam and Haykin 2009, doi:10.1109/TAC.2009.2019800, eqs. 31 and 32).
    """
    d, mean = problem.config.dynamics, forecast(known, 0, problem)
    reach = d.snr_std_db * np.sqrt(2.0 * (1.0 - d.snr_correlation**2)) * np.array([1.0, -1.0, 0.0, 0.0])
    return replace(mean, uplink_db=mean.uplink_db + reach, downlink_db=mean.downlink_db + reach[::-1])


def best_decision(table: EpochTable, known: Known, after: FloatArray, problem: Problem) -> IntArray:
    """Return the best decision [5] of an epoch with worth of the states [3, Q] that it leads to."""
    _, choice = backward(table, int(known.conditions.motion), after, problem)
    tier, level = (int(v) for v in choice[known.tier, known.quality])
    quality = next_quality(np.asarray(known.quality), known.conditions.motion, np.asarray(level), problem)
    return table.step(tier, int(quality), level, known.tier)[1]


def myopic_decision(known: Known, problem: Problem) -> IntArray:
    """Return the best decision [5] of the epoch alone, as if the reported ratios were those to come."""
    table = epoch_table(known.conditions, known.preference, problem)
    return best_decision(table, known, np.zeros((3, problem.top_quality + 1)), problem)


def receding_decision(known: Known, horizon: int, problem: Problem) -> IntArray:
    """Return the first decision [5] of a plan over some epochs: mean ratios and loads, chances of motion."""
    tables = [
        epoch_table(forecast(known.conditions, ahead, problem), known.preference, problem)
        for ahead in range(max(min(horizon, known.left), 1))
    ]
    after = lookahead(tables[1:], int(known.conditions.motion), motion_transitions(problem), problem)
    return best_decision(tables[0], known, after, problem)


@dataclass(frozen=True, eq=False)
class Switch:
    """Two options a link, below and from a reported ratio on; all else fixed."""

    genes: IntArray  # [9] uplink below, from; downlink below, from; matte, level, render; two thresholds

    def actions(self, up_db: FloatArray, down_db: FloatArray) -> IntArray:
        """Return decisions [N, 5] at reported ratios [N]."""
        return switched(np.tile(self.genes, (len(up_db), 1)), up_db, down_db)


def switched(genes: IntArray, up_db: FloatArray, down_db: FloatArray) -> IntArray:
    """Return decisions [N, 5] of switches [N, 9] at reported ratios [N]."""
    up = np.where(up_db < _THRESHOLDS_DB[genes[:, 7]], genes[:, 0], genes[:, 1])
    down = np.where(down_db < _THRESHOLDS_DB[genes[:, 8]], genes[:, 2], genes[:, 3])
    return np.stack([up, down, genes[:, 4], genes[:, 5], genes[:, 6]], axis=1)


def fit_switch(problem: Problem, preference: FloatArray, *, fixed: bool) -> Switch:
    """Return the switch with the largest mean return over some episodes, by coordinate ascent.

    Args:
        problem: constants.
        preference: [5] weights.
        fixed: the same option below and above the thresholds: one decision for good.
    """
    sizes = action_sizes(problem)
    counts = [*np.repeat(sizes[:2], 2), *sizes[2:], len(_THRESHOLDS_DB), len(_THRESHOLDS_DB)]
    groups = [[0, 1], [2, 3], [4], [5], [6]]
    paper = problem.fixed_action(problem.config.paper)
    genes = np.array([*np.repeat(paper[:2], 2), *paper[2:], 0, 0])
    best = -np.inf
    for one in (True,) if fixed else (True, False):
        for _ in range(_PASSES):
            before = best
            for group in groups if one else [[0], [1], [2], [3], [4], [5], [6], [7], [8]]:
                candidates = np.tile(genes, (counts[group[0]], 1))
                candidates[:, group] = np.arange(counts[group[0]])[:, None]
                returns = switch_returns(candidates, problem, preference)
                if returns.max() > best:
                    genes, best = candidates[returns.argmax()], float(returns.max())
            if best == before:
                break
    return Switch(genes)


def switch_returns(genes: IntArray, problem: Problem, preference: FloatArray) -> FloatArray:
    """Return the mean returns [C] of switches [C, 9] over the episodes that rules are fitted to."""
    rows = len(genes) * EPISODES
    users = Users(rows, problem, preference, None)
    seeds = [_FIRST_SEED + row % EPISODES for row in range(rows)]
    users.begin([np.random.default_rng(seed) for seed in seeds], np.arange(rows))
    each, total = np.repeat(genes, EPISODES, axis=0), np.zeros(rows)
    for _ in range(problem.config.epochs):
        known = users.reported()
        total += users.play(switched(each, known.uplink_db, known.downlink_db)).reward
    return np.asarray(total.reshape(len(genes), EPISODES).mean(axis=1))
