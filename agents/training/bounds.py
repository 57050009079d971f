"""What an episode could have earned at most, and the share of it that was earned.

Where a bound comes from stands in the one table of environments, `semverse.envs.registration`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.agents.training.vector import make_env
from semverse.envs.registration import Bound, find_env

FloatArray = npt.NDArray[np.float64]

_KNOWN: dict[tuple[str, int], float] = {}  # a training is evaluated on the same episodes again and again


def bound_of(env_id: str) -> Bound | None:
    """Return how an environment's bound is found; None where nobody knows one."""
    row = find_env(env_id)
    return None if row is None else row.bound


def episode_bounds(env_id: str, settings: Mapping[str, Any], seeds: Iterable[int]) -> FloatArray | None:
    """Return the bounds [E] of the episodes with these seeds; None unless a function of the start tells them.

    Raises:
        InputError: the environment cannot be made, or a package is missing.
    """
    bound = bound_of(env_id)
    if bound is None or bound.info is not None:
        return None
    module, _, attribute = bound.source.partition(":")
    function: Callable[[Any], float] = getattr(import_module(module), attribute)
    label, env = json.dumps([env_id, settings], sort_keys=True, default=str), make_env(env_id, settings)
    found = []
    for seed in seeds:
        if (label, seed) not in _KNOWN:
            env.reset(seed=seed)
            _KNOWN[label, seed] = float(function(env.unwrapped))
        found.append(_KNOWN[label, seed])
    env.close()
    return np.array(found)


def share_of_bound(returns: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return how much of its bound each episode reached [...], 1 being all of it.

    Earnings: return over bound. Costs (both negative): bound over return. NaN for a bound of 0.
    """
    costs = (bounds < 0) & (returns < 0)
    upper, lower = np.where(costs, bounds, returns), np.where(costs, returns, bounds)
    share: FloatArray = np.divide(upper, lower, out=np.full(np.shape(returns), np.nan), where=bounds != 0)
    return share
