"""What happens in a step, for any number of rows at once; the single environment is one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import link_rates, link_times, prices, total
from semverse.envs.isgc.split import in_time, quickest_split, shielded_split
from semverse.envs.isgc.stream import FEASIBLE, OPTIMAL, TIME_LEFT, Drawn, links_in
from semverse.envs.isgc.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Decided:
    """What the splits of N rows came to."""

    raw_split: FloatArray  # [3, N] MHz
    split: FloatArray  # [3, N] MHz, executed
    utility: FloatArray  # [N] credit/s earned: 0 where the executed split misses the deadline
    reward: FloatArray  # [N]
    latency_s: FloatArray  # [N]
    feasible: BoolArray  # [N] the state has a split that keeps the deadline
    missed: BoolArray  # [N] the raw split misses it
    optimal: FloatArray  # [N] credit/s, where known

    def infos(self, *, optimum: bool) -> dict[str, npt.NDArray[Any]]:
        """Return the info of every row."""
        infos: dict[str, npt.NDArray[Any]] = {
            "utility": self.utility,
            "split_mhz": self.split.T,
            "raw_split_mhz": self.raw_split.T,
            "feasible": self.feasible,
            "missed_deadline": self.missed,
            "latency_s": self.latency_s,
        }
        if optimum:
            infos["optimal_utility"] = self.optimal
        return infos


def check_actions(actions: npt.ArrayLike, num: int) -> FloatArray:
    """Return logits as contiguous rows [3, N], clipped to [-1, 1].

    Raises:
        InputError: a wrong shape, or a value that is not finite.
    """
    try:
        given = np.asarray(actions)
        logits = given.T.astype(np.float64, order="C", casting="same_kind")
    except (TypeError, ValueError) as error:
        raise InputError("is no array of numbers", key="action", remedy=f"give shape [{num}, 3]") from error
    if given.shape != (num, 3):
        raise InputError(f"has shape {list(given.shape)}", key="action", remedy=f"give shape [{num}, 3]")
    if not np.isfinite(logits.sum()):
        raise InputError("is not finite", key="action", remedy="give three logits in [-1, 1]")
    return np.clip(logits, -1.0, 1.0, out=logits)


def split_of(logits: FloatArray, config: ISGCConfig) -> FloatArray:
    """Map logits [3, N] in [-1, 1] to splits [3, N] of the band in MHz: softmax of scaled logits."""
    weights = np.exp(config.logit_scale * logits)
    split: FloatArray = weights * (config.bandwidth_mhz / total(weights))
    return split


def logits_of(splits: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Return the logits [..., 3] in [-1, 1] whose split is (as near as the box allows) the given [..., 3]."""
    logs = np.log(np.maximum(np.asarray(splits, dtype=np.float64), 1e-12)) / config.logit_scale
    middle = (logs.max(axis=-1, keepdims=True) + logs.min(axis=-1, keepdims=True)) / 2
    clipped: FloatArray = np.clip(logs - middle, -1.0, 1.0)
    return clipped


def decide(
    drawn: Drawn, actions: npt.ArrayLike, config: ISGCConfig, *, shield: bool, miss_penalty: float
) -> Decided:
    """Execute the actions [N, 3] on the states at hand.

    Raises:
        InputError: a wrong shape, or an action that is not finite.
    """
    facts = drawn.facts
    links = links_in(facts)
    raw = split_of(check_actions(actions, facts.shape[1]), config)
    rates = link_rates(links.strength, raw, config)
    transmission = total(link_times(rates, config))
    missed = ~in_time(links, transmission, config)
    feasible, split, kept = facts[FEASIBLE] > 0, raw.copy(), ~missed
    if shield:
        rows = np.flatnonzero(missed)
        if len(rows):
            some = links_in(facts[: TIME_LEFT + 1].take(rows, axis=1))
            quickest = quickest_split(some, config)
            moved = shielded_split(some, raw.take(rows, axis=1), quickest, config)
            split[:, rows] = moved
            better = link_rates(some.strength, moved, config)
            rates[:, rows] = better
            transmission[rows] = total(link_times(better, config))
        kept = feasible
    utility = total(prices(config) * rates) * kept
    return Decided(
        raw_split=raw,
        split=split,
        utility=utility,
        reward=utility if not miss_penalty else utility - miss_penalty * (feasible & ~kept),
        latency_s=transmission + (config.deadline_s - facts[TIME_LEFT]),
        feasible=feasible,
        missed=missed,
        optimal=facts[OPTIMAL],
    )
