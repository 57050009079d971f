"""Draws of surroundings: who holds which classes, how good the uplinks are, what privacy is worth.

Mean ratios are uniform in dB; each round fades anew (Rayleigh), for rounds are far longer than a channel's
coherence time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import CLASSES, Episode, Float32, FloatArray, IntArray

Generators = Sequence[np.random.Generator]


def draw_episodes(generators: Generators, problem: Problem) -> Episode:
    """Draw an episode a generator; no row depends on the others.

    Args:
        generators: N.
        problem: constants.
    """
    clients, num = problem.config.clients, len(generators)
    where, budget = np.empty((num, clients), np.float32), np.empty(num)
    for row, generator in enumerate(generators):
        generator.random(out=where[row], dtype=np.float32)
        budget[row] = generator.random()
    low, high = problem.config.radio.mean_snr_db
    mean = np.float32(10.0) ** ((low + (high - low) * where) / np.float32(10.0))
    epsilon: FloatArray = problem.epsilons[(budget * len(problem.epsilons)).astype(np.int64)]
    return Episode(epsilon, mean, *draw_rounds(generators, mean, problem))


def draw_rounds(generators: Generators, mean_snr: Float32, problem: Problem) -> tuple[Float32, Float32]:
    """Draw spectral efficiencies and ties [T, N, K] for mean ratios [N, K]."""
    rounds = problem.config.rounds
    shape = (len(generators), rounds, mean_snr.shape[1])
    fading, ties = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for row, generator in enumerate(generators):
        generator.standard_exponential(out=fading[row], dtype=np.float32)
        generator.random(out=ties[row], dtype=np.float32)
    np.multiply(fading, mean_snr[:, None], out=fading)  # in place: these arrays are large
    fading += np.float32(1.0)
    efficiency = np.log2(fading, out=fading)
    return efficiency.swapaxes(0, 1), ties.swapaxes(0, 1)


def draw_shares(generators: Generators, counts: IntArray, problem: Problem) -> Float32:
    """Return class shares [N, K, 10] of clients as `semverse.envs.fedsem.datasets.split_data` makes them.

    Args:
        generators: N.
        counts: pictures of each class in the data set [10].
        problem: constants.
    """
    clients, samples = problem.config.clients, problem.config.samples
    held = [g.multivariate_hypergeometric(counts, clients * samples) for g in generators]
    ends = np.cumsum(np.array(held), axis=1)
    slices = np.arange(clients + 1) * samples
    # pictures of a class that come before each slice's begin, and their increase from slice to slice
    before = np.clip(slices[:, None] - (ends - held)[:, None], 0, np.array(held)[:, None])
    return np.asarray(np.diff(before, axis=1) / samples, dtype=np.float32).reshape(-1, clients, CLASSES)
