"""Exact accounting of Gaussian releases, and a filter that overspending cannot pass.

A release of a sum with sensitivity S and noise of standard deviation sigma is mu-GDP with mu = S / sigma;
releases compose to sqrt(sum of mu^2), exactly, and chosen adaptively as well (Dong, Roth, Su, 2022, "Gaussian
differential privacy", J. R. Stat. Soc. B, cor. 2 and 3; Smith and Thakurta, 2022, arXiv:2210.17520). Nothing
is gained from sampling clients: whoever chooses them knows the choice.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from semverse.envs.fedsem.types import BoolArray, FloatArray

_HALVINGS = 60


def _log_tail(x: float) -> float:
    """Return log Q(x) = log P(standard normal > x), without underflow."""
    if x < 30.0:
        return math.log(0.5 * math.erfc(x / math.sqrt(2.0)))
    return -0.5 * x * x - math.log(x * math.sqrt(2.0 * math.pi)) - 1.0 / (x * x)  # error below 3 / x^4


def gdp_delta(epsilon: float, mu: float) -> float:
    """Return the least delta at which mu-GDP is (epsilon, delta)-DP (Dong et al., cor. 1)."""
    if mu <= 0.0:
        return 0.0
    first = math.exp(_log_tail(epsilon / mu - mu / 2))
    second = math.exp(epsilon + _log_tail(epsilon / mu + mu / 2))
    return max(first - second, 0.0)


def gdp_epsilon(mu: float, delta: float) -> float:
    """Return the least epsilon at which mu-GDP is (epsilon, delta)-DP; rounded upwards, error below 1e-9.

    The search starts below the bound of concentrated privacy, mu^2 / 2 + mu sqrt(2 log(1 / delta)) (Bun and
    Steinke, 2016, prop. 1.3).
    """
    if math.isinf(mu):
        return math.inf
    low, high = 0.0, mu * mu / 2 + mu * math.sqrt(2.0 * math.log(1.0 / delta))
    if gdp_delta(low, mu) <= delta:
        return 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gdp_delta(middle, mu) > delta else (low, middle)
    return high


def gdp_mu(epsilon: float, delta: float) -> float:
    """Return the largest mu at which mu-GDP is (epsilon, delta)-DP; rounded downwards."""
    low, high = 0.0, 1.0
    while gdp_delta(epsilon, high) <= delta:
        high *= 2.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gdp_delta(epsilon, middle) <= delta else (low, middle)
    return low


def classical_noise(epsilon: float, delta: float) -> float:
    """Return the textbook noise multiplier sqrt(2 ln(1.25 / delta)) / epsilon of one release.

    Proven for epsilon < 1 only, and false for large ones: kept to show what accounting with it hides.
    """
    return math.sqrt(2.0 * math.log(1.25 / delta)) / epsilon


class PrivacyFilter:
    """Lets releases pass as long as every client stays within its budget.

    What is kept for each client is the sum of mu^2 over the releases it took part in. `charge` refuses
    clients that cannot pay, so no sequence of requests, however chosen, can overspend.

    Args:
        clients: K, or a shape [..., K] of clients of several trainings.
        epsilon: total budget of each client; infinite: everything passes.
        delta: of the total.
    """

    def __init__(self, clients: int | tuple[int, ...], epsilon: float, delta: float) -> None:
        self.epsilon, self.delta = epsilon, delta
        self.spent: FloatArray = np.zeros(clients)  # [..., K] mu^2
        budget = math.inf if math.isinf(epsilon) else gdp_mu(epsilon, delta) ** 2
        self.budget: FloatArray = np.full((*self.spent.shape[:-1], 1), budget)  # [..., 1] of mu^2

    def can_pay(self, mu: npt.ArrayLike) -> BoolArray:
        """Return which clients may take part [..., K] in releases of mu, a number, [..., 1] or [..., K]."""
        allowed: BoolArray = self.spent + np.square(mu) <= self.budget
        return allowed

    def charge(self, chosen: BoolArray, mu: npt.ArrayLike) -> BoolArray:
        """Charge those of the chosen clients [..., K] that can pay; return who may take part [..., K]."""
        passed = np.asarray(chosen, dtype=np.bool_) & self.can_pay(mu)
        self.spent = self.spent + np.where(passed, np.square(mu), 0.0)
        return passed

    def share_spent(self) -> FloatArray:
        """Return how much of its budget of mu^2 each client spent [..., K], 0 to 1."""
        limited = np.isfinite(self.budget)
        return np.where(limited, self.spent / np.where(limited, self.budget, 1.0), 0.0)

    def epsilons(self) -> FloatArray:
        """Return what each client spent [..., K], as epsilon at the filter's delta."""
        return epsilons(self.spent, self.delta)


def epsilons(mu_squared: npt.ArrayLike, delta: float) -> FloatArray:
    """Return the epsilon of sums of mu^2, any shape."""
    values = np.asarray(mu_squared, dtype=np.float64)
    unique, where = np.unique(values, return_inverse=True)
    found = np.array([gdp_epsilon(math.sqrt(value), delta) for value in unique.tolist()])
    return np.asarray(found[where].reshape(values.shape))
