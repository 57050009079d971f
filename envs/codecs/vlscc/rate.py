"""How many symbols are sent: quantiser, mask and side link (paper 002, section III)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


class _Quantiser(Function):
    @staticmethod
    def forward(ctx: Any, rate: Tensor, levels: int) -> Tensor:
        ctx.slope = levels - 1
        return torch.floor(rate * (levels - 1) + 0.5).clamp(0, levels - 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.slope, None


def quantise(rate: Tensor, levels: int) -> Tensor:
    """Return the level q of a rate r: l where (l - 1/2) / (L - 1) <= r <= (l + 1/2) / (L - 1) (eq. 1).

    Where the two closed intervals of eq. 1 meet, the upper level is taken. The gradient is passed straight
    through as L - 1 (eq. 2).

    Args:
        rate: r in [0, 1], any shape.
        levels: L.

    Returns:
        q in {0, ..., L - 1} as floats, shape of ``rate``.
    """
    level: Tensor = _Quantiser.apply(rate, levels)
    return level


class _Mask(Function):
    @staticmethod
    def forward(ctx: Any, level: Tensor, length: int, levels: int) -> Tensor:
        ctx.save_for_backward(level)
        ctx.sizes = length, levels
        index = torch.arange(length, device=level.device)
        # exact for whole levels: i (L - 1) < N q instead of i < N q / (L - 1)
        return (index * (levels - 1) < length * level[..., None]).to(level.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (level,) = ctx.saved_tensors
        return (gradient * mask_slope(level, *ctx.sizes)).sum(-1), None, None


def mask(level: Tensor, length: int, levels: int) -> Tensor:
    """Return which symbols are sent: m_i = 1 iff i < N q / (L - 1) (eqs. 3, 4); gradient of eq. 5.

    Args:
        level: q in {0, ..., L - 1} as floats, shape [...].
        length: N.
        levels: L.

    Returns:
        0 or 1 as floats, [..., N].
    """
    found: Tensor = _Mask.apply(level, length, levels)
    return found


def mask_slope(level: Tensor, length: int, levels: int) -> Tensor:
    """Return dm_i / dq: 1/3 where ceil((L-1) i / N) - 2 < q <= ceil((L-1) i / N) + 1, else 0 (eq. 5).

    The print lost half of the second ceiling.

    Args:
        level: q, shape [...].
        length: N.
        levels: L.

    Returns:
        [..., N].
    """
    index = torch.arange(length, device=level.device)
    ceiling = -(-(levels - 1) * index).div(length, rounding_mode="floor")
    near = (ceiling - 2 < level[..., None]) & (level[..., None] <= ceiling + 1)
    return near.to(level.dtype) / 3


def symbols_of(level: Tensor, length: int, levels: int) -> Tensor:
    """Return how many of N symbols level q sends: ceil(N q / (L - 1)), by eq. 3."""
    return torch.ceil((length * level / (levels - 1)).double() - 1e-9).to(torch.int64)


def side_information_bpp(levels: int, downsampling: int) -> float:
    """Return the bits per pixel of an uncoded rate map: H2 W2 log2(L) / (H W) (section III-B).

    Args:
        levels: L.
        downsampling: H / H2 = W / W2.
    """
    return math.log2(levels) / downsampling**2


def entropy_bits(level: Tensor, levels: int) -> float:
    """Return the empirical entropy of levels in bits each: what an adaptive entropy coder approaches.

    Args:
        level: q, any shape, at least one.
        levels: L.
    """
    counts = torch.bincount(level.flatten().to(torch.int64), minlength=levels).double()
    share = counts[counts > 0] / counts.sum()
    return float(-(share * share.log2()).sum())


def pack(symbols: Tensor, sent: Tensor) -> list[Tensor]:
    """Return what goes over the air: of every sample the symbols that are sent, one after the other.

    Args:
        symbols: [B, N, ...].
        sent: 0 or 1, same shape.

    Returns:
        B vectors.
    """
    return [row[keep > 0] for row, keep in zip(symbols, sent, strict=True)]


def unpack(vectors: list[Tensor], sent: Tensor) -> Tensor:
    """Return received vectors in their places, zero where nothing was sent (zero padding of section III).

    Args:
        vectors: B vectors, as `pack` made them.
        sent: 0 or 1, [B, N, ...].

    Returns:
        [B, N, ...].
    """
    padded = torch.zeros_like(sent)
    for row, keep, vector in zip(padded, sent, vectors, strict=True):
        row[keep > 0] = vector
    return padded
