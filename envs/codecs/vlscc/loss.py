"""What coders are trained for: distortion, semantic and rate loss (paper 002, eqs. 6 to 8)."""

from __future__ import annotations

import torch
from torch import Tensor


def rate_distortion(distortion: Tensor, rate: Tensor, gamma: Tensor | float) -> Tensor:
    """Return the loss of eq. 6, sum over samples of L_D + gamma L_r, as a mean over the batch.

    Args:
        distortion: L_D [B].
        rate: L_r [B]: r of a vector, the sum (or mean, with gamma scaled) of the rate map of a picture.
        gamma: trade-off, a number or [B].
    """
    return (distortion + gamma * rate).mean()


def mesh_loss(fidelity: Tensor, adversarial: Tensor, rate: Tensor, weight: float, gamma: Tensor) -> Tensor:
    """Return the loss of human meshes: L_f + lambda L_GAN + gamma L_r (eq. 7), a mean over the batch.

    Args:
        fidelity: L_f = L_2D + L_3D [B].
        adversarial: L_GAN [B].
        rate: r [B].
        weight: lambda.
        gamma: [B].
    """
    return rate_distortion(fidelity + weight * adversarial, rate, gamma)


def image_loss(squared: Tensor, perceptual: Tensor, rate: Tensor, weight: float, gamma: Tensor) -> Tensor:
    """Return the loss of pictures: l2 + lambda LPIPS + gamma L_r (eq. 8), a mean over the batch.

    Args:
        squared: mean squared error [B].
        perceptual: LPIPS [B].
        rate: rate of the map [B].
        weight: lambda.
        gamma: [B].
    """
    return rate_distortion(squared + weight * perceptual, rate, gamma)


def discriminator_loss(true: Tensor, estimated: Tensor) -> Tensor:
    """Return E (D(Theta) - 1)^2 + E D(Theta_hat)^2: what the discriminator of section IV-A minimises.

    Args:
        true: D of true parameters [B].
        estimated: D of received ones [B].
    """
    return (true - 1).square().mean() + estimated.square().mean()


def adversarial_loss(estimated: Tensor) -> Tensor:
    """Return (D(Theta_hat) - 1)^2 [B]: what the coders minimise against the discriminator.

    Args:
        estimated: D of received parameters [B].
    """
    return (estimated - 1).square()


def joint_errors(true: Tensor, estimated: Tensor) -> Tensor:
    """Return the position error of joints, averaged over them: MPJPE of every sample [B] (section V-A).

    Args:
        true: positions [B, K, 2 or 3].
        estimated: same shape.
    """
    # the small number keeps the gradient finite where a joint is met exactly
    return torch.sqrt((true - estimated).square().sum(-1) + 1e-12).mean(-1)


def squared_error(true: Tensor, estimated: Tensor) -> Tensor:
    """Return the mean squared error of every sample [B]; any shape [B, ...]."""
    return (true - estimated).square().flatten(1).mean(1)
