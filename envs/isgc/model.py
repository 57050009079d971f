"""The ISGC model: what splits of the band bring, which are feasible, and which is best. Pure and batched.

States are [..., 10] in the printed order of paper 001, section IV-C: ``[H, sigma_a, sigma_m, g_a, p_a, g_m,
p_m, K, C_a, C_m]``; splits are [..., 3] in MHz: semantic, content and feedback link.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.kkt import solve_kkt
from semverse.envs.isgc.links import link_powers, link_rates, link_times, links_of, prices, total
from semverse.envs.isgc.split import (
    TOLERANCE,
    feasible_links,
    in_time,
    quickest_split,
    shielded_split,
    transmission_s,
)
from semverse.envs.isgc.types import BoolArray, Costs, FloatArray, Links, State

CHUNK = 2048  # states solved at once: the working arrays stay in the cache

# Fig. 5 prints its states with positions 4..7 in the order g_a, g_m, p_a, p_m (powers of 0.24 W and gains of
# 4.76 would contradict the printed ranges); here they stand in the printed order of the list.
PRINTED_STATES: dict[str, tuple[float, ...]] = {
    "PPO_1": (1.17, 0.66, 1.97, 0.30, 4.76, 0.24, 4.46, 0.91, 8.03, 15.28),
    "PPO_2": (1.40, 0.30, 0.65, 0.58, 3.42, 0.16, 4.69, 0.89, 7.49, 15.24),
    "Diffusion_1": (1.80, 1.05, 0.47, 0.05, 4.23, 0.0004, 4.58, 0.91, 5.02, 19.73),
    "Diffusion_2": (1.52, 0.12, 1.23, 0.03, 4.83, 0.14, 3.86, 0.96, 9.93, 18.42),
}


@dataclass(frozen=True, eq=False)
class Optimum:
    """Best splits. Where no split keeps the deadline: the quickest split, utility 0, not feasible."""

    split_mhz: FloatArray  # [..., 3]
    utility: FloatArray  # [...] credit/s
    feasible: BoolArray  # [...] some split keeps the deadline
    gap: FloatArray  # [...] credit/s that no split can be better by, proven by duality


def evaluate(states: npt.ArrayLike, splits: npt.ArrayLike, config: ISGCConfig) -> Costs:
    """Evaluate splits: utility, rates, latency, energy, feasibility (section IV-A).

    By hand, profile paper, q = (2, 1, 1): H = 1, K = 1 and sigma = 1, g p = 3 on both wireless links, C_a = 8
    and C_m = 15 give e = (1, 2, 2). The split (10, 5, 5) MHz has rates (10, 10, 10) and utility
    2*10 + 10 + 10 = 40 credit/s; latency 0.1 + 0.4 + 0.2 + 2/10 + 3/10 + 3/10 = 1.5 s.

    Args:
        states: [..., 10].
        splits: [..., 3] MHz; broadcast against the states.
        config: the profile.

    Raises:
        InputError: a wrong shape or value.
    """
    given, wide = check_states(states), check_splits(splits)
    shape = np.broadcast_shapes(given.shape[:-1], wide.shape[:-1])
    state = State.of(np.broadcast_to(given, (*shape, 10)).reshape(-1, 10))
    links = links_of(state, config)
    split = _rows(np.broadcast_to(wide, (*shape, 3)))
    rates = link_rates(links.strength, split, config)
    times = link_times(rates, config)
    transmission = total(times)
    within = total(split) <= config.bandwidth_mhz * (1.0 + TOLERANCE)
    return Costs(
        utility=total(prices(config) * rates).reshape(shape),
        rates=rates.T.reshape(*shape, 3),
        latency_s=(transmission + (config.deadline_s - links.time_left_s)).reshape(shape),
        energy_j=total(link_powers(state, config) * times).reshape(shape),
        feasible=(in_time(links, transmission, config) & within).reshape(shape),
    )


def feasible(states: npt.ArrayLike, config: ISGCConfig) -> BoolArray:
    """Tell which states [..., 10] have a split that keeps the deadline (bool [...])."""
    given = check_states(states)
    links = links_of(State.of(given.reshape(-1, 10)), config)
    return feasible_links(links, config).reshape(given.shape[:-1])


def min_time_split(states: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Return the splits [..., 3] in MHz of the shortest latency (profile paper: W_i ~ sqrt(D_i / e_i))."""
    given = check_states(states)
    links = links_of(State.of(given.reshape(-1, 10)), config)
    return quickest_split(links, config).T.reshape(*given.shape[:-1], 3)


