"""Draws of episodes: ratios and loads are Gauss-Markov, the motion of the scene is a Markov chain.

The receiver reports the ratio of the epoch before, so what is chosen for an epoch is chosen for an old ratio.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Episode, FloatArray, IntArray
from semverse.envs.channels.fading import gauss_markov_path

MOTIONS = 3  # qualities that a scene loses an epoch: 1, 2 or 3


def draw_episodes(
    generators: Sequence[np.random.Generator], problem: Problem, preference: FloatArray | None
) -> Episode:
    """Draw one episode a generator, side by side. No column depends on the others.

    Args:
        generators: N of them.
        problem: constants.
        preference: [5], sum 1; None draws one for each episode, uniformly.
    """
    epochs, count, d = problem.config.epochs, len(generators), problem.config.dynamics
    normal = np.empty((count, epochs + 1, 4))
    uniform, weights = np.empty((count, 2, epochs)), np.ones((count, 5))
    for row, generator in enumerate(generators):
        generator.standard_normal(out=normal[row])
        generator.random(out=uniform[row])
        if preference is None:
            generator.standard_exponential(out=weights[row])
    noise = np.ascontiguousarray(normal.transpose(1, 2, 0))
    snr_mean = np.array([d.uplink_mean_db, d.downlink_mean_db])[:, None]
    load_mean = np.array([d.edge_load_mean, d.cloud_load_mean])[:, None]
    snr_db = snr_mean + d.snr_std_db * gauss_markov_path(noise[:, :2], d.snr_correlation)
    load = load_mean + d.load_std * gauss_markov_path(noise[1:, 2:], d.load_correlation)
    drawn = weights / weights.sum(axis=1, keepdims=True) if preference is None else weights * preference
    return Episode(
        snr_db, np.clip(load, 0.0, d.load_max), _motion(uniform, problem), np.ascontiguousarray(drawn.T)
    )


def _motion(uniform: FloatArray, problem: Problem) -> IntArray:
    """Turn uniform noise [N, 2, T] into motion [T, N]: it stays, or is drawn anew."""
    moves, drawn = np.ascontiguousarray(uniform.transpose(1, 2, 0))
    renewed = moves >= problem.config.dynamics.motion_stay
    renewed[0] = True
    last = np.maximum.accumulate(np.where(renewed, np.arange(len(moves))[:, None], 0), axis=0)
    kept: FloatArray = drawn[last, np.arange(len(uniform))]
    return 1 + (kept * MOTIONS).astype(np.int64)


def motion_transitions(problem: Problem) -> FloatArray:
    """Return the chances [3, 3] of the next motion (column) after a motion (row)."""
    stay = problem.config.dynamics.motion_stay
    return stay * np.eye(MOTIONS) + (1.0 - stay) / MOTIONS
