"""The three links of a state: rates, times and their derivatives. Arrays are [3, B], one row a link.

Paper 001, section IV-A. The semantic link moves ``W H / K`` Msut/s (K symbols a message at W symbols/s take
K / W s and deliver H suts). The other two move, in Mbit/s,

- link model "paper": ``W log2(1 + g p / sigma^2)``: proportional to bandwidth;
- link model "psd": ``W log2(1 + g p W_ref / (sigma^2 W))`` with ``W_ref = W_max / 3``: the noise power grows
  with the bandwidth, so the rate is concave in it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.types import FloatArray, Links, State

# A link without bandwidth, or without gain, has a time that is huge instead of infinite.
SMALLEST_MHZ = 1e-12
SMALLEST_RATE = 1e-12

PER_BIT = 1.0 / np.log(2.0)


def links_of(state: State, config: ISGCConfig, out: Links | None = None) -> Links:
    """Reduce states to their links, into ``out`` if given.

    ``strength`` [3, B] is the rate per MHz (Msut/s/MHz, Mbit/s/MHz) of a link whose rate is proportional to
    its bandwidth, and the SNR times the bandwidth [MHz] of one whose noise grows with it.
    """
    shape = state.entropy.shape
    links = Links(np.empty((3, *shape)), np.empty(shape)) if out is None else out
    strength, time_left = links.strength, links.time_left_s
    np.divide(state.entropy, state.symbols, out=strength[0])
    noise = state.noise_content * state.noise_content
    np.divide(state.gain_content * state.power_content, noise, out=strength[1])
    np.multiply(state.noise_feedback, state.noise_feedback, out=noise)
    np.divide(state.gain_feedback * state.power_feedback, noise, out=strength[2])
    if config.link_model == "psd":
        strength[1:] *= config.bandwidth_mhz / 3.0
    else:
        strength[1:] = np.log1p(strength[1:]) * PER_BIT
    np.divide(config.inference_tflop, state.compute_inference, out=time_left)
    time_left += config.rendering_tflop / state.compute_rendering
    time_left += config.extraction_tflop / config.extraction_tflops
    np.subtract(config.deadline_s, time_left, out=time_left)
    return links


def link_rates(strength: FloatArray, split: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the rates [3, B] in Msut/s and Mbit/s of splits [3, B] in MHz."""
    width = np.maximum(split, SMALLEST_MHZ)
    rates: FloatArray = strength * width
    if config.link_model == "psd":
        bits = strength[1:] / width[1:]
        np.log1p(bits, out=bits)
        bits *= PER_BIT
        np.multiply(width[1:], bits, out=rates[1:])
    return rates


def link_times(rates: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the transmission times [3, B] in s: data over rate."""
    times = np.maximum(rates, SMALLEST_RATE)
    return np.divide(column(config.data), times, out=times)


def total(parts: FloatArray) -> FloatArray:
    """Add the three links up, in a fixed order: the same bits whatever the batch."""
    added: FloatArray = parts[0] + parts[1]
    added += parts[2]
    return added


def rate_slopes(strength: FloatArray, split: FloatArray, config: ISGCConfig) -> tuple[FloatArray, FloatArray]:
    """Return the rates and their derivative by the bandwidth, each [3, ...], of positive splits."""
    if config.link_model == "paper":
        rates = strength * split
        return rates, np.broadcast_to(strength, rates.shape)
    ratio = strength[1:] / split[1:]
    slopes = np.empty((3, *ratio.shape[1:]))
    slopes[0], wireless = strength[0], slopes[1:]
    np.log1p(ratio, out=wireless)
    wireless *= PER_BIT
    rates = slopes * split  # so far the rate per MHz
    ratio /= 1.0 + ratio
    ratio *= PER_BIT
    wireless -= ratio
    return rates, slopes


def time_slopes(strength: FloatArray, split: FloatArray, config: ISGCConfig) -> tuple[FloatArray, FloatArray]:
    """Return the times [3, B] in s of positive splits, and what another MHz takes off them, s/MHz [3, B].

    A proportional link gains ``t / W``; one of SNR x the share ``1 - x / ((1 + x) ln(1 + x))`` of that.
    """
    rates = strength * split
    if config.link_model == "psd":
        snr = strength[1:] / split[1:]
        nats = np.log1p(snr)
        np.multiply(split[1:], nats, out=rates[1:])
        rates[1:] *= PER_BIT
    times = np.divide(column(config.data), rates, out=rates)
    gains = times / split
    if config.link_model == "psd":
        nats *= 1.0 + snr
        snr /= nats
        snr *= gains[1:]
        gains[1:] -= snr
    return times, gains


def rate_curvature(rates: FloatArray, slopes: FloatArray, split: FloatArray) -> FloatArray:
    """Return the second derivative of the rates by the bandwidth [3, ...]: 0 of proportional rates.

    With W R' = R - W x / ((1 + x) ln 2) at SNR x it is -(R / W - R')^2 ln 2 / W.
    """
    bent = rates / split - slopes
    bent[0] = 0.0
    curvature: FloatArray = -bent * bent / (PER_BIT * split)
    return curvature


def link_powers(state: State, config: ISGCConfig) -> FloatArray:
    """Return the transmit powers [3, B] in W."""
    semantic = np.full_like(state.power_content, config.semantic_power_w)
    return np.stack([semantic, state.power_content, state.power_feedback])


def prices(config: ISGCConfig) -> FloatArray:
    """Return q as a column [3, 1]."""
    return column(config.q)


@lru_cache(maxsize=64)
def column(values: tuple[float, float, float]) -> FloatArray:
    """Return three numbers as a read-only column [3, 1]."""
    made = np.array(values, dtype=np.float64)[:, None]
    made.flags.writeable = False
    return made
