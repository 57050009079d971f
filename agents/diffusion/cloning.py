"""Exact optima of the ISGC problem as actions to imitate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from semverse.agents.common.isgc import config_of
from semverse.envs.errors import InputError
from semverse.envs.isgc.core import logits_of
from semverse.envs.isgc.generator import sample_states
from semverse.envs.isgc.model import optimum


def optimal_actions(
    env_id: str, settings: Mapping[str, Any], count: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random states [count, 10] and their optimal actions [count, 3].

    Raises:
        InputError: an environment whose optimum is not known.
    """
    if env_id != "semverse/ISGC-v0":
        raise InputError("needs semverse/ISGC-v0", key="cloning_weight", remedy="set it to 0")
    config = config_of(settings)
    states = sample_states(np.random.default_rng([seed, 1]), count, config).astype(np.float32)
    actions = logits_of(optimum(states, config).split_mhz, config)
    return torch.from_numpy(states), torch.from_numpy(actions.astype(np.float32))
