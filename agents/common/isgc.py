"""What agents ask of the ISGC model: the profile of an environment, and rule-based splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig, load_profile
from semverse.envs.isgc.dynamics import sustainable_rate
from semverse.envs.isgc.model import evaluate, shield
from semverse.envs.isgc.types import FloatArray

_OVERRIDES = ("q", "printed_symbols", "bandwidth_mhz", "deadline_s")


def config_of(settings: Mapping[str, Any]) -> ISGCConfig:
    """Return the profile, with its overrides, of an environment made with ``settings``."""
    overrides = {key: settings[key] for key in _OVERRIDES if key in settings}
    return load_profile(settings.get("profile", "psd"), **overrides)


def vertices(config: ISGCConfig) -> FloatArray:
    """Return the splits [3, 3] in MHz that give one link the whole band."""
    corners: FloatArray = config.bandwidth_mhz * np.eye(3)
    return corners


def greedy_split(states: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Return the vertices [B, 3] of the link that would earn most with the whole band."""
    corners = vertices(config)
    earned = evaluate(np.asarray(states)[:, None], corners, config).utility  # [B, 3]
    chosen: FloatArray = corners[earned.argmax(axis=1)]
    return chosen


def best_vertex_split(states: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Return the shielded vertices [B, 3] that earn most."""
    given = np.asarray(states)
    moved = np.stack([shield(given, corner, config) for corner in vertices(config)], axis=1)  # [B, 3, 3]
    earned = evaluate(given[:, None], moved, config).utility
    best: FloatArray = moved[np.arange(len(given)), earned.argmax(axis=1)]
    return best


def greedy_utility(states: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Return the utility [B] of the shielded greedy split: a yardstick that needs no oracle."""
    return evaluate(states, shield(states, greedy_split(states, config), config), config).utility


def sustainable_worth(states: npt.ArrayLike, config: ISGCConfig) -> FloatArray:
    """Return the credit [B] of what the band can serve in a slot at mean gains, of states [B, >= 10]."""
    worth = float(np.dot(config.q, config.data))
    given = np.asarray(states, dtype=np.float64)[:, :10]
    return np.array([worth * sustainable_rate(state, config) for state in given])
