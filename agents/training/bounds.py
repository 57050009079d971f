"""What an episode could have earned at most, where it takes more than one decision to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.clairvoyant import clairvoyant_bound

_KNOWN: dict[tuple[str, int], float] = {}  # a training is evaluated on the same episodes again and again


def episode_bounds(
    env: Any, env_id: str, settings: Mapping[str, Any], seed: int
) -> npt.NDArray[np.float64] | None:
    """Return the clairvoyant bounds [N] of the episodes that a vector environment just started, if defined.

    Args:
        env: a `SyncVectorEnv` that was reset with ``seed``.
        env_id: of which environment.
        settings: what it was made with.
        seed: row i plays episode ``seed + i``.
    """
    if env_id != "semverse/ISGCDynamic-v0":
        return None
    label = json.dumps(settings, sort_keys=True, default=str)
    found = np.empty(env.num_envs)
    for row, single in enumerate(env.envs):
        key, inner = (label, seed + row), single.unwrapped
        if key not in _KNOWN:
            _KNOWN[key] = clairvoyant_bound(inner.episode, inner.config, inner.dynamics)
        found[row] = _KNOWN[key]
    return found
