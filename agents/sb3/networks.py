"""Networks of the agents that Stable-Baselines3 trains."""

from __future__ import annotations

from typing import Any

import gymnasium
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from semverse.agents.common.features import FeatureName, Standardise, feature_count

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "mish": nn.Mish}


class StandardisedFeatures(BaseFeaturesExtractor):
    """Flat observations, standardised; see `Standardise`."""

    def __init__(self, observation_space: gymnasium.spaces.Box, features: FeatureName) -> None:
        size = int(observation_space.shape[0])
        super().__init__(observation_space, features_dim=feature_count(features, size))
        self.standardise = Standardise(size, features)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Return features [B, size]."""
        features: torch.Tensor = self.standardise(observations)
        return features


def policy_arguments(
    space: gymnasium.Space[Any], hidden: tuple[int, ...], activation: str, features: FeatureName
) -> dict[str, Any]:
    """Return the ``policy_kwargs`` for an observation space; dictionaries are concatenated as they are."""
    arguments: dict[str, Any] = {"net_arch": list(hidden), "activation_fn": ACTIVATIONS[activation]}
    if isinstance(space, gymnasium.spaces.Box):
        arguments["features_extractor_class"] = StandardisedFeatures
        arguments["features_extractor_kwargs"] = {"features": features}
    return arguments
