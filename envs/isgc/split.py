"""Splits that keep a deadline: the quickest one, and the shield. Arrays are [3, B], one row a link."""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import column, link_rates, link_times, rate_slopes, total
from semverse.envs.isgc.types import BoolArray, FloatArray, Links

TOLERANCE = 1e-9  # relative, of deadline and band
QUICKEST_STEPS = 4  # 4e-11 of the shortest time, well within the tolerance
SHIELD_STEPS = 4
DEAD = 1e-9  # strength of a link without gain; it takes all of the band and is no use


def quickest_split(
    links: Links,
    config: ISGCConfig,
    steps: int = QUICKEST_STEPS,
    band_mhz: FloatArray | float | None = None,
) -> FloatArray:
    """Return the splits [3, B] with the shortest transmission of the whole band, or of another [B], in MHz.

    Were every time ``a_i / W_i``, the answer would be ``W_i ~ sqrt(a_i)`` (Lagrange). So take
    ``a_i = -t_i'(W_i) W_i^2`` of the present split and repeat: exact at once for proportional rates, and
    otherwise ten times nearer with each step, for a_i hardly changes with W_i.
    """
    band = config.bandwidth_mhz if band_mhz is None else band_mhz
    root_data = np.sqrt(column(config.data))
    strength = np.maximum(links.strength, DEAD)
    split: FloatArray = np.broadcast_to(band / 3.0, strength.shape)
    for _ in range(1 if config.link_model == "paper" else steps):
        rates, slopes = rate_slopes(strength, split, config)
        weight = np.maximum(slopes, 0.0)
        np.sqrt(weight, out=weight)
        weight *= split
        weight *= root_data
        weight /= rates
        weight *= band / total(weight)
        split = weight
    return split


def transmission_s(links: Links, split: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the time [B] of the three transmissions."""
    return total(link_times(link_rates(links.strength, split, config), config))


def in_time(links: Links, transmission: FloatArray, config: ISGCConfig) -> BoolArray:
    """Tell whether transmissions [B] keep the deadline."""
    kept: BoolArray = transmission <= links.time_left_s + TOLERANCE * config.deadline_s
    return kept


def feasible_links(links: Links, config: ISGCConfig) -> BoolArray:
    """Tell which links [B] have a split that keeps the deadline."""
    # any split that keeps it is proof; only where the equal one does not, the quickest one is needed
    equal = np.full((3, 1), config.bandwidth_mhz / 3.0)
    good = in_time(links, transmission_s(links, equal, config), config)
    rows = np.flatnonzero(~good)
    if len(rows):
        some = Links(links.strength.take(rows, axis=1), links.time_left_s[rows])
        good[rows] = in_time(some, transmission_s(some, quickest_split(some, config), config), config)
    return good


def shielded_split(
    links: Links, raw: FloatArray, quickest: FloatArray, config: ISGCConfig, steps: int = SHIELD_STEPS
) -> FloatArray:
    """Move raw splits [3, B] towards the quickest ones just until the deadline holds.

    Along the segment the speed, 1 / time, is concave and has slope 0 at its quick end, so the root of what
    it lacks there is almost a straight line: Newton's method on that. The chord to the quick end, last,
    lands inside the deadline.
    """
    data = column(config.data)
    goal = 1.0 / np.maximum(links.time_left_s, TOLERANCE)
    best = 1.0 / transmission_s(links, quickest, config)
    root = np.sqrt(np.maximum(best - goal, 0.0))
    strength = np.maximum(links.strength, DEAD)
    split = raw = np.maximum(raw, DEAD)
    way = quickest - raw
    mix: FloatArray | float = 0.0
    for _ in range(steps):
        rates, slopes = rate_slopes(strength, split, config)
        times = data / rates
        speed = 1.0 / total(times)
        times *= slopes
        times *= way
        times /= rates
        gain = speed * speed * total(times)
        lack = np.sqrt(np.maximum(best - speed, 0.0))
        # not quite to the end, where the slope is 0
        step = np.minimum(2.0 * lack * (lack - root) / np.maximum(gain, TOLERANCE), 0.9 * (1.0 - mix))
        mix = np.maximum(mix + step, 0.0)
        split = mix * way
        split += raw
    speed = 1.0 / transmission_s(links, split, config)
    short = np.maximum(goal - speed, 0.0) / np.maximum(best - speed, TOLERANCE)
    return raw + np.minimum(mix + short * (1.0 - mix), 1.0) * way
