"""Waterfalls of schemes that were never measured: the normal approximation, moved.

The 5G code with its decoder loses about 0.5 to 1.5 dB against the normal approximation. How much, and how
much flatter it falls, is a smooth function of code rate, modulation and block length. Short blocks at high
rates are left out: there base graph 2 is used, which is made for rates up to 2/3, and what it loses, up to
3 dB, jumps with the block length. Only the table knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semverse.envs.channels.bler_points import Measured, Scheme
from semverse.envs.channels.capacity import normal_approximation_waterfall
from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.channels.numerics import FloatArray, normal_quantile
from semverse.envs.channels.schemes import base_graph, effective_rate


@dataclass(frozen=True, eq=False)
class Fallback:
    """How far waterfalls are from the normal approximation, by least squares over schemes."""

    coefficients: FloatArray  # [features, 2] shift in dB, logarithm of the ratio of the widths

    @classmethod
    def fit(cls, measured: Sequence[Measured]) -> Fallback:
        """Fit to measured schemes; those that are not `smooth` do not count."""
        used = [m for m in measured if smooth(m.scheme)]
        known = np.concatenate([scheme_features(m) for m in used])
        return cls(np.linalg.lstsq(known, away_from_normal(used), rcond=None)[0])

    def waterfall(
        self, modulation: str, code_rate: FloatArray, k: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return position and width in dB [B] of schemes [B]."""
        position, width = normal_approximation_waterfall(modulation, code_rate, k)
        shift, log_ratio = (features(modulation, code_rate, k) @ self.coefficients).T
        return position + shift, width * np.exp(log_ratio)


def features(modulation: str, code_rate: FloatArray, k: FloatArray) -> FloatArray:
    """Return what shift and ratio are linear in [B, features]; BPSK counts as QPSK, of which it is half."""
    rate = effective_rate(modulation, code_rate, k)
    one = np.ones_like(rate)
    order, length = max(2, BITS_PER_SYMBOL[modulation]) * one, np.log2(k)
    second = np.where(base_graph(rate, k) == 2, 1.0, 0.0)
    repeated = np.maximum(0.2 - rate, 0.0)  # below the rate of base graph 2
    of_length = (length, length**2, length * rate, length**2 * rate, length * order)
    columns = (one, rate, rate**2, order, *of_length, second, second * rate, repeated)
    return np.stack(columns, axis=1)


def smooth(scheme: Scheme) -> bool:
    """Tell whether a scheme is one that the features can describe."""
    return scheme.k > 292 or scheme.code_rate <= 0.67


def scheme_features(measured: Measured) -> FloatArray:
    """Return the features of a measured scheme [1, features]."""
    scheme = measured.scheme
    return features(scheme.modulation, np.array([scheme.code_rate]), np.array([float(scheme.k)]))


def away_from_normal(measured: Sequence[Measured]) -> FloatArray:
    """Return shift in dB and logarithm of the ratio of the widths [schemes, 2]."""
    found = np.array([(m.position_db, np.log(m.width_db)) for m in measured])
    normal = np.array([m.scheme.normal_waterfall() for m in measured])
    return np.asarray(found - np.stack([normal[:, 0], np.log(normal[:, 1])], axis=1))


def leave_one_out_db(measured: Sequence[Measured], block_error_rate: float) -> FloatArray:
    """Return model less measured in dB for each `smooth` scheme, the fallback fitted to all others."""
    used = [m for m in measured if smooth(m.scheme)]
    known, away = np.concatenate([scheme_features(m) for m in used]), away_from_normal(used)
    leverage = np.einsum("ij,ji->i", known, np.linalg.pinv(known))
    residual = (away - known @ np.linalg.lstsq(known, away, rcond=None)[0]) / (1 - leverage)[:, None]
    width = np.array([m.width_db for m in used])
    errors = -residual[:, 0] + width * np.expm1(-residual[:, 1]) * normal_quantile(block_error_rate)
    return np.asarray(errors)
