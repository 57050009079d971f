"""Rates that are not learned: levels in proportion to an estimated entropy, and budgets met by bisection."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from semverse.envs.codecs.vlscc.codec import Codec

_STEP = 1 / 64  # of brightness: what a block varies by costs log2(1 + deviation / step) bits
_HALVINGS = 12


def block_bits(pictures: Tensor, side: int) -> Tensor:
    """Return a crude entropy of each block: log2(1 + deviation / step), mean over colours.

    Args:
        pictures: [B, 3, H, W] in [0, 1].
        side: of a block, pixels.

    Returns:
        [B, ceil(H / side), ceil(W / side)], bits per sample.
    """
    below, right = -pictures.shape[2] % side, -pictures.shape[3] % side
    whole = functional.pad(pictures, (0, right, 0, below), mode="replicate")
    spread = functional.avg_pool2d(whole.square(), side) - functional.avg_pool2d(whole, side).square()
    return torch.log2(1 + spread.clamp(min=0).sqrt() / _STEP).mean(1)


def proportional(bits: Tensor, per_level: float, levels: int) -> Tensor:
    """Return levels in proportion to bits, 0 to L - 1 (Dai et al., JSAC 2022, without the learning)."""
    return torch.floor(bits / per_level + 0.5).clamp(0, levels - 1)


def fit_proportional(codec: Codec, bits: Tensor, budget: float) -> float:
    """Return the bits per level at which the mean number of symbols [B] is the budget, or just below.

    Args:
        codec: counts the symbols of levels.
        bits: [B, *map].
        budget: real symbols a sample.
    """

    def symbols(scale: float) -> float:
        level = proportional(bits, scale, codec.config.levels)
        return float(codec.symbols(level).double().mean())

    return _smallest(lambda scale: symbols(scale) <= budget, float(bits.max()) * 10)


def fit_rate(codec: Codec, source: Tensor, snr_db: float, budget: float) -> float:
    """Return the largest mean rate to ask for that keeps the mean number of symbols within the budget.

    The paper tunes gamma for the same purpose.

    Args:
        codec: of variable length.
        source: samples to calibrate with [B, ...].
        snr_db: dB.
        budget: real symbols a sample.
    """

    def within(saved: float) -> bool:
        level = codec.choose(source, snr_db, max(1 - saved, 1e-3))
        return float(codec.symbols(level).double().mean()) <= budget

    return max(1 - _smallest(within, 1.0), 1e-3)


def _smallest(holds: Callable[[float], bool], high: float) -> float:
    """Return the smallest value up to ``high`` that a monotonous condition holds for, by bisection."""
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
