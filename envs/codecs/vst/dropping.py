"""Variable-length coding under a symbol budget: which elements are dropped, and the power of the others."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Sent(NamedTuple):
    """Elements of a batch as they go over the air; all [B, M]."""

    symbols: Tensor  # unit mean power over the budget, zero where an element was dropped
    gain: Tensor  # by which the elements were multiplied


def power(deviation: Tensor, budget: Tensor, noise: Tensor) -> Tensor:
    """Return the power [B, M] of Gaussian elements that leaves the least squared error.

    Elements beyond the budget are dropped, those of least entropy first: the entropy of a Gaussian rises with
    its deviation s. The others get p = max(0, c s - noise), c such that their sum is the budget (Lagrange).

    Args:
        deviation: s of the elements [B, M].
        budget: how many symbols may be sent [B], at least 1 and at most M.
        noise: variance of the channel's noise [B].
    """
    ordered, order = deviation.sort(1, descending=True)
    count = torch.arange(1, deviation.shape[1] + 1)
    slope = (budget[:, None] + count * noise[:, None]) / ordered.cumsum(1)
    active = (slope * ordered > noise[:, None]) & (count <= budget[:, None])
    last = active.sum(1, keepdim=True) - 1  # the first elements are active, the others not
    shares = (slope.gather(1, last) * ordered - noise[:, None]) * active
    return torch.zeros_like(deviation).scatter(1, order, shares)


def modulate(elements: Tensor, deviation: Tensor, budget: Tensor, noise: Tensor) -> Sent:
    """Return the symbols of elements [B, M], scaled to the power of the budget; arguments as in `power`."""
    with torch.no_grad():
        amplitude = power(deviation, budget, noise).sqrt() / deviation
    energy = (elements * amplitude).square().sum(1, keepdim=True)
    gain = amplitude * torch.sqrt(budget[:, None] / (energy + 1e-12))
    return Sent(elements * gain, gain)


def estimate(received: Tensor, gain: Tensor, deviation: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return the elements [B, M] of least squared error (Wiener), and that error.

    Args:
        received: symbols [B, M].
        gain: of each, zero where dropped.
        deviation: of each.
        noise: variance of each, the channel's gain divided out.
    """
    variance = deviation.square()
    total = variance * gain.square() + noise
    return variance * gain / total * received, variance * noise / total
