"""The losses of both stages (paper 003, eqs. 23 and 29-34). A policy chooses one MEC a request."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def consistency_loss(logits: Tensor, solution: Tensor) -> Tensor:
    """Return the bound of eq. 23: distances to the optimum from both noise levels, added.

    The distance is the cross entropy over MECs, averaged over requests (the paper's binary cross entropy
    treats the MECs of a request as independent, which a placement never has).

    Args:
        logits: [2 B, R, M], first the rows of one noise level, then the same rows at the other.
        solution: MEC of each request in the optimum [B, R].
    """
    distance = cross_entropy(logits.flatten(0, 1), solution.repeat(2, 1).flatten(), reduction="none")
    first, second = distance.reshape(2, *solution.shape).mean(dim=(1, 2))
    return first + second


def denoising_loss(logits: Tensor, solution: Tensor) -> Tensor:
    """Return the loss of plain discrete diffusion (DIFUSCO): cross entropy to the optimum [B, R]."""
    return cross_entropy(logits.flatten(0, 1), solution.flatten())


def log_probability(logits: Tensor, action: Tensor) -> Tensor:
    """Return the log-probability of each request's MEC [N, R] under logits [N, R, M]."""
    chosen: Tensor = logits.log_softmax(dim=2).gather(2, action[:, :, None])[..., 0]
    return chosen


def clipped_objective(new: Tensor, old: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """Return L^clip of eq. 30, to be maximised.

    Args:
        new: log-probabilities under the policy [N, R].
        old: the same under the policy that acted.
        advantage: A of each request's choice [N, R].
        clip: the clipping parameter.
    """
    ratio = (new - old).exp()
    return torch.minimum(ratio * advantage, ratio.clamp(1.0 - clip, 1.0 + clip) * advantage).mean()


def discounted_return(reward: Tensor, steps: int, discount: float) -> Tensor:
    """Return what is still to come at each of K steps when only the last pays: gamma^(K-1-k) r [K, ...]."""
    power = torch.arange(steps - 1, -1, -1, dtype=reward.dtype)
    return (discount**power).reshape(-1, *([1] * reward.dim())) * reward


def advantage(reward: Tensor, value: Tensor, discount: float) -> Tensor:
    """Return eq. 31: the discounted final reward less the critic's estimate [K, ...].

    Args:
        reward: of the final placement [...]; rewards in between are 0.
        value: V of the state at each step [K, ...].
        discount: gamma.
    """
    return discounted_return(reward, len(value), discount) - value


def entropy(logits: Tensor) -> Tensor:
    """Return the mean entropy of the choices (eq. 32) under logits [N, R, M]."""
    log = logits.log_softmax(dim=2)
    return -(log.exp() * log).sum(dim=2).mean()


def value_loss(value: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of the critic (eq. 33)."""
    return (value - target).square().mean()


def policy_loss(
    surrogate: Tensor, value_error: Tensor, spread: Tensor, value_weight: float, entropy_weight: float
) -> Tensor:
    """Return eq. 29, to be minimised: - L^clip + c1 L^value - c2 entropy."""
    return -surrogate + value_weight * value_error - entropy_weight * spread


def divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Return KL(policy || target) of each row, mean over requests [N]; both logits [N, R, M]."""
    log = logits.log_softmax(dim=2)
    return (log.exp() * (log - target.log_softmax(dim=2))).sum(dim=2).mean(dim=1)


def distillation_loss(
    logits: Tensor, directional: list[Tensor], previous: Tensor, preference: Tensor, proximity: float
) -> Tensor:
    """Return eq. 34: near both directional policies, and near the policy of the iteration before.

    Each direction weighs as much as the row's preference asks for it.

    Args:
        logits: of the global policy [N, R, M].
        directional: logits of the policy of each objective.
        previous: logits of the global policy before [N, R, M].
        preference: [N, 2].
        proximity: weight of the last term.
    """
    towards = sum(
        (preference[:, i] * divergence(logits, target) for i, target in enumerate(directional)),
        start=torch.zeros(len(logits)),
    )
    return (towards + proximity * divergence(logits, previous)).mean()
