"""Losses of the diffusion policy: what critics and actor minimise."""

from __future__ import annotations

import torch
from torch import nn

from semverse.agents.common.buffer import Transitions
from semverse.agents.diffusion.networks import DenoisingActor, DoubleCritic


def critic_loss(
    critic: DoubleCritic,
    target_critic: DoubleCritic,
    target_actor: DenoisingActor,
    batch: Transitions,
    gamma: float,
) -> torch.Tensor:
    """Return the squared error of both critics against reward + gamma min(Q1', Q2')."""
    target = batch.reward
    if gamma:
        with torch.no_grad():
            next_action = target_actor(batch.next_observation)
            following = torch.minimum(*target_critic(batch.next_observation, next_action))
            target = target + gamma * batch.goes_on * following
    first, second = critic(batch.observation, batch.action)
    return nn.functional.mse_loss(first, target) + nn.functional.mse_loss(second, target)


def guidance_loss(actor: DenoisingActor, critic: DoubleCritic, observation: torch.Tensor) -> torch.Tensor:
    """Return minus the value of the actor's actions over its size (Wang et al., section 3.2, scaled).

    The gradient runs through every denoising step.
    """
    value = torch.minimum(*critic(observation, actor(observation)))
    scale = value.detach().abs().mean().clamp(min=1e-6)
    return -value.mean() / scale