def shield(states: npt.ArrayLike, splits: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Move splits towards the quickest split just until the deadline holds; feasible ones stay untouched.

    Args:
        states: [..., 10].
        splits: [..., 3] MHz, of the same leading shape, that use the whole band.
        config: the profile.

    Returns:
        Splits [..., 3]; the quickest split where a state has no feasible one.
    """
    given, wide = check_states(states), check_splits(splits)
    links = links_of(State.of(given.reshape(-1, 10)), config)
    raw = _rows(np.broadcast_to(wide, (*given.shape[:-1], 3)))
    kept = in_time(links, transmission_s(links, raw, config), config)
    moved = shielded_split(links, raw, quickest_split(links, config), config)
    return np.where(kept, raw, moved).T.reshape(*given.shape[:-1], 3)


def optimum(states: npt.ArrayLike, config: ISGCConfig) -> Optimum:
    """Return the best splits of states [..., 10], exact up to 1e-12 of the utility (`Optimum.gap`)."""
    given = check_states(states)
    links = links_of(State.of(given.reshape(-1, 10)), config)
    split, utility, good, gap = optimal_links(links, config)
    shape = given.shape[:-1]
    return Optimum(
        split.T.reshape(*shape, 3), utility.reshape(shape), good.reshape(shape), gap.reshape(shape)
    )


def optimal_links(links: Links, config: ISGCConfig) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray]:
    """Return optimal splits [3, B], utilities, feasibility and gaps [B] of links."""
    quickest = quickest_split(links, config)
    shortest = transmission_s(links, quickest, config)
    good = in_time(links, shortest, config)
    split, gap = quickest.copy(), np.zeros_like(shortest)
    # where there is no time to spare, nothing is left to choose
    rows = np.flatnonzero(links.time_left_s - shortest > TOLERANCE * config.deadline_s)
    for part in (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)):
        some = Links(links.strength[:, part], links.time_left_s[part])
        found, gaps = solve_kkt(
            some.strength[:, None], some.time_left_s[None], quickest[:, None, part], config
        )
        # the last ulp: the deadline holds for certain
        split[:, part] = shielded_split(some, found[:, 0], quickest[:, part], config)
        gap[part] = gaps
    utility = total(prices(config) * link_rates(links.strength, split, config)) * good
    return split, utility, good, gap


def _rows(splits: FloatArray) -> FloatArray:
    """Turn [..., 3] into contiguous [3, B]."""
    return np.ascontiguousarray(splits.reshape(-1, 3).T)


def check_states(states: npt.ArrayLike) -> FloatArray:
    """Return states as an array [..., 10].

    Raises:
        InputError: a wrong shape, or a value that no state can have.
    """
    array = _numbers(states, 10, "states")
    if not bool((array >= 0).all() and (array[..., [0, 1, 2, 7, 8, 9]] > 0).all()):
        raise InputError(
            "hold a value out of range",
            key="states",
            remedy="give gains and powers >= 0, and all the others > 0",
        )
    return array


def check_splits(splits: npt.ArrayLike) -> FloatArray:
    """Return splits as an array [..., 3].

    Raises:
        InputError: a wrong shape, a negative or infinite value.
    """
    array = _numbers(splits, 3, "splits")
    if not bool((array >= 0).all()):
        raise InputError("hold a negative bandwidth", key="splits", remedy="give MHz >= 0")
    return array


def _numbers(values: npt.ArrayLike, last: int, key: str) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("is no array of numbers", key=key, remedy=f"give shape [..., {last}]") from error
    if array.ndim < 1 or array.shape[-1] != last:
        raise InputError(f"has shape {list(array.shape)}", key=key, remedy=f"give shape [..., {last}]")
    if not bool(np.isfinite(array).all()):
        raise InputError("holds a value that is not finite", key=key, remedy="give finite numbers")
    return array
