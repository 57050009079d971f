"""Small-scale fading: complex gains of mean power 1. All randomness comes from the generator passed in."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.checks import check_numbers, check_range
from semverse.envs.channels.noise import LIGHT_SPEED_M_S
from semverse.envs.channels.numerics import FloatArray, from_db

ComplexArray = npt.NDArray[np.complex128]
PATHS = 64  # waves of the Jakes process
_FEW = 8  # values at once, for which plain numbers are faster than arrays


def rayleigh(rng: np.random.Generator, shape: int | tuple[int, ...]) -> ComplexArray:
    """Return gains without a line of sight: circular normal, |h|^2 exponential (Clarke, 1968)."""
    parts = rng.standard_normal((2, *np.atleast_1d(shape).tolist())) * np.sqrt(0.5)
    return np.asarray(parts[0] + 1j * parts[1])


def rician(
    rng: np.random.Generator, shape: int | tuple[int, ...], k_factor_db: npt.ArrayLike
) -> ComplexArray:
    """Return gains with a line of sight that is K times as strong as all else; its phase is random.

    Source: Rice, "Mathematical analysis of random noise", 1945 (a sine wave in normal noise).

    Raises:
        InputError: the K factor is no number.
    """
    factor = from_db(check_numbers(k_factor_db, "k_factor_db"))
    scattered = rayleigh(rng, shape)
    phase = np.exp(2j * np.pi * rng.random(scattered.shape))
    return np.asarray(np.sqrt(factor / (factor + 1)) * phase + np.sqrt(1 / (factor + 1)) * scattered)


def gauss_markov(
    rng: np.random.Generator, previous: npt.ArrayLike, correlation: npt.ArrayLike
) -> npt.NDArray[np.generic]:
    """Return the next value of a stationary process of variance 1: c x + sqrt(1 - c^2) w.

    The stationary normal process with the Markov property (Doob, "The Brownian movement and stochastic
    equations", 1942), sampled: the correlation over n steps is c^n. Complex values (fading) are carried on
    with complex noise, real ones (shadowing) with real noise.

    Args:
        rng: draws w.
        previous: any shape.
        correlation: of the two, -1 to 1; e.g. of `jakes_correlation`.

    Raises:
        InputError: a correlation out of range.
    """
    before = np.asarray(previous)
    kept = check_range(correlation, "correlation", -1.0, 1.0)
    fresh = rayleigh(rng, before.shape) if np.iscomplexobj(before) else rng.standard_normal(before.shape)
    return np.asarray(kept * before + np.sqrt(1 - kept**2) * fresh)


def gauss_markov_path(noise: FloatArray, correlation: float) -> FloatArray:
    """Return the process of `gauss_markov` that white noise [T, ...] of variance 1 drives; it starts with it.

    Source: Doob, 1942, as for `gauss_markov`.

    Raises:
        InputError: a correlation out of range.
    """
    kept = float(check_range(correlation, "correlation", -1.0, 1.0))
    path: FloatArray = noise * np.sqrt(1.0 - kept * kept)
    path[0] = noise[0]
    if path[0].size <= _FEW:
        columns = path.reshape(len(path), -1).T.tolist()
        carried = [
            list(accumulate(column, lambda before, fresh: fresh + kept * before)) for column in columns
        ]
        return np.asarray(carried).T.reshape(path.shape)
    for t in range(1, len(path)):
        path[t] += kept * path[t - 1]
    return path


def doppler_hz(speed_m_s: npt.ArrayLike, frequency_ghz: npt.ArrayLike) -> FloatArray:
    """Return the largest Doppler shift v f / c in Hz (Clarke, 1968). Arguments broadcast.

    Raises:
        InputError: a value out of range.
    """
    speed = check_range(speed_m_s, "speed_m_s", 0.0, LIGHT_SPEED_M_S)
    return speed * check_range(frequency_ghz, "frequency_ghz", 0.0, 1e6) * 1e9 / LIGHT_SPEED_M_S


def jakes_correlation(doppler: npt.ArrayLike, lag_s: npt.ArrayLike) -> FloatArray:
    """Return the autocorrelation J0(2 pi f tau) of isotropic scattering (Clarke, 1968). Arguments broadcast.

    Args:
        doppler: largest Doppler shift in Hz.
        lag_s: up to 1000 periods of it.

    Raises:
        InputError: a value out of range.
    """
    lag = check_range(lag_s, "lag_s", 0.0, np.inf)
    periods = check_range(check_range(doppler, "doppler", 0.0, np.inf) * lag, "lag_s", 0.0, 1000.0)
    phase = 2 * np.pi * periods
    # the mean over the angle of arrival, by the trapezoidal rule: exact once there are more nodes than phase
    angles = np.pi * (np.arange(int(phase.max(initial=0.0)) + 40) + 0.5)
    angles /= len(angles)
    return np.asarray(np.cos(phase[..., None] * np.sin(angles)).mean(axis=-1))


def jakes(rng: np.random.Generator, times_s: npt.ArrayLike, doppler: float, count: int = 1) -> ComplexArray:
    """Return Rayleigh fading in continuous time, gains [count, times]: a sum of `PATHS` waves.

    The ensemble has the autocorrelation of `jakes_correlation` exactly (Zheng and Xiao, 2003, with random
    angles); it is normal up to terms of order 1 / PATHS.

    Raises:
        InputError: a value out of range.
    """
    times = check_numbers(times_s, "times_s")
    shift = float(check_range(doppler, "doppler", 0.0, np.inf))
    waves = np.arange(PATHS)
    angle = 2 * np.pi * (waves + rng.random((count, 1))) / PATHS
    phase = 2 * np.pi * rng.random((count, PATHS))
    turns = 2 * np.pi * shift * np.cos(angle)[..., None] * times
    return np.asarray(np.exp(1j * (turns + phase[..., None])).sum(axis=1) / np.sqrt(PATHS))
