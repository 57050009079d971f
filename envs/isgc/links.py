"""The three links of a state: rates, times and their derivatives. Arrays are [3, B], one row a link.

Paper 001, section IV-A. The semantic link moves ``W H / K`` Msut/s (K symbols a message at W symbols/s take
K / W s and deliver H suts). The other two move, in Mbit/s,

- link model "paper": ``W log2(1 + g p / sigma^2)``: proportional to bandwidth;
- link model "psd": ``W log2(1 + g p W_ref / (sigma^2 W))`` with ``W_ref = W_max / 3``: the noise power grows
  with the bandwidth, so the rate is concave in it.
"""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.types import FloatArray, Links, State

# A link without bandwidth, or without gain, has a time that is huge instead of infinite.
SMALLEST_MHZ = 1e-12
SMALLEST_RATE = 1e-12

PER_BIT = 1.0 / np.log(2.0)


def links_of(state: State, config: ISGCConfig) -> Links:
    """Reduce states to their links.

    ``strength`` [3, B] is the rate per MHz (Msut/s/MHz, Mbit/s/MHz) of a link whose rate is proportional to
    its bandwidth, and the SNR times the bandwidth [MHz] of one whose noise grows with it.
    """
    gain = np.stack([state.gain_content, state.gain_feedback])
    power = np.stack([state.power_content, state.power_feedback])
    noise = np.stack([state.noise_content, state.noise_feedback])
    snr = gain * power / (noise * noise)
    wireless = snr * (config.bandwidth_mhz / 3.0) if config.link_model == "psd" else np.log1p(snr) * PER_BIT
    computation = (
        config.extraction_tflop / config.extraction_tflops
        + config.inference_tflop / state.compute_inference
        + config.rendering_tflop / state.compute_rendering
    )
    return Links(
        strength=np.concatenate([(state.entropy / state.symbols)[None], wireless]),
        time_left_s=config.deadline_s - computation,
        power_w=np.concatenate([np.full_like(power[:1], config.semantic_power_w), power]),
    )


def link_rates(strength: FloatArray, split: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the rates [3, B] in Msut/s and Mbit/s of splits [3, B] in MHz."""
    width = np.maximum(split, SMALLEST_MHZ)
    rates: FloatArray = strength * width
    if config.link_model == "psd":
        rates[1:] = width[1:] * (np.log1p(strength[1:] / width[1:]) * PER_BIT)
    return rates


def link_times(rates: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the transmission times [3, B] in s: data over rate."""
    times: FloatArray = _column(config.data) / np.maximum(rates, SMALLEST_RATE)
    return times


def total(parts: FloatArray) -> FloatArray:
    """Add the three links up, in a fixed order: the same bits whatever the batch."""
    added: FloatArray = parts[0] + parts[1] + parts[2]
    return added


def rate_derivatives(
    strength: FloatArray, split: FloatArray, config: ISGCConfig
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rates, their first and their second derivative by the bandwidth, each [3, B]."""
    if config.link_model == "paper":
        return strength * split, strength + 0.0 * split, np.zeros_like(split)
    rates, first, second = strength * split, strength + 0.0 * split, np.zeros_like(split)
    ratio = strength[1:] / split[1:]
    bits, share = np.log1p(ratio) * PER_BIT, ratio / (1.0 + ratio)
    rates[1:] = split[1:] * bits
    first[1:] = bits - share * PER_BIT
    second[1:] = -share * share * PER_BIT / split[1:]
    return rates, first, second


def prices(config: ISGCConfig) -> FloatArray:
    """Return q as a column [3, 1]."""
    return _column(config.q)


def _column(values: tuple[float, float, float]) -> FloatArray:
    return np.array(values, dtype=np.float64)[:, None]
