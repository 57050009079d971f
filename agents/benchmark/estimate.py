"""Means with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap

from semverse.envs.scc.types import FloatArray

CONFIDENCE = 0.95
_RESAMPLES = 9999


@dataclass(frozen=True)
class Estimate:
    """A mean with its bootstrap interval."""

    mean: float
    low: float | None  # None: fewer than two values, no interval can be told
    high: float | None
    count: int  # values behind it


def estimate(samples: Sequence[Sequence[float]]) -> Estimate | None:
    """Estimate the mean of several samples' means, resampling each sample apart (stratified bootstrap).

    Args:
        samples: values over seeds, one sequence a region.

    Returns:
        The mean with its 95 % percentile interval; None if a sample is empty. Without an interval if a
        sample has one value; with one of width zero if no sample varies.
    """
    arrays = [np.asarray(sample, dtype=np.float64) for sample in samples]
    if not arrays or any(len(array) == 0 for array in arrays):
        return None
    mean = float(_mean_of_means(*arrays))
    count = sum(len(array) for array in arrays)
    if any(len(array) == 1 for array in arrays):
        return Estimate(mean, None, None, count)
    if all(np.ptp(array) == 0 for array in arrays):
        return Estimate(mean, mean, mean, count)
    interval = bootstrap(
        arrays,
        _mean_of_means,
        n_resamples=_RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high), count)


def _mean_of_means(*samples: FloatArray, axis: int = -1) -> FloatArray:
    means: FloatArray = np.mean([sample.mean(axis=axis) for sample in samples], axis=0)
    return means
