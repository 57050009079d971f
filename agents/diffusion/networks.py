"""The denoising actor and the critics of the diffusion policy."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from semverse.agents.common.features import FeatureName, Standardise, feature_count
from semverse.agents.diffusion.schedule import ScheduleName, coefficients

Parametrisation = Literal["x0", "eps"]
_EMBEDDING = 16


def mlp(inputs: int, hidden: tuple[int, ...], outputs: int) -> nn.Sequential:
    """Return a perceptron with Mish activations."""
    sizes = (inputs, *hidden)
    layers: list[nn.Module] = []
    for first, second in pairwise(sizes):
        layers += [nn.Linear(first, second), nn.Mish()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))


def step_embedding(steps: int) -> torch.Tensor:
    """Return sinusoidal embeddings [T, 16] of the steps 1..T."""
    half = _EMBEDDING // 2
    rates = torch.exp(-torch.arange(half) * (torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = torch.arange(1, steps + 1)[:, None] * rates[None]
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class DenoisingActor(nn.Module):
    """A policy that turns noise into an action in [-1, 1] by T denoising steps, conditioned on the state.

    Paper 001, section IV-B; Wang et al. 2022, arXiv:2208.06193.

    Args:
        observation_size: entries of an observation.
        action_size: entries of an action.
        features: see `Standardise`.
        hidden: units of the hidden layers.
        steps: T.
        schedule: of the noise.
        parametrisation: "x0" predicts the clean action through tanh, "eps" the noise.
    """

    def __init__(
        self,
        observation_size: int,
        action_size: int,
        features: FeatureName,
        hidden: tuple[int, ...],
        steps: int,
        schedule: ScheduleName,
        parametrisation: Parametrisation,
    ) -> None:
        super().__init__()
        self.action_size, self.steps, self.parametrisation = action_size, steps, parametrisation
        self.standardise = Standardise(observation_size, features)
        inputs = feature_count(features, observation_size) + action_size + _EMBEDDING
        self.network = mlp(inputs, hidden, action_size)
        # constants that follow from the configuration are not part of a checkpoint
        self.register_buffer("embedding", step_embedding(steps), persistent=False)
        chain = coefficients(schedule, steps)
        for name, values in vars(chain).items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32), persistent=False)

    def predict(self, noisy: torch.Tensor, index: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return the network's output [B, A] for noisy actions at steps ``index`` + 1 (int [B])."""
        output: torch.Tensor = self.network(torch.cat([noisy, self.embedding[index], features], dim=-1))
        return torch.tanh(output) if self.parametrisation == "x0" else output

    def clean(self, noisy: torch.Tensor, index: int, features: torch.Tensor) -> torch.Tensor:
        """Return the clean action [B, A] that the network sees in noisy ones."""
        rows = torch.full((len(noisy),), index)
        output = self.predict(noisy, rows, features)
        if self.parametrisation == "x0":
            return output
        return ((noisy - self.noise[index] * output) / self.signal[index]).clamp(-1.0, 1.0)

    def forward(self, observation: torch.Tensor, deterministic: bool = False) -> torch.Tensor:
        """Return actions [B, A]; gradients flow through the whole chain.

        The deterministic action follows the mean of every step, starting at the mean of the noise.
        """
        features = self.standardise(observation)
        size = (len(observation), self.action_size)
        action = torch.zeros(size) if deterministic else torch.randn(size)
        for index in reversed(range(self.steps)):
            clean = self.clean(action, index, features)
            action = self.posterior_x0[index] * clean + self.posterior_xt[index] * action
            if index and not deterministic:
                action = action + self.posterior_std[index] * torch.randn(size)
        return action.clamp(-1.0, 1.0)

    def cloning_loss(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the denoising loss of given actions (Ho et al., eq. 14)."""
        index = torch.randint(self.steps, (len(action),))
        noise = torch.randn_like(action)
        noisy = self.signal[index, None] * action + self.noise[index, None] * noise
        predicted = self.predict(noisy, index, self.standardise(observation))
        return nn.functional.mse_loss(predicted, action if self.parametrisation == "x0" else noise)


class DoubleCritic(nn.Module):
    """Two independent estimates of an action's value; the smaller one curbs over-estimation."""

    def __init__(
        self, observation_size: int, action_size: int, features: FeatureName, hidden: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.standardise = Standardise(observation_size, features)
        inputs = feature_count(features, observation_size) + action_size
        self.first, self.second = mlp(inputs, hidden, 1), mlp(inputs, hidden, 1)

    def forward(self, observation: torch.Tensor, action: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both estimates [B]."""
        x = torch.cat([self.standardise(observation), action], dim=-1)
        return self.first(x).squeeze(-1), self.second(x).squeeze(-1)
