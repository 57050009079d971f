"""What a placement looks like, apart from what it costs (paper 003, section IV-D)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.scc.migration import hosts
from semverse.envs.scc.model import check_placements
from semverse.envs.scc.types import FloatArray, Instance


def local_rate(instance: Instance, placements: npt.ArrayLike) -> FloatArray:
    """Return the share of requests served on their user's local MEC, placements [B, R] -> [B] (eq. 36)."""
    array = check_placements(instance, placements)
    local = array == instance.users.mec[instance.requests.user]
    return np.asarray(local.mean(axis=1), dtype=np.float64)


def hosts_per_space(instance: Instance, placements: npt.ArrayLike) -> FloatArray:
    """Return on how many MECs a requested space is hosted on average, [B, R] -> [B] (eq. 37)."""
    requested = len(np.unique(instance.requests.space))
    return np.asarray(hosts(instance, placements).sum(axis=(1, 2)) / requested, dtype=np.float64)
