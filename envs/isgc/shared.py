"""N devices that share one band: bids, and the social optimum. States are [N, 10], splits [N, 3]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.kkt import solve_kkt
from semverse.envs.isgc.links import link_rates, links_of, prices, total
from semverse.envs.isgc.model import check_states
from semverse.envs.isgc.split import in_time, quickest_split, shielded_split, transmission_s
from semverse.envs.isgc.types import BoolArray, FloatArray, State

STEPS = 40  # of Newton's method; more devices take more


@dataclass(frozen=True, eq=False)
class Shares:
    """What each device's split came to."""

    split_mhz: FloatArray  # [N, 3]
    raw_split_mhz: FloatArray  # [N, 3] before the shield
    utility: FloatArray  # [N] credit/s earned: 0 where the deadline is missed
    latency_s: FloatArray  # [N]
    missed: BoolArray  # [N] the raw split misses the deadline
    kept: BoolArray  # [N] the executed split keeps it


def share_by_bids(
    states: npt.ArrayLike, logits: FloatArray, config: ISGCConfig, band_mhz: float, *, shield: bool
) -> Shares:
    """Give every link of every device band in proportion to exp(logit_scale * bid).

    Args:
        states: [N, 10].
        logits: [3, N] bids.
        config: the profile.
        band_mhz: shared by all.
        shield: move a device's split towards its quickest one, within its own share of the band.
    """
    links = links_of(State.of(check_states(states)), config)
    weights = np.exp(config.logit_scale * logits)
    raw = split = weights * (band_mhz / weights.sum())
    before = transmission_s(links, raw, config)
    missed = ~in_time(links, before, config)
    if shield and missed.any():
        quickest = quickest_split(links, config, band_mhz=total(raw))
        split = np.where(missed, shielded_split(links, raw, quickest, config), raw)
    spent = transmission_s(links, split, config)
    kept = in_time(links, spent, config)
    utility = total(prices(config) * link_rates(links.strength, split, config)) * kept
    latency = spent + (config.deadline_s - links.time_left_s)
    return Shares(split.T.copy(), raw.T.copy(), utility, latency, missed, kept)


@dataclass(frozen=True, eq=False)
class SocialOptimum:
    """The splits of the largest total utility under which every device keeps its deadline."""

    split_mhz: FloatArray  # [N, 3]
    utility: FloatArray  # [N] credit/s
    gap: float  # credit/s in total that no split can be better by

    @property
    def total(self) -> float:
        """Return the total utility in credit/s."""
        return float(self.utility.sum())


def social_optimum(states: npt.ArrayLike, config: ISGCConfig, band_mhz: float) -> SocialOptimum:
    """Return the exact optimum of N devices [N, 10]: one multiplier of the band for all of them.

    Every state must have a feasible split of ``band_mhz / N``, which makes the whole problem feasible.
    """
    links = links_of(State.of(check_states(states)), config)
    devices = links.strength.shape[1]
    start = quickest_split(links, config, band_mhz=band_mhz / devices)
    split, gap = solve_kkt(
        links.strength[:, :, None], links.time_left_s[:, None], start[:, :, None], config, STEPS
    )
    utility = total(prices(config) * link_rates(links.strength, split[:, :, 0], config))
    return SocialOptimum(split[:, :, 0].T.copy(), utility, float(gap[0]))
