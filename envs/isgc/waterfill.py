"""Sharing a band by weights: maximise sum_i w_i R_i(W_i), sum W <= band, 0 <= W <= cap. Arrays are [3, B].

Every link gets band until its weighted marginal rate falls to a common level. Where noise grows with the
bandwidth, w R'(W) = level has a closed form but for one equation, u - ln u = 1 + level ln 2 / w with u =
1 / (1 + SNR), which four Newton steps solve.
"""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import PER_BIT, SMALLEST_RATE
from semverse.envs.isgc.types import FloatArray

BISECTIONS = 48
NEWTON_STEPS = 5
TINY = 1e-12


def share_band(
    strength: FloatArray,
    weights: FloatArray,
    config: ISGCConfig,
    cap_mhz: FloatArray | None = None,
    bisections: int = BISECTIONS,
) -> FloatArray:
    """Return the best split [3, B] in MHz; band that is of no use is left out.

    Args:
        strength: [3, B] of `semverse.envs.isgc.links.links_of`.
        weights: [3, B] value of a Msut or Mbit; a link of weight <= 0 gets nothing.
        config: the profile.
        cap_mhz: [3, B] most that a link can use.
        bisections: of the level; each halves what its logarithm is off by.
    """
    band = config.bandwidth_mhz
    cap = np.full_like(strength, band) if cap_mhz is None else np.minimum(cap_mhz, band)
    cap = np.where(weights > 0, cap, 0.0)
    if config.link_model == "paper":
        return _fill(weights * strength, cap, band)
    value = np.maximum(weights, TINY)
    low = np.full(strength.shape[1], TINY)
    # at this level no link wants more than a trifle of the band
    high = np.maximum(value[1:] * np.log1p(strength[1:] / (band * 1e-9)) * PER_BIT, value[0] * strength[0])
    high = high.max(axis=0) * 1.01
    for _ in range(bisections):
        level = np.sqrt(low * high)
        wanted = np.minimum(wireless_demand(strength[1:], value[1:], level), cap[1:]).sum(axis=0)
        wanted = wanted + np.where(value[0] * strength[0] > level, cap[0], 0.0)
        fits = wanted <= band
        low, high = np.where(fits, low, level), np.where(fits, level, high)
    split = np.empty_like(strength)
    split[1:] = np.minimum(wireless_demand(strength[1:], value[1:], high), cap[1:])
    # the proportional link is indifferent at its own level: it takes what the others leave
    split[0] = np.minimum(cap[0], np.maximum(band - split[1] - split[2], 0.0))
    return split


def wireless_demand(strength: FloatArray, value: FloatArray, level: FloatArray) -> FloatArray:
    """Return the widths [2, B] in MHz at which the weighted marginal rate equals a level [B]."""
    k = level / (PER_BIT * value)
    u = np.maximum(np.exp(-(1.0 + k)), 1.0 - np.sqrt(2.0 * k))  # both left of the root
    u = np.minimum(np.maximum(u, 1e-300), 1.0 - 1e-9)
    for _ in range(NEWTON_STEPS):
        u = np.minimum(np.maximum(u * (np.log(u) + k) / (u - 1.0), 1e-300), 1.0 - 1e-9)
    snr = (1.0 - u) / u
    demand: FloatArray = strength / snr
    return demand


def _fill(merit: FloatArray, cap: FloatArray, band: float) -> FloatArray:
    """Fill the links in the order of their merit."""
    order = np.argsort(-merit, axis=0, kind="stable")
    wide = np.take_along_axis(cap, order, axis=0)
    before = np.cumsum(wide, axis=0) - wide
    given = np.clip(band - before, 0.0, wide)
    split = np.empty_like(cap)
    np.put_along_axis(split, order, given, axis=0)
    return split


def width_for(strength: FloatArray, rates: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the widths [3, B] in MHz that give the rates [3, B]; the whole band where none does."""
    band = config.bandwidth_mhz
    linear = np.minimum(rates / np.maximum(strength, SMALLEST_RATE), band)
    if config.link_model == "paper":
        return linear
    # at y = 1 + strength / W it is ln y = k (y - 1); Newton's method from the right, for the root there
    snr = np.maximum(strength, SMALLEST_RATE)
    k = np.clip(rates / (PER_BIT * snr), TINY, 1.0 - 1e-7)
    u = k - 1.0 - np.log(k)
    y = (1.0 + np.sqrt(2.0 * u) + u) / k  # Chatzigeorgiou 2013, arXiv:1601.04895, theorem 1
    for _ in range(NEWTON_STEPS):
        y -= (np.log(y) - k * (y - 1.0)) / (1.0 / y - k)
    width = np.where(rates < band * np.log1p(strength / band) * PER_BIT, snr / (y - 1.0), band)
    width[0] = linear[0]
    return np.minimum(np.where(rates > 0, width, 0.0), band)
