"""Exact dynamic programming over the epochs of an episode: all that one inherits is a tier and a quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semverse.envs.cee.enumeration import (
    EpochTable,
    epoch_table,
    every_action,
    link_options,
    nondominated,
)
from semverse.envs.cee.model import evaluate, keeps_up, losses, next_quality, reward
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Conditions, Episode, FloatArray, IntArray, State


@dataclass(frozen=True, eq=False)
class Plan:
    """The best decisions of an episode that is known in advance."""

    actions: IntArray  # [T, 5]
    value: float  # sum of rewards, scored by the model


def optimum(episode: Episode, problem: Problem, start: tuple[int, int]) -> Plan:
    """Return the best plan, exactly.

    Args:
        episode: its draws, of one user.
        problem: constants.
        start: tier and scene quality before the first epoch.
    """
    tables = [epoch_table(episode.conditions(t), episode.preference, problem) for t in range(episode.epochs)]
    after, choices = np.zeros((3, problem.top_quality + 1)), []
    for table, motion in zip(reversed(tables), reversed(episode.motion.tolist()), strict=True):
        after, choice = backward(table, int(motion), after, problem)
        choices.append(choice)
    actions, (tier, quality) = [], start
    for table, choice, motion in zip(tables, reversed(choices), episode.motion.tolist(), strict=True):
        tier, level, before = *(int(v) for v in choice[tier, quality]), tier
        quality = _next(quality, int(motion), level, problem)
        actions.append(table.step(tier, quality, level, before)[1])
    plan = np.array(actions)
    return Plan(plan, float(score(plan, episode, problem, start).sum()))


def hindsight_values(episode: Episode, problem: Problem) -> FloatArray:
    """Return what states after each epoch are worth to who knows the rest of the episode [T, 3, Q]."""
    after, found = np.zeros((3, problem.top_quality + 1)), []
    for t in reversed(range(episode.epochs)):
        found.append(after)
        table = epoch_table(episode.conditions(t), episode.preference, problem)
        after, _ = backward(table, int(episode.motion[t]), after, problem)
    return np.array(found[::-1])


def backward(
    table: EpochTable, motion: int, after: FloatArray, problem: Problem
) -> tuple[FloatArray, IntArray]:
    """Return values before an epoch [3, Q], and the tier and level to choose [3, Q, 2].

    Args:
        table: of the epoch.
        motion: in the epoch.
        after: values of the states after it [3, Q].
        problem: constants.
    """
    levels, qualities = np.arange(len(table.prices)), np.arange(problem.top_quality + 1)
    reached = next_quality(qualities[:, None], np.asarray(motion), levels, problem)  # [Q, K]
    stayed = np.eye(3, dtype=np.int64)  # [before, tier]
    gained = table.rewards[np.arange(3)[:, None, None], reached, 1 - stayed[:, :, None, None]]
    total = gained - table.prices + after[:, reached]  # [before, tier, Q, K]
    flat = total.transpose(0, 2, 1, 3).reshape(3, len(qualities), -1)
    best = flat.argmax(axis=-1)
    choice = np.stack([best // len(levels), best % len(levels)], axis=-1)
    return np.take_along_axis(flat, best[..., None], axis=-1)[..., 0], choice


def _next(quality: int, motion: int, level: int, problem: Problem) -> int:
    return int(next_quality(np.asarray(quality), np.asarray(motion), np.asarray(level), problem))


def score(actions: IntArray, episode: Episode, problem: Problem, start: tuple[int, int]) -> FloatArray:
    """Return the rewards [T] of decisions [T, 5] that keep up."""
    tier, quality, found = *start, []
    for t, action in enumerate(actions):
        outcomes = evaluate(
            action, episode.conditions(t), State(np.asarray(tier), np.asarray(quality)), problem
        )
        found.append(float(reward(outcomes, episode.preference, problem)))
        tier, quality = int(action[4]), int(outcomes.quality)
    return np.array(found)


def lookahead(
    tables: Sequence[EpochTable], motion: int, transitions: FloatArray, problem: Problem
) -> FloatArray:
    """Return the values [3, Q] after an epoch with some motion, by conditions that are expected.

    Args:
        tables: of the epochs to come, as forecast.
        motion: in the epoch before them.
        transitions: [3, 3] chances of the next motion.
        problem: constants.
    """
    after = np.zeros((len(transitions), 3, problem.top_quality + 1))
    for table in reversed(tables):
        values = np.stack([backward(table, m + 1, after[m], problem)[0] for m in range(len(transitions))])
        after = np.einsum("ij,jrq->irq", transitions, values)
    return np.asarray(after[motion - 1])


def two_objective_front(
    episode: Episode, weights: FloatArray, problem: Problem, start: tuple[int, int]
) -> FloatArray:
    """Return the exact front of two sums over the episode [n, 2], by label setting; for short episodes.

    Args:
        episode: its draws, of one user.
        weights: [2, 5] two weighted sums of losses, each to be small.
        problem: constants.
        start: tier and scene quality before the first epoch.
    """
    labels = {start: np.zeros((1, 2))}
    for t in range(episode.epochs):
        reached: dict[tuple[int, int], list[FloatArray]] = {}
        for (tier, quality), before in labels.items():
            for there, steps in _steps(episode.conditions(t), tier, quality, weights, problem).items():
                reached.setdefault(there, []).append((before[:, None] + steps).reshape(-1, 2))
        labels = {there: _least(np.concatenate(parts)) for there, parts in reached.items()}
    return _least(np.concatenate(list(labels.values())))


def _least(points: FloatArray) -> FloatArray:
    return np.asarray(points[nondominated(points)])


def _steps(
    conditions: Conditions, tier: int, quality: int, weights: FloatArray, problem: Problem
) -> dict[tuple[int, int], FloatArray]:
    """Return the two-objective fronts [n, 2] of an epoch by the state that it leads to."""
    ups = link_options(float(conditions.uplink_db), problem.uplink, problem)
    downs = link_options(float(conditions.downlink_db), problem.downlink, problem)
    actions = every_action(problem, ups, downs)
    actions = actions[keeps_up(actions, conditions, problem)]
    outcomes = evaluate(actions, conditions, State(np.asarray(tier), np.asarray(quality)), problem)
    costs = losses(outcomes, problem) @ weights.T
    state = actions[:, 4] * (problem.top_quality + 1) + outcomes.quality
    return {
        (int(s) // (problem.top_quality + 1), int(s) % (problem.top_quality + 1)): _least(costs[state == s])
        for s in np.unique(state)
    }
