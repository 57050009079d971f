"""The entropy model (paper 000, eq. 3), and the side information that the receiver needs for it.

Elements are Gaussian; the deviation of each depends on its map, its channel, and how active its place is. The
activity, a level for the common map and one for all individual maps of a GOP, is the side information. With
it both ends know the deviations, and so which elements were dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BIN = 1 / 255  # of what is told apart, in units of pixels from 0 to 1
_ACTIVE = slice(1, 64)  # channels whose energy is the activity: all but the brightness and the weak ones
_PRIOR_COUNT = 20.0  # places that the guess about a level seldom met is worth
_LEAST_ENERGY = 1e-12


class EntropyModel(nn.Module):
    """Deviation of every element out of levels of activity.

    Args:
        frames: T.
        channels: N.
        levels: L.
        common_level: of a place as active as the average.
    """

    scale: Tensor

    def __init__(self, frames: int, channels: int, levels: int, common_level: int) -> None:
        super().__init__()
        self.levels, self.common_level = levels, common_level
        self.register_buffer("scale", torch.ones(channels))  # deviation of a channel over all pictures
        self.log_deviation = nn.Parameter(torch.zeros(1 + frames, levels, channels))

    def measure(self, maps: Tensor) -> Tensor:
        """Return the levels [B, G, h, w] of maps [B, 1 + T, N, h, w]: common, and individual if T > 1.

        One level is twice the amplitude of the one below.
        """
        energy = (maps.detach()[:, :, _ACTIVE] / self.scale[_ACTIVE, None, None]).square().mean(2)
        groups = [energy[:, 0]] + ([energy[:, 1:].mean(1)] if maps.shape[1] > 2 else [])
        level = torch.stack(groups, 1).clamp(min=_LEAST_ENERGY).log2() / 2 + self.common_level
        return level.round().clamp(0, self.levels - 1)

    def deviation(self, level: Tensor) -> Tensor:
        """Return the deviation [B, 1 + T, N, h, w] of elements at levels [B, G, h, w]."""
        index = level.long()
        common = self.log_deviation[0][index[:, 0]][:, None]
        individual = self.log_deviation[1:][:, index[:, -1]].movedim(0, 1)
        return torch.cat([common, individual], 1).movedim(-1, 2).exp()

    def begin(self, maps: Tensor, scale: Tensor) -> None:
        """Start with the deviations found in maps [B, 1 + T, N, h, w]; ``scale`` [N]: of all pictures."""
        self.scale.copy_(scale)
        level = self.measure(maps).long()
        expected = scale * 2.0 ** (torch.arange(self.levels)[:, None] - self.common_level)  # [L, N]
        for index, table in enumerate(self.log_deviation):
            where = level[:, min(index, level.shape[1] - 1)].flatten()
            found = maps[:, index].movedim(1, -1).flatten(0, 2).square()
            energy = torch.zeros_like(expected).index_add_(0, where, found)
            count = torch.bincount(where, minlength=self.levels)[:, None]
            mean = (energy + _PRIOR_COUNT * expected.square()) / (count + _PRIOR_COUNT)
            table.data.copy_((mean + BIN**2 / 12).log() / 2)


def information_bits(values: Tensor, deviation: Tensor) -> Tensor:
    """Return em = -log2 of the likelihood of values in bins of 1/255 (eq. 3); shape of both.

    The density of a Gaussian stands for the probability mass function.
    """
    relative = (values.square() + BIN**2 / 12) / deviation.square()
    return (deviation * math.sqrt(2 * math.pi) / BIN).log2() + relative / (2 * math.log(2))


def side_bits(level: Tensor, levels: int) -> float:
    """Return the bits that an adaptive arithmetic coder makes of levels [G, h, w] of one GOP.

    Each is predicted by its left neighbour (the first of a row by the one above); differences are coded with
    the estimator of Krichevsky and Trofimov, so that nothing has to be known beforehand.
    """
    return sum(_code_length(part, 2 * levels - 1) for part in _differences(level))


def _differences(level: Tensor) -> Iterator[NDArray[np.int64]]:
    for plane in level.to(torch.int64).numpy():
        before = np.zeros_like(plane)
        before[:, 1:], before[1:, 0] = plane[:, :-1], plane[:-1, 0]
        yield plane - before


def _code_length(values: NDArray[np.int64], alphabet: int) -> float:
    counts = np.unique(values, return_counts=True)[1]
    gammas = sum(math.lgamma(count + 0.5) - math.lgamma(0.5) for count in counts)
    total = math.lgamma(values.size + alphabet / 2) - math.lgamma(alphabet / 2)
    return float((total - gammas) / math.log(2))
