"""Draws of streams: scenes that last for some frames, and a channel that fades.

The next frame is of the same scene with probability ``scene_stay``, else of a scene drawn uniformly (a Markov
chain over scenes, uniform in the long run); within a scene the frame is drawn uniformly. The channel is
Gauss-Markov (Rayleigh): the ratio of a frame is the mean ratio times |h|^2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semverse.envs.channels.fading import gauss_markov_path
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Episode, FloatArray, IntArray

SMALLEST_GAIN = 1e-12


def draw_episodes(generators: Sequence[np.random.Generator], problem: Problem) -> Episode:
    """Draw one episode a generator, side by side: arrays [T, N]. No column depends on the others."""
    frames, count = problem.config.frames, len(generators)
    uniform, normal = np.empty((count, 3, frames)), np.empty((count, 2, frames))
    for row, generator in enumerate(generators):
        generator.random(out=uniform[row])
        generator.standard_normal(out=normal[row])
    move, scene, pick = np.ascontiguousarray(uniform.transpose(1, 2, 0))
    return Episode(_frames(move, scene, pick, problem), _ratios(normal, problem))


def _frames(move: FloatArray, scene: FloatArray, pick: FloatArray, problem: Problem) -> IntArray:
    """Turn uniform noise [T, N] each into frames [T, N]."""
    order, begin, length = problem.scenes
    moves = move >= problem.config.scene_stay
    moves[0] = True
    last = np.where(moves, np.arange(len(move))[:, None], 0)  # when the scene was entered
    entered = np.take_along_axis(scene, np.maximum.accumulate(last, axis=0), axis=0)
    at = (entered * len(begin)).astype(np.int64)
    frames: IntArray = order[begin[at] + (pick * length[at]).astype(np.int64)]
    return frames


def _ratios(normal: FloatArray, problem: Problem) -> FloatArray:
    """Turn normal noise [N, 2, T] into ratios in dB [T, N]."""
    noise = np.ascontiguousarray(normal.transpose(2, 1, 0)) * np.sqrt(0.5)
    channel = gauss_markov_path(noise, problem.config.fading_correlation)
    gain = channel[:, 0] * channel[:, 0] + channel[:, 1] * channel[:, 1]
    decibels: FloatArray = 10.0 * np.log10(np.maximum(gain, SMALLEST_GAIN))
    return problem.config.mean_snr_db + decibels
