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


def draw_episodes(generators: Generators, shares: Float32, problem: Problem) -> Episode:
    """Draw an episode a generator; no row depends on the others.

    Args:
        generators: N.
        shares: of the classes in each client's pictures [N, K, 10].
        problem: constants.
    """
    config, num = problem.config, len(generators)
    clients, rounds = config.clients, config.rounds
    where, fading = np.empty((num, clients), np.float32), np.empty((num, rounds, clients), np.float32)
    ties, budget = np.empty_like(fading), np.empty(num)
    for row, generator in enumerate(generators):
        generator.random(out=where[row], dtype=np.float32)
        generator.standard_exponential(out=fading[row], dtype=np.float32)
        generator.random(out=ties[row], dtype=np.float32)
        budget[row] = generator.random()
    low, high = config.radio.mean_snr_db
    mean = np.float32(10.0) ** ((low + (high - low) * where) / np.float32(10.0))
    efficiency = np.log2(np.float32(1.0) + mean[:, None] * fading)
    epsilon: FloatArray = problem.epsilons[(budget * len(problem.epsilons)).astype(np.int64)]
    swapped = (np.ascontiguousarray(part.transpose(1, 0, 2)) for part in (efficiency, ties))
    return Episode(shares, epsilon, *swapped)


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
