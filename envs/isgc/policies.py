"""Reference heuristics of the slotted problem: weights on the links, and the band shared by them."""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import links_of, total
from semverse.envs.isgc.types import FloatArray, State
from semverse.envs.isgc.waterfill import BISECTIONS, share_band, width_for

DRIFT_TRADE_OFF = 20.0  # V in Msut or Mbit a credit: weight of the utility against the queues


def weighted_split(
    state: FloatArray,
    backlog: FloatArray,
    weights: FloatArray,
    config: ISGCConfig,
    bisections: int = BISECTIONS,
) -> FloatArray:
    """Return the split [..., 3] in MHz that serves the most weighted data in a slot; the rest is shared.

    Args:
        state: [..., 10].
        backlog: [..., 3] Msut, Mbit, Mbit; no link gets more band than empties its queue.
        weights: [3] or [..., 3].
        config: the profile.
        bisections: of `semverse.envs.isgc.waterfill.share_band`.
    """
    strength = links_of(State.of(state.reshape(-1, 10)), config).strength
    cap = width_for(strength, backlog.reshape(-1, 3).T, config)
    wide = np.broadcast_to(weights, backlog.shape).reshape(-1, 3).T
    split = share_band(strength, wide, config, cap, bisections)
    rest = np.maximum(config.bandwidth_mhz - total(split), 0.0)
    return (split + rest / 3.0).T.reshape(backlog.shape)


def drift_plus_penalty(
    state: FloatArray, backlog: FloatArray, config: ISGCConfig, trade_off: float = DRIFT_TRADE_OFF
) -> FloatArray:
    """Maximise V utility + backlog @ served: Neely's drift-plus-penalty; returns splits [..., 3] in MHz."""
    price = np.array(config.q)
    return weighted_split(state, backlog, trade_off * price + price * backlog, config)


def myopic(
    state: FloatArray, backlog: FloatArray, config: ISGCConfig, bisections: int = BISECTIONS
) -> FloatArray:
    """Maximise the utility of the slot; returns splits [..., 3] in MHz."""
    return weighted_split(state, backlog, np.array(config.q), config, bisections)


def max_weight(state: FloatArray, backlog: FloatArray, config: ISGCConfig) -> FloatArray:
    """Maximise backlog @ served; returns splits [..., 3] in MHz."""
    return weighted_split(state, backlog, backlog, config)
