"""A profile and what follows from it: the choices of an action, and epsilon as a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.fedsem.accountant import gdp_epsilon, gdp_mu
from semverse.envs.fedsem.config import FedSemConfig, load_profile
from semverse.envs.fedsem.types import RULES, Decision, FloatArray, IntArray

BUDGETS = 33  # between the ends of a range of epsilon, evenly spaced in its logarithm
_KNOTS = 257
_BELOW = 1.0 - 1e-9  # payments are rounded downwards, so that all of them fit into the budget


@cache
def _epsilon_table(epsilon: float, delta: float) -> tuple[FloatArray, FloatArray]:
    """Return mu from 0 to that of an epsilon, and the epsilon of each."""
    mu = np.linspace(0.0, gdp_mu(epsilon, delta) * (1 + 1e-9), _KNOTS)
    return mu, np.array([gdp_epsilon(value, delta) for value in mu.tolist()])


@cache
def _budgets(low: float, high: float, delta: float) -> tuple[FloatArray, FloatArray]:
    """Return the epsilons that are drawn, and mu^2 of each."""
    epsilon = np.geomspace(low, high, BUDGETS if high > low else 1)
    return epsilon, np.array([gdp_mu(value, delta) ** 2 for value in epsilon.tolist()])


@dataclass(frozen=True, eq=False)
class Problem:
    """Constants of an environment."""

    config: FedSemConfig
    sizes: IntArray  # [5] options of each part of an action
    epsilons: FloatArray  # [E] privacy budgets that are drawn, rising
    budgets: FloatArray  # [E] the same as mu^2

    @staticmethod
    def of(profile: str | Path, **overrides: Any) -> Problem:
        """Load a profile; see `semverse.envs.fedsem.config.load_profile`.

        Raises:
            InputError: a wrong value.
        """
        config = load_profile(profile, **overrides)
        a = config.actions
        sizes = np.array([len(a.counts), len(RULES), len(a.public), len(a.bits), len(a.payments)])
        return Problem(config, sizes, *_budgets(*config.epsilon, config.delta))

    @property
    def table(self) -> tuple[IntArray, ...]:
        """What the options of an action's parts mean: counts, rules, public pictures, bits, payments."""
        a = self.config.actions
        parts = (a.counts, range(len(RULES)), a.public, a.bits, a.payments)
        return tuple(np.array(part) for part in parts)

    def decision(self, actions: IntArray) -> Decision:
        """Return what actions [N, 5] stand for."""
        return Decision(*(values[actions[:, i]] for i, values in enumerate(self.table)))

    def budget(self, epsilon: FloatArray) -> FloatArray:
        """Return mu^2 of privacy budgets that can be drawn, any shape."""
        found: FloatArray = self.budgets[np.searchsorted(self.epsilons, epsilon)]
        return found

    def spent_epsilon(self, mu_squared: FloatArray) -> FloatArray:
        """Return epsilon of sums of mu^2, any shape: by chords of a convex function, so rounded upwards."""
        found: FloatArray = np.interp(
            np.sqrt(mu_squared), *_epsilon_table(float(self.epsilons[-1]), self.config.delta)
        )
        return found


def release_mu(budget: FloatArray, payment: IntArray) -> FloatArray:
    """Return mu of a release [N] of which a budget of mu^2 [N] pays for so many [N]."""
    found: FloatArray = np.sqrt(budget / payment * _BELOW)
    return found


def check_actions(actions: npt.ArrayLike, num: int, problem: Problem) -> IntArray:
    """Return actions as whole numbers [N, 5].

    Raises:
        InputError: another shape, or an option that does not exist.
    """
    try:
        array = np.asarray(actions)
    except ValueError as error:
        raise InputError("is no array", key="action", remedy="give five whole numbers") from error
    if array.shape != (num, len(problem.sizes)) or array.dtype.kind not in "iu":
        text = f"has shape {list(array.shape)} of {array.dtype}"
        raise InputError(text, key="action", remedy="give five whole numbers")
    if (array < 0).any() or (array >= problem.sizes).any():
        raise InputError("is no option", key="action", remedy=f"give numbers below {problem.sizes.tolist()}")
    return array.astype(np.int64)
