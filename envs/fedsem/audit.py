"""An attack on the real mechanism that measures how private it is at most: a canary in the sum."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from semverse.envs.fedsem.accountant import gdp_epsilon
from semverse.envs.fedsem.mechanism import release
from semverse.envs.fedsem.types import Float32, FloatArray, Release

# uploads [C, D], rule, generator -> sum [D]; `release`, unless something else is to be audited
Mechanism = Callable[[Float32, Release, np.random.Generator], Float32]


@dataclass(frozen=True)
class Audit:
    """What an attacker who knows all but one client's upload can tell of its presence."""

    mu: float  # of Gaussian privacy, estimated
    mu_error: float  # standard error of the estimate
    epsilon: float  # at delta, of the estimate
    claimed_epsilon: float  # of the accountant


def audit(
    uploads: Float32,
    rule: Release,
    delta: float,
    trials: int,
    rng: np.random.Generator,
    mechanism: Mechanism = release,
) -> Audit:
    """Run a mechanism with and without its last client, and tell how far apart the sums are.

    The statistic is the projection on the canary's direction, which is optimal against Gaussian noise; the
    estimate of mu is the distance of its means over its pooled standard deviation (Nasr et al., 2023,
    "Tight auditing", for mu-GDP).

    Args:
        uploads: [C, D] with C >= 2; the last one is the canary, at least as long as the bound to be tight.
        rule: of the mechanism.
        delta: of the epsilons.
        trials: runs with, and as many without. The relative error of mu is about
            ``sqrt((2 / mu^2 + 1 / 4) / trials)``.
        rng: noise.
        mechanism: what is attacked.
    """
    direction = uploads[-1] / np.linalg.norm(uploads[-1])

    def statistics(rows: Float32) -> FloatArray:
        return np.array([float(mechanism(rows, rule, rng) @ direction) for _ in range(trials)])

    with_canary, without = statistics(uploads), statistics(uploads[:-1])
    spread = math.sqrt((with_canary.var(ddof=1) + without.var(ddof=1)) / 2)
    mu = abs(float(with_canary.mean() - without.mean())) / spread
    error = math.sqrt((2.0 + mu * mu / 4) / trials)
    return Audit(mu, error, gdp_epsilon(mu, delta), gdp_epsilon(rule.mu, delta))
