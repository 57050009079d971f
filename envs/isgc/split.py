"""Splits that keep a deadline: the quickest one, and the shield. Arrays are [3, B], one row a link."""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import PER_BIT, column, link_rates, link_times, time_slopes, total
from semverse.envs.isgc.types import BoolArray, FloatArray, Links

TOLERANCE = 1e-9  # relative, of deadline and band
QUICKEST_STEPS = 4  # 4e-11 of the shortest time, well within the tolerance
SHIELD_STEPS = 3  # leave at most 2e-5 s of the default deadline over
DEAD = 1e-9  # strength a MHz of the band of a link without gain; all of the band is no use to it
TINY = 1e-30


def quickest_split(
    links: Links,
    config: ISGCConfig,
    steps: int = QUICKEST_STEPS,
    band_mhz: FloatArray | float | None = None,
) -> FloatArray:
    """Return the splits [3, B] with the shortest transmission of the whole band, or of another [B], in MHz.

    Were every time ``a_i / W_i``, the answer would be ``W_i ~ sqrt(a_i)`` (Lagrange). So take
    ``a_i = -t_i'(W_i) W_i^2`` of the present split and repeat: exact at once for proportional rates, and
    otherwise ten times nearer with each step, for a_i hardly changes with W_i. Of an SNR x it is
    ``D_i (ln(1 + x) - x / (1 + x)) / ln(1 + x)^2``, up to the unit of the rate.
    """
    band = config.bandwidth_mhz if band_mhz is None else band_mhz
    strength = np.maximum(links.strength, DEAD * band)
    weight: FloatArray = np.sqrt(column(config.data) / strength)
    if config.link_model == "paper":
        weight *= band / total(weight)
        return weight
    wireless, root_data = strength[1:], np.sqrt(column(config.data)[1:] / PER_BIT)
    split = np.broadcast_to(band / 3.0, strength.shape)
    for _ in range(steps):
        snr = wireless / split[1:]
        nats = np.log1p(snr)
        snr /= 1.0 + snr
        part = np.subtract(nats, snr, out=snr)
        np.sqrt(part, out=part)
        part /= nats
        np.multiply(part, root_data, out=weight[1:])
        split = weight * (band / total(weight))
    return split


def transmission_s(links: Links, split: FloatArray, config: ISGCConfig) -> FloatArray:
    """Return the time [B] of the three transmissions."""
    return total(link_times(link_rates(links.strength, split, config), config))


def in_time(links: Links, transmission: FloatArray, config: ISGCConfig) -> BoolArray:
    """Tell whether transmissions [B] keep the deadline."""
    kept: BoolArray = transmission <= links.time_left_s + TOLERANCE * config.deadline_s
    return kept


def feasible_links(links: Links, config: ISGCConfig) -> BoolArray:
    """Tell which links [B] have a split that keeps the deadline.

    Any split that keeps it is proof that there is one, and a bound of all times that does not is proof that
    there is none. The equal split decides about most links, and a split near the quickest about the others.
    """
    equal = np.full((3, 1), config.bandwidth_mhz / 3.0)
    good = in_time(links, transmission_s(links, equal, config), config)
    rows = np.flatnonzero(~good)
    for steps in (2, QUICKEST_STEPS):
        if not len(rows):
            break
        some = links.take(rows)
        spent, bound = time_and_bound_s(some, quickest_split(some, config, steps), config)
        kept = in_time(some, spent, config)
        good[rows] = kept
        rows = rows[in_time(some, bound, config) & ~kept]
    return good


def time_and_bound_s(links: Links, split: FloatArray, config: ISGCConfig) -> tuple[FloatArray, FloatArray]:
    """Return the time [B] in s of splits [3, B], and one that no split of as much band can beat.

    Times are convex in the split, so they lie above their tangent plane, and that is lowest where all of the
    band goes to the link that gains most from it. The nearer the split to the quickest, the nearer the two.
    """
    times, gains = time_slopes(np.maximum(links.strength, DEAD), split, config)
    spent = total(times)
    best = gains.max(axis=0)
    gains *= split
    return spent, spent + total(gains) - total(split) * best


def shielded_split(
    links: Links, raw: FloatArray, quickest: FloatArray, config: ISGCConfig, steps: int = SHIELD_STEPS
) -> FloatArray:
    """Move raw splits [3, B] towards the quickest ones just until the deadline holds.

    Along the segment the speed, 1 / time, is concave and has slope 0 at its quick end, so the root of what
    it lacks there, u, is almost a straight line. Newton's method on that would use its value and slope where
    we are; a step here takes the hyperbola that has these and is 0 at the quick end, too. The chord to the
    quick end, last, lands inside the deadline.
    """
    goal = 1.0 / np.maximum(links.time_left_s, TOLERANCE)
    best = 1.0 / transmission_s(links, quickest, config)
    wanted = np.sqrt(np.maximum(best - goal, 0.0))
    strength = np.maximum(links.strength, DEAD)
    split = raw = np.maximum(raw, DEAD)
    way = quickest - raw
    left = np.ones_like(best)  # of the way
    for _ in range(steps):
        times, gains = time_slopes(strength, split, config)
        speed = 1.0 / total(times)
        gains *= way
        gain = speed * speed * total(gains)
        lack = np.maximum(best - speed, TINY)
        share = wanted / np.sqrt(lack)  # of u that stays
        newton = 2.0 * lack / np.maximum(gain, TOLERANCE)  # way that a straight u would be 0 after
        kept = share * left
        left *= kept / np.maximum(kept + (1.0 - share) * newton, TINY)
        np.minimum(left, 1.0, out=left)
        split = quickest - left * way
    speed = 1.0 / transmission_s(links, split, config)
    short = np.maximum(goal - speed, 0.0) / np.maximum(best - speed, TOLERANCE)
    left *= 1.0 - np.minimum(short, 1.0)
    return quickest - left * way
