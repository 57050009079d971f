"""Reference rules of rate control: what a transmitter can do that neither learns nor knows the future."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from semverse.envs.vlscc.generator import draw_episodes
from semverse.envs.vlscc.model import cap_levels
from semverse.envs.vlscc.optimum import gains
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Episode, FloatArray, IntArray

SAMPLES = 4096  # frames and ratios that a multiplier is fitted to
MULTIPLIERS = 64  # of the table, evenly spaced logarithms
SMALLEST_MULTIPLIER = 1e-6  # of the largest one


def fixed_levels(time: IntArray, problem: Problem) -> IntArray:
    """Return the constant level of the budget for frames at times [N] as [P, N].

    Where the budget lies between two levels they alternate, so that the whole budget is spent: SCC(2k) of
    paper 002, section V-A, if the budget is 2,000 symbols a frame.
    """
    mean = problem.budget / (problem.config.frames * problem.surfaces.blocks)
    level = np.floor((time + 1) * mean + 1e-9) - np.floor(time * mean + 1e-9)
    return np.repeat(level.astype(np.int64)[None], problem.surfaces.blocks, axis=0)


def executed(levels: IntArray, problem: Problem) -> IntArray:
    """Return what is sent of levels [T, P] that are asked for, cut as the environments do."""
    found, left, waiting = np.empty_like(levels), problem.budget, 0
    for t, asked in enumerate(levels):
        limit = np.array([min(left, problem.deadline - waiting)])
        found[t] = cap_levels(asked[:, None], limit)[:, 0]
        steps = int(found[t].sum())
        left, waiting = left - steps, max(0, waiting + steps - problem.link)
    return found


def entropy_levels(frames: IntArray, share: FloatArray, problem: Problem) -> IntArray:
    """Return levels [P, N] of frames [N] proportional to the entropy of each block.

    Args:
        frames: [N].
        share: steps that a frame may take on average over those of a whole code [N].
        problem: profile and surfaces.
    """
    s = problem.surfaces
    entropy = s.features[..., s.feature_names.index("entropy")]  # [F, P]
    mean = entropy[~s.held_out].mean()
    level = np.round(entropy[frames] / mean * share[:, None] * (s.levels - 1))
    return np.ascontiguousarray(np.minimum(level, s.levels - 1).astype(np.int64).T)


def allocated_levels(frames: IntArray, snr_db: FloatArray, problem: Problem) -> IntArray:
    """Return the levels [P, N] that the codec's own network chooses for frames [N] at ratios [N]."""
    grid = problem.surfaces.snr_db
    nearest = np.round((snr_db - grid[0]) / (grid[1] - grid[0])).astype(np.int64)
    levels = problem.surfaces.allocation[frames, :, np.clip(nearest, 0, len(grid) - 1)]
    return np.ascontiguousarray(levels.T).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Prices of a step, and what frames take at each on average over training content."""

    prices: FloatArray  # [M] rising
    steps: FloatArray  # [M] falling

    @staticmethod
    def of(problem: Problem, seed: int = 0) -> Multipliers:
        """Fit prices to training content under the problem's channel."""
        train = replace(problem, content="train", config=problem.config.model_copy(update={"frames": 1}))
        rng = np.random.default_rng(seed)
        drawn = draw_episodes([rng] * SAMPLES, train)
        worth, _ = gains(Episode(drawn.frames[0], drawn.snr_db[0]), train)
        largest = np.diff(worth, axis=1).max()
        prices = largest * np.geomspace(SMALLEST_MULTIPLIER, 1.0, MULTIPLIERS)
        chosen = np.array([(worth - p * np.arange(worth.shape[1])).argmax(axis=1) for p in prices])
        return Multipliers(prices, chosen.mean(axis=1))

    def price(self, steps: FloatArray) -> FloatArray:
        """Return the prices [N] at which frames take ``steps`` [N] on average."""
        return np.exp(np.interp(-steps, -self.steps, np.log(self.prices)))


def priced_levels(frames: IntArray, snr_db: FloatArray, price: FloatArray, problem: Problem) -> IntArray:
    """Return the levels [P, N] of frames [N] at ratios [N] that are worth most at prices of a step [N]."""
    worth, found = gains(Episode(frames, snr_db), problem)
    steps = (worth - price[:, None] * np.arange(worth.shape[1])).argmax(axis=1)
    return np.ascontiguousarray(found.levels(steps).T)
