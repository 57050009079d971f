"""Flat plans of a federated training, the same action in every round: all at once, in the stand-in."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from semverse.envs.fedsem.core import Trainings
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.surrogate import SurrogateLearner
from semverse.envs.fedsem.types import RULES, FloatArray, IntArray


class Plan(NamedTuple):
    """A flat schedule."""

    action: tuple[int, ...]  # [5] options
    rounds: int  # that it lasts; nobody is asked after it
    value: float  # reward to come, as the stand-in tells it

    def values(self, problem: Problem) -> dict[str, Any]:
        """Return what the options mean, as settings of `flat_schedule`."""
        parts = problem.decision(np.array([self.action]))
        return {
            "count": int(parts.count[0]),
            "rule": RULES[int(parts.rule[0])],
            "public": int(parts.public[0]),
            "bits": int(parts.bits[0]),
            "payment": int(parts.payment[0]),
            "rounds": self.rounds,
        }


@cache
def flat_actions(sizes: tuple[int, ...], counts: tuple[int, ...]) -> IntArray:
    """Return every action that asks somebody [M, 5], for sizes of the options and what counts mean."""
    some = [i for i, count in enumerate(counts) if count > 0]
    return np.array(list(product(some, *(range(size) for size in sizes[1:]))))


def all_actions(problem: Problem) -> IntArray:
    """Return every action of a problem that asks somebody [M, 5]."""
    return flat_actions(tuple(problem.sizes.tolist()), problem.config.actions.counts)


def play_flat(trainings: Trainings, actions: IntArray) -> FloatArray:
    """Return the reward after each round [T, M] of M trainings that play an action each until the end."""
    generators = [np.random.default_rng(0)] * len(actions)  # the stand-in draws nothing
    rounds = trainings.problem.config.rounds - int(trainings.time[0])
    rewards = [trainings.play(actions, generators).reward for _ in range(rounds)]
    return np.cumsum(rewards, axis=0)


def best_plans(totals: FloatArray, actions: IntArray, number: int) -> list[Plan]:
    """Return the best plans by falling value out of rewards after each round [T, M].

    Of actions of one value only the first counts: rules do not differ as long as everybody is asked.
    """
    rounds, values = totals.argmax(axis=0), totals.max(axis=0)
    _, first = np.unique(values, return_index=True)
    chosen = first[::-1][:number]
    return [Plan(tuple(actions[i].tolist()), int(rounds[i]) + 1, float(values[i])) for i in chosen]


def screen(problem: Problem, episodes: int, seed: int, number: int) -> list[Plan]:
    """Return the flat schedules that the stand-in finds best on average, from the start of episodes.

    Args:
        problem: constants; its largest privacy budget counts.
        episodes: that each is tried on, the same for all.
        seed: of the episodes.
        number: of schedules that are returned.
    """
    actions = all_actions(problem)
    totals: npt.NDArray[np.float64] = np.zeros((problem.config.rounds, len(actions)))
    for episode in range(episodes):
        rng = np.random.default_rng([seed, episode])
        one = Trainings(1, problem, SurrogateLearner(1, problem))
        one.begin([rng], np.zeros(1, dtype=np.int64), float(problem.epsilons[-1]))
        many = one.imagined(0, len(actions), SurrogateLearner(len(actions), problem), rng)
        totals += play_flat(many, actions)
    return best_plans(totals / episodes, actions, number)


def describe(plan: Plan, problem: Problem) -> str:
    """Return a plan in a line, fit to be part of a file's name."""
    return "-".join(str(value) for value in plan.values(problem).values())
