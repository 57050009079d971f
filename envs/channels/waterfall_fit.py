"""Waterfalls: the block error rate as Q((Es/N0 - position) / width), and the fit to counted errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.channels.numerics import FloatArray, normal_quantile, normal_tail

PRIOR = (1.0, 0.35)  # standard deviations of the position in dB and of the logarithm of the width
STEPS = 50


@dataclass(frozen=True)
class Waterfall:
    """Two parameters with the covariance of (position, log width)."""

    position_db: float  # Es/N0 at a block error rate of one half
    width_db: float
    covariance: FloatArray  # [2, 2]

    def esno_db(self, block_error_rate: float) -> float:
        """Return the Es/N0 in dB at which the block error rate is reached."""
        return self.position_db + self.width_db * normal_quantile(block_error_rate)

    def standard_error_db(self, block_error_rate: float) -> float:
        """Return the standard error of `esno_db`."""
        slope = np.array([1.0, self.width_db * normal_quantile(block_error_rate)])
        return float(np.sqrt(slope @ self.covariance @ slope))


def fit_waterfall(points: FloatArray, expected: tuple[float, float]) -> Waterfall:
    """Fit by penalised maximum likelihood (probit regression, Fisher scoring).

    Args:
        points: [points, 3]: Es/N0 in dB, blocks sent, blocks lost.
        expected: position and width in dB to start from; they count as much as `PRIOR` says.
    """
    esno_db, sent, lost = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
    centre = np.array([expected[0], np.log(expected[1])])
    weight = np.diag(1 / np.square(PRIOR))
    state = centre.copy()
    for _ in range(STEPS):
        position, width = state[0], np.exp(state[1])
        z = np.clip((esno_db - position) / width, -6, 6)
        rate = normal_tail(z)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        slopes = np.stack([1 / width * density, z * density])  # of the rate, by position and by log width
        variance = rate * (1 - rate)
        gradient = slopes @ ((lost - sent * rate) / variance) - weight @ (state - centre)
        fisher = (slopes * (sent / variance)) @ slopes.T + weight
        step = np.linalg.solve(fisher, gradient)
        state += step / max(1.0, 2 * np.abs(step).max())  # far from the solution a full step overshoots
        if np.abs(step).max() < 1e-9:
            break
    return Waterfall(float(state[0]), float(np.exp(state[1])), np.linalg.inv(fisher))
