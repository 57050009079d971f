"""Noise schedules of denoising diffusion and the coefficients that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

ScheduleName = Literal["vp", "linear", "cosine"]
FloatArray = npt.NDArray[np.float64]
_BETA_MIN, _BETA_MAX = 0.1, 10.0  # variance preserving: ends of the continuous noise rate
_LARGEST = 0.999


def betas(name: ScheduleName, steps: int) -> FloatArray:
    """Return the variances [T] of the noise that each step adds.

    - "vp": 1 - exp(-b_min / T - (b_max - b_min)(2t - 1) / (2 T^2)), the discretised variance-preserving
      process (Xiao et al., arXiv:2112.07804; Wang et al., arXiv:2208.06193, the policy of paper 001);
    - "linear": 1e-4 to 0.02 over 1000 steps, rescaled to T (Ho et al., arXiv:2006.11239);
    - "cosine": Nichol and Dhariwal, arXiv:2102.09672.
    """
    t = np.arange(1, steps + 1, dtype=np.float64)
    if name == "vp":
        rate = _BETA_MIN / steps + 0.5 * (_BETA_MAX - _BETA_MIN) * (2 * t - 1) / steps**2
        added: FloatArray = 1.0 - np.exp(-rate)
        return added
    if name == "linear":
        scale = 1000.0 / steps
        ramp: FloatArray = np.minimum(np.linspace(1e-4 * scale, 0.02 * scale, steps), _LARGEST)
        return ramp
    edges = np.arange(steps + 1) / steps
    kept = np.cos((edges + 0.008) / 1.008 * np.pi / 2) ** 2
    cosine: FloatArray = np.minimum(1.0 - kept[1:] / kept[:-1], _LARGEST)
    return cosine


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Everything the chain needs, one value a step t = 1..T (index t - 1)."""

    signal: FloatArray  # sqrt(prod of alphas): x_t = signal x_0 + noise eps
    noise: FloatArray
    posterior_x0: FloatArray  # mean of x_(t-1) given x_t and x_0: posterior_x0 x_0 + posterior_xt x_t
    posterior_xt: FloatArray
    posterior_std: FloatArray  # 0 at t = 1


def coefficients(name: ScheduleName, steps: int) -> Coefficients:
    """Return the coefficients of a schedule (Ho et al., eqs. 4, 6 and 7)."""
    beta = betas(name, steps)
    kept = np.cumprod(1.0 - beta)
    before = np.concatenate([[1.0], kept[:-1]])
    return Coefficients(
        signal=np.sqrt(kept),
        noise=np.sqrt(1.0 - kept),
        posterior_x0=beta * np.sqrt(before) / (1.0 - kept),
        posterior_xt=(1.0 - before) * np.sqrt(1.0 - beta) / (1.0 - kept),
        posterior_std=np.sqrt(beta * (1.0 - before) / (1.0 - kept)),
    )
