"""Splits that keep a deadline: the quickest one, and the shield. Arrays are [3, B], one row a link."""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import link_rates, link_times, rate_derivatives, total
from semverse.envs.isgc.types import BoolArray, FloatArray, Links

TOLERANCE = 1e-9  # relative, of deadline and band
QUICKEST_STEPS = 6
SHIELD_STEPS = 6


def quickest_split(
    links: Links, config: ISGCConfig, band_mhz: FloatArray | float | None = None
) -> FloatArray:
    """Return the splits [3, B] of the whole band in MHz with the shortest transmission.

    Were every time ``a_i / W_i``, the answer would be ``W_i ~ sqrt(a_i)`` (Lagrange). So take
    ``a_i = -t_i'(W_i) W_i^2`` of the present split and repeat: exact at once for proportional rates, and
    otherwise quickly converging, for a_i hardly changes with W_i.
    """
    band = config.bandwidth_mhz if band_mhz is None else band_mhz
    data = np.array(config.data)[:, None]
    split = np.full_like(links.strength, 1.0) * (band / 3.0)
    strength = np.maximum(links.strength, 1e-9)  # a dead link takes all
    for _ in range(1 if config.link_model == "paper" else QUICKEST_STEPS):
        rates, first, _ = rate_derivatives(strength, split, config)
        weight = split * np.sqrt(data * np.maximum(first, 0.0)) / rates
        split = weight * (band / total(weight))
    return split


def transmission_s(links: Links, split: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the time [B] of the three transmissions."""
    return total(link_times(link_rates(links.strength, split, config), config))


def in_time(links: Links, transmission: FloatArray, config: ISGCConfig) -> BoolArray:
    """Tell whether transmissions [B] keep the deadline."""
    kept: BoolArray = transmission <= links.time_left_s + TOLERANCE * config.deadline_s
    return kept


def shielded_split(links: Links, raw: FloatArray, quickest: FloatArray, config: ISGCConfig) -> FloatArray:
    """Move raw splits [3, B] towards the quickest ones just until the deadline holds.

    Newton's method on 1 / time along the segment, a concave function: from the raw end it never passes the
    root; the chord to the quick end then lands on it or just beyond, inside the deadline.
    """
    data = np.array(config.data)[:, None]
    goal = 1.0 / np.maximum(links.time_left_s, 1e-9)
    best = 1.0 / transmission_s(links, quickest, config)
    strength = np.maximum(links.strength, 1e-9)
    way = quickest - raw
    mix = np.zeros_like(goal)
    for last in (*(False,) * SHIELD_STEPS, True):
        split = np.maximum(raw + mix * way, 1e-9)
        rates, first, _ = rate_derivatives(strength, split, config)
        times = data / rates
        speed = 1.0 / total(times)
        short = np.maximum(goal - speed, 0.0)
        if last:
            mix = mix + short * (1.0 - mix) / np.maximum(best - speed, 1e-300)
        else:
            slope = speed * speed * total(times * first * way / rates)
            mix = mix + short / np.maximum(slope, 1e-300)
        mix = np.minimum(mix, 1.0)
    return raw + mix * way
