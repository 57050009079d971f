"""The best levels of a whole episode, known in advance: a multiple-choice knapsack, solved exactly.

Each frame takes one of its numbers of steps u, worth ``gain_t(u)``; the sum may not exceed the budget, and
the waiting line b must keep every deadline. With V_T = 0,

    V_t(left, b) = max_u gain_t(u) + V_{t+1}(left - u, max(0, b + u - link)),    u <= left, b + u <= deadline

over whole numbers is exact. What a frame of several blocks can be worth at u steps is a knapsack of its own,
over its blocks (`frontier`), for the reward depends on a map only through its steps and its mean distortion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.vlscc.model import curves, reward
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Episode, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Optimum:
    """Levels of the largest total reward."""

    levels: IntArray  # [T, P]
    value: float  # total reward


@dataclass(frozen=True, eq=False)
class Frontier:
    """The least distortion that B frames can have at each number of steps."""

    distortion: FloatArray  # [B, P (L - 1) + 1] mean over the blocks
    choices: IntArray  # [P, B, P (L - 1) + 1] level of block p that leaves its part to the blocks before

    def levels(self, steps: IntArray) -> IntArray:
        """Return the levels [B, P] that spend steps [B]."""
        left, rows = np.array(steps), np.arange(len(steps))
        found = np.empty((len(left), len(self.choices)), dtype=np.int64)
        for p in reversed(range(len(self.choices))):
            found[:, p] = self.choices[p, rows, left]
            left = left - found[:, p]
        return found


def frontier(distortions: FloatArray) -> Frontier:
    """Return the least mean distortion of frames [B, P, L] at exactly u steps, u = 0 ... P (L - 1)."""
    frames, blocks, count = distortions.shape
    most = blocks * (count - 1)
    best = np.full((frames, most + 1), np.inf)
    best[:, 0] = 0.0
    choices = np.zeros((blocks, frames, most + 1), dtype=np.int64)
    for p in range(blocks):
        following = np.full_like(best, np.inf)
        for level in range(count):
            candidate = best[:, : most + 1 - level] + distortions[:, p, level, None]
            better = candidate < following[:, level:]
            following[:, level:][better] = candidate[better]
            choices[p][:, level:][better] = level
        best = following
    return Frontier(best / blocks, choices)


def gains(episode: Episode, problem: Problem) -> tuple[FloatArray, Frontier]:
    """Return what frames [T] are worth at each number of steps [T, P (L - 1) + 1], and how."""
    found = frontier(curves(episode.frames, episode.snr_db, problem))
    steps = np.arange(problem.frame_steps + 1)
    return reward(problem.quality(found.distortion), steps, problem), found


def optimum(episode: Episode, problem: Problem) -> Optimum:
    """Return the exact optimum of an episode [T] that is known in advance: no policy can earn more."""
    worth, found = gains(episode, problem)
    steps, value = best_steps(worth, problem.budget, problem.link, problem.deadline)
    return Optimum(found.levels(steps), value)


def best_steps(worth: FloatArray, budget: int, link: int, deadline: int) -> tuple[IntArray, float]:
    """Return the steps [T] of the largest total worth, and that total.

    Args:
        worth: [T, U + 1] of a frame that takes 0 ... U steps.
        budget: steps in total.
        link: steps that leave the waiting line between two frames.
        deadline: most steps of a frame and of what waits before it.
    """
    values = values_to_go(worth, budget, link, deadline)
    steps, left, waiting = np.empty(len(worth), dtype=np.int64), budget, 0
    for t, gain in enumerate(worth):
        fits = np.arange(min(len(gain) - 1, left, deadline - waiting) + 1)
        after = np.maximum(waiting + fits - link, 0)
        steps[t] = (gain[fits] + values[t + 1, after, left - fits]).argmax()
        left, waiting = left - int(steps[t]), int(after[steps[t]])
    return steps, float(values[0, 0, budget])


def values_to_go(worth: FloatArray, budget: int, link: int, deadline: int) -> FloatArray:
    """Return the most that frames t, t + 1, ... can be worth [T + 1, lines, budget + 1].

    The second axis is the waiting line when frame t begins, the last what is left of the budget.
    """
    longest = max(0, deadline - link)  # what can be waiting when a frame begins
    values = np.full((len(worth) + 1, longest + 1, budget + 1), -np.inf)
    values[-1] = 0.0
    for t in reversed(range(len(worth))):
        for u in range(min(worth.shape[1] - 1, budget, deadline) + 1):
            lines = np.arange(min(longest, deadline - u) + 1)
            after = values[t + 1].take(np.maximum(lines + u - link, 0), axis=0)[:, : budget + 1 - u]
            now = values[t, : len(lines), u:]
            np.maximum(now, after + worth[t, u], out=now)
    return values
