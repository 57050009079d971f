"""Observation features: what the networks of all learned agents see of a flat observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from semverse.agents.training.vector import make_vector
from semverse.envs.isgc.config import ISGCConfig, load_profile
from semverse.envs.isgc.core import logits_of
from semverse.envs.isgc.links import links_of
from semverse.envs.isgc.policies import myopic
from semverse.envs.isgc.types import State
from semverse.envs.isgc.waterfill import width_for

FeatureName = Literal["raw", "log", "isgc", "isgc_myopic"]
_SAMPLES = 4096  # observations that mean and deviation are taken from
_ROWS, _SLOW_ROWS = 256, 64  # copies of a native batch, and of one that steps them one by one
_SMALLEST_SNR = 1e-4
_BISECTIONS = 12  # of the myopic rule: its level to within one per cent


def _raw(x: torch.Tensor) -> torch.Tensor:
    return x


def _log(x: torch.Tensor) -> torch.Tensor:
    return torch.sign(x) * torch.log1p(torch.abs(x))


def _isgc(x: torch.Tensor) -> torch.Tensor:
    """What decides about an ISGC state: H/K, both log SNR, and the two computation times per TFLOP.

    Entries after the ten of the state (queues, time left) are compressed by log(1 + x).
    """
    state, rest = x[..., :10], x[..., 10:]
    entropy, noise_a, noise_m, gain_a, power_a, gain_m, power_m, symbols, inference, rendering = state.unbind(
        -1
    )
    snr_a, snr_m = gain_a * power_a / noise_a**2, gain_m * power_m / noise_m**2
    reduced = torch.stack(
        [
            entropy / symbols,
            torch.log(snr_a.clamp(min=_SMALLEST_SNR)),
            torch.log(snr_m.clamp(min=_SMALLEST_SNR)),
            1.0 / inference,
            1.0 / rendering,
        ],
        dim=-1,
    )
    return torch.cat([reduced, torch.log1p(rest)], dim=-1)


@cache
def _profile() -> ISGCConfig:
    return load_profile("psd")


def _isgc_myopic(x: torch.Tensor) -> torch.Tensor:
    """`_isgc`, the band that would empty each queue in a slot, and the action of the myopic rule.

    A policy that has the rule's action before it learns where to depart from it. Band and prices are those
    of the shipped profile psd, in whatever profile the observation was made: a feature may be off.
    """
    config = _profile()
    given = x.detach().numpy().reshape(-1, x.shape[-1]).astype(np.float64)
    states, backlog = given[:, :10], given[:, 10:13]
    need = width_for(links_of(State.of(states), config).strength, backlog.T, config)
    action = logits_of(myopic(states, backlog, config, _BISECTIONS), config)
    added = np.concatenate([np.log1p(need.T), action], axis=-1).reshape(*x.shape[:-1], 6)
    return torch.cat([_isgc(x), torch.as_tensor(added, dtype=x.dtype)], dim=-1)


FEATURES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "raw": _raw,
    "log": _log,
    "isgc": _isgc,
    "isgc_myopic": _isgc_myopic,
}
_ADDED = {"isgc": -5, "isgc_myopic": 1}


def feature_count(name: FeatureName, size: int) -> int:
    """Return how many features an observation of ``size`` entries has."""
    return size + _ADDED.get(name, 0)


class Standardise(nn.Module):
    """Computes features, shifts and scales each to mean 0 and deviation 1, then clips to [-5, 5].

    The statistics are buffers, so that they are part of every checkpoint.

    Args:
        size: entries of an observation.
        name: "raw", "log" for sign(x) log(1 + |x|), "isgc", or "isgc_myopic" with queues.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, size: int, name: FeatureName) -> None:
        super().__init__()
        self.of = FEATURES[name]
        count = feature_count(name, size)
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("deviation", torch.ones(count))

    def fit(self, observations: npt.NDArray[Any]) -> None:
        """Take mean and deviation from observations [B, size]."""
        features = self.of(torch.as_tensor(observations).float())
        self.mean.copy_(features.mean(0))
        self.deviation.copy_(features.std(0).clamp(min=1e-3))

    @staticmethod
    def fit_all(module: nn.Module, observations: npt.NDArray[Any]) -> None:
        """Fit every one inside a network."""
        for part in module.modules():
            if isinstance(part, Standardise):
                part.fit(observations)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return standardised features [B, count]."""
        return ((self.of(observation.float()) - self.mean) / self.deviation).clamp(-5.0, 5.0)


def sample_observations(env_id: str, settings: Mapping[str, Any], seed: int) -> npt.NDArray[Any]:
    """Return observations [B, size] met under random actions."""
    native = gymnasium.spec(env_id).vector_entry_point is not None
    env = make_vector(env_id, settings, rows := _ROWS if native else _SLOW_ROWS)
    observation, _ = env.reset(seed=seed)
    env.action_space.seed(seed)
    found = [observation]
    while len(found) * rows < _SAMPLES:
        observation = env.step(env.action_space.sample())[0]
        found.append(observation)
    env.close()
    return np.concatenate(found)
