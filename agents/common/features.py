"""Observation features: what the networks of all learned agents see of a flat observation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from semverse.agents.training.vector import make_vector

_SAMPLES = 4096  # observations that mean and deviation are taken from
_ROWS = 256


class Standardise(nn.Module):
    """Shifts and scales each observation entry to mean 0 and deviation 1, then clips to [-5, 5].

    The statistics are buffers, so that they are part of every checkpoint. Entries are compressed by
    sign(x) log(1 + |x|) first where ``logarithmic``: signal-to-noise ratios spread over decades.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, size: int, logarithmic: bool) -> None:
        super().__init__()
        self.logarithmic = logarithmic
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def compress(self, observation: torch.Tensor) -> torch.Tensor:
        """Return the entries before shift and scale."""
        x = observation.float()
        return torch.sign(x) * torch.log1p(torch.abs(x)) if self.logarithmic else x

    def fit(self, observations: npt.NDArray[Any]) -> None:
        """Take mean and deviation from observations [B, size]."""
        x = self.compress(torch.as_tensor(observations))
        self.mean.copy_(x.mean(0))
        self.deviation.copy_(x.std(0).clamp(min=1e-3))

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return standardised features [B, size]."""
        return ((self.compress(observation) - self.mean) / self.deviation).clamp(-5.0, 5.0)


def sample_observations(env_id: str, settings: dict[str, Any], seed: int) -> npt.NDArray[Any]:
    """Return observations [B, size] met under random actions."""
    env = make_vector(env_id, settings, _ROWS)
    observation, _ = env.reset(seed=seed)
    env.action_space.seed(seed)
    found = [observation]
    while len(found) * _ROWS < _SAMPLES:
        observation = env.step(env.action_space.sample())[0]
        found.append(observation)
    env.close()
    return np.concatenate(found)
