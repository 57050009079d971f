"""Quality of a front in objective space (both objectives minimised), computed by moocore.

IGD+, the additive epsilon and R2 add up or compare differences between objectives, so they need
objectives of comparable size: scale latency and energy first, see `scaled`.
"""

from __future__ import annotations

import moocore
import numpy as np
import numpy.typing as npt

from semverse.envs.scc.reward import scale
from semverse.envs.scc.types import FloatArray, Instance


def hypervolume(points: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Return the area that points [K, 2] dominate below the reference point [2]; 0 for no points.

    Points that do not dominate the reference point add nothing.
    """
    array = _points(points)
    return (
        float(moocore.hypervolume(array, ref=np.asarray(reference, dtype=np.float64))) if len(array) else 0.0
    )


def normalised_hypervolume(instance: Instance, objectives: npt.ArrayLike) -> float:
    """Return the hypervolume of eq. 35 of paper 003, from 0 to 1.

    Args:
        instance: gives the reference point that every placement dominates.
        objectives: latency_ms and energy_j of the front [K, 2].
    """
    return hypervolume(_points(objectives) / scale(instance), [1.0, 1.0])


def scaled(objectives: npt.ArrayLike, ideal: npt.ArrayLike, nadir: npt.ArrayLike) -> FloatArray:
    """Map objectives [K, 2] so that the ideal point becomes (0, 0) and the nadir point (1, 1)."""
    low, high = (np.asarray(point, dtype=np.float64) for point in (ideal, nadir))
    return (_points(objectives) - low) / np.where(high > low, high - low, 1.0)


def igd_plus(points: npt.ArrayLike, reference_front: npt.ArrayLike) -> float:
    """Return the mean distance by which points [K, 2] miss each point of the reference front [L, 2].

    Infinite for no points; 0 if and only if every reference point is weakly dominated.
    """
    array = _points(points)
    return float(moocore.igd_plus(array, ref=_points(reference_front))) if len(array) else np.inf


def additive_epsilon(points: npt.ArrayLike, reference_front: npt.ArrayLike) -> float:
    """Return the smallest shift of points [K, 2] that makes them weakly dominate the reference front [L, 2].

    Infinite for no points.
    """
    array = _points(points)
    return float(moocore.epsilon_additive(array, ref=_points(reference_front))) if len(array) else np.inf


def r2(points: npt.ArrayLike, ideal: npt.ArrayLike) -> float:
    """Return the exact R2 indicator of points [K, 2]: the expected best weighted Chebyshev distance.

    The expectation is over weights (w, 1 - w) with w uniform on [0, 1], in closed form instead of over a
    sample of weights. A point better than the ideal in one objective counts as equal to it there. Infinite
    for no points.
    """
    low = np.asarray(ideal, dtype=np.float64)
    # moocore answers 1.8e308 for a point below its reference, so such coordinates are lifted to it
    array = np.maximum(_points(points), low)
    return float(moocore.r2_exact(array, ref=low)) if len(array) else np.inf


def _points(points: npt.ArrayLike) -> FloatArray:
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)
