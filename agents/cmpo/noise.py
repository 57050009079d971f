"""Discrete diffusion over the MEC of each request, with uniform transitions (paper 003, eqs. 21-23)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def keep_probability(t: Tensor) -> Tensor:
    """Return how likely a request keeps its MEC until noise level t in [0, 1]: the cosine schedule.

    It is the product of (1 - beta) over all steps up to t T in eq. 22: 1 at t = 0, 0 at t = 1.
    """
    return torch.cos(t * (math.pi / 2)) ** 2


def transition_matrix(beta: float, mecs: int) -> Tensor:
    """Return Q_t = (1 - beta) I + beta / M 1 1^T [M, M] (eq. 21, uniform transitions)."""
    return (1.0 - beta) * torch.eye(mecs) + beta / mecs * torch.ones(mecs, mecs)


def betas(steps: int) -> Tensor:
    """Return beta of each step 1..T [T], so that their products follow `keep_probability`."""
    keep = keep_probability(torch.linspace(0.0, 1.0, steps + 1, dtype=torch.float64))
    return 1.0 - keep[1:] / keep[:-1].clamp_min(1e-300)


def marginal(solution: Tensor, t: Tensor, mecs: int) -> Tensor:
    """Return q(x_t | x_0) (eq. 22) for MEC indices [B, R] and noise levels [B] -> [B, R, M]."""
    keep = keep_probability(t)[:, None, None].to(torch.float32)
    clean = torch.nn.functional.one_hot(solution, mecs).to(torch.float32)
    return keep * clean + (1.0 - keep) / mecs


def corrupt(solution: Tensor, t: Tensor, mecs: int, uniform: tuple[Tensor, Tensor]) -> Tensor:
    """Draw x_t from q(x_t | x_0) -> [B, R].

    Args:
        solution: MEC indices [B, R].
        t: noise levels [B].
        mecs: number of MECs.
        uniform: two draws from U(0, 1) [B, R]: whether to keep, and what to draw else. Two noise
            levels of the same trajectory (eq. 23) share them.
    """
    drawn = (uniform[1] * mecs).long().clamp_max(mecs - 1)
    return torch.where(uniform[0] < keep_probability(t)[:, None], solution, drawn)


def posterior(noisy: Tensor, predicted: Tensor, t: Tensor, before: Tensor) -> Tensor:
    """Return p(x_s | x_t) of an earlier level s with the network's belief on x_0 (DIFUSCO, D3PM).

    The sum over x_0 of q(x_s | x_t, x_0) p(x_0), with uniform transitions.

    Args:
        noisy: x_t, MEC indices [B, R].
        predicted: p(x_0) [B, R, M].
        t: levels of x_t [B].
        before: levels s < t [B].
    """
    mecs = predicted.shape[2]
    keep_t, keep_s = keep_probability(t)[:, None, None], keep_probability(before)[:, None, None]
    keep_step = (keep_t / keep_s.clamp_min(1e-12)).clamp(0.0, 1.0)
    here = torch.nn.functional.one_hot(noisy, mecs).to(predicted.dtype)
    # q(x_t | x_s) as a function of x_s, and q(x_s | x_0) for every x_0
    forward = keep_step * here + (1.0 - keep_step) / mecs
    # q(x_t | x_0) for every x_0: the normaliser of each q(x_s | x_t, x_0)
    normaliser = keep_t * here + (1.0 - keep_t) / mecs
    share = predicted / normaliser.clamp_min(1e-12)
    mixed = keep_s * share + (1.0 - keep_s) / mecs * share.sum(dim=2, keepdim=True)
    out = forward * mixed
    return out / out.sum(dim=2, keepdim=True).clamp_min(1e-12)


def cosine_levels(count: int) -> Tensor:
    """Return ``count`` levels cos(i pi / 2 K), from 1 downwards, dense where noise is high, without 0 [K]."""
    steps = torch.arange(count, dtype=torch.float64) / count
    return torch.cos(steps * (math.pi / 2))
