"""Reference heuristics of the slotted problem: weights on the links, and the band shared by them."""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import links_of
from semverse.envs.isgc.types import FloatArray, State
from semverse.envs.isgc.waterfill import share_band, width_for

DRIFT_TRADE_OFF = 20.0  # V in Msut or Mbit a credit: weight of the utility against the queues


def weighted_split(
    state: FloatArray, backlog: FloatArray, weights: FloatArray, config: ISGCConfig
) -> FloatArray:
    """Return the split [3] in MHz that serves the most weighted data in a slot, whatever is left over unused.

    Args:
        state: [10].
        backlog: [3] Msut, Mbit, Mbit; no link gets more band than empties its queue.
        weights: [3].
        config: the profile.
    """
    strength = links_of(State.of(state[None]), config).strength
    cap = width_for(strength, backlog[:, None], config)
    split = share_band(strength, weights[:, None], config, cap)[:, 0]
    rest = max(config.bandwidth_mhz - float(split.sum()), 0.0)
    return split + rest / 3.0


def drift_plus_penalty(
    state: FloatArray, backlog: FloatArray, config: ISGCConfig, trade_off: float = DRIFT_TRADE_OFF
) -> FloatArray:
    """Maximise V utility + backlog @ served: Neely's drift-plus-penalty; returns a split [3] in MHz."""
    price = np.array(config.q)
    return weighted_split(state, backlog, trade_off * price + price * backlog, config)


def myopic(state: FloatArray, backlog: FloatArray, config: ISGCConfig) -> FloatArray:
    """Maximise the utility of the slot; returns a split [3] in MHz."""
    return weighted_split(state, backlog, np.array(config.q), config)


def max_weight(state: FloatArray, backlog: FloatArray, config: ISGCConfig) -> FloatArray:
    """Maximise backlog @ served; returns a split [3] in MHz."""
    return weighted_split(state, backlog, backlog, config)
