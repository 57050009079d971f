"""From costs to rewards: normalisation by the reference point, scalarisation by a preference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.checks import LARGEST
from semverse.envs.scc.model import reference_point
from semverse.envs.scc.types import FloatArray, Instance


def check_preference(preference: npt.ArrayLike) -> FloatArray:
    """Return the preference [w_latency, w_energy], scaled to sum to 1.

    Raises:
        InputError: not two numbers from 0 to 1e12 with a positive sum.
    """
    try:
        weights = np.array(preference, dtype=np.float64)
    except (TypeError, ValueError):
        weights = np.empty(0)
    # a NaN fails both comparisons
    if weights.shape != (2,) or not np.all((weights >= 0) & (weights <= LARGEST)) or not weights.any():
        raise InputError(
            f"is {preference!r:.60}",
            key="preference",
            remedy=f"give [w_latency, w_energy] from 0 to {LARGEST:g}, not both 0",
        )
    scaled: FloatArray = weights / weights.sum()
    return scaled


def scale(instance: Instance) -> FloatArray:
    """Return what latency_ms and energy_j are divided by [2]: the reference point of eq. 35."""
    point = reference_point(instance)
    return np.where(point > 0, point, 1.0)


def raw_weights(instance: Instance, preferences: npt.ArrayLike) -> FloatArray:
    """Return weights on latency_ms and energy_j [..., 2] that a preference on normalised objectives means."""
    weights: FloatArray = np.asarray(preferences, dtype=np.float64) / scale(instance)
    return weights
