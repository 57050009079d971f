"""Statistics over seeds and episodes: interquartile mean with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import trim_mean

FloatArray = npt.NDArray[np.float64]
RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An interquartile mean and its bootstrap interval of 95 %."""

    iqm: float
    low: float
    high: float


def iqm(values: npt.ArrayLike) -> float:
    """Return the mean of the middle half of all values."""
    return float(trim_mean(np.asarray(values, dtype=np.float64), 0.25, axis=None))


def bootstrap_iqm(scores: Sequence[npt.ArrayLike], resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Return the interquartile mean over all episodes of all seeds, with a percentile interval.

    Both levels are resampled, seeds first and then the episodes of each: an interval over episodes alone
    would hide how much trainings differ.

    Args:
        scores: one array of episode scores a training seed.
        resamples: bootstrap samples.
        seed: of the resampling.
    """
    runs = [np.asarray(run, dtype=np.float64).ravel() for run in scores]
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for i in range(resamples):
        chosen = (runs[k] for k in rng.integers(len(runs), size=len(runs)))
        means[i] = iqm(np.concatenate([rng.choice(run, size=run.size) for run in chosen]))
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(iqm(np.concatenate(runs)), float(low), float(high))


def crossed_interval(
    samples: Sequence[FloatArray],
    statistic: Callable[..., float],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic of runs that all played the same episodes.

    Runs are resampled, each sample's apart, and so are the episodes, the same for all of them: what makes
    an episode easy is common to whoever plays it (Owen 2007, "The pigeonhole bootstrap"). The difference of
    two samples is therefore paired. With one run a sample this is the bootstrap over episodes.

    Args:
        samples: values [R, E] of R runs, as many as there are, in the same E episodes.
        statistic: of arrays like the samples.
        resamples: bootstrap samples.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    count = samples[0].shape[1]
    found = np.empty(resamples)
    for i in range(resamples):
        episodes = rng.integers(count, size=count)
        chosen = (sample[rng.integers(len(sample), size=len(sample))][:, episodes] for sample in samples)
        found[i] = statistic(*chosen)
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
