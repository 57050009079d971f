"""Request probabilities out of positional VR traces."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from semverse.envs.scc.types import FloatArray


def trace_probabilities(path: str | Path, users: int, spaces: int, rng: np.random.Generator) -> FloatArray:
    """Return the share of time each user's track spends in each space [users, spaces]."""
    raise FileNotFoundError(path)
