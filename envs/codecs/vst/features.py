"""Common and individual features of a GOP (paper 000, eqs. 1 and 2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def temporal_transform(frames: int) -> Tensor:
    """Return the orthonormal cosine transform [T, T] over frames: row k holds temporal frequency k.

    It is close to the Karhunen-Loeve transform of frames that change slowly.
    """
    time = torch.arange(frames) + 0.5
    rows = torch.cos(math.pi / frames * torch.arange(frames)[:, None] * time) * math.sqrt(2 / frames)
    rows[0] /= math.sqrt(2)
    return rows


class CommonFeatures(nn.Module):
    """The common feature extractor: W_c = f_c(Y), W_i = Y_i - W_c.

    f_c weighs the frames, with weights of its own for each channel, and begins with their mean. Individual
    features are sent by their temporal frequency, so that what changes slowly takes few symbols. All maps are
    scaled such that an error in any of them does the same harm in pixels.

    Args:
        frames: T.
        channels: N.
    """

    rows: Tensor

    def __init__(self, frames: int, channels: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.full((frames, channels), 1 / frames))
        self.register_buffer("rows", temporal_transform(frames), persistent=False)

    def split(self, features: Tensor) -> Tensor:
        """Return W = (W_c, W_1 .. W_T) [B, 1 + T, N, h, w] of features Y [B, T, N, h, w]."""
        common = torch.einsum("tn,btnhw->bnhw", self.weights, features)[:, None]
        individual = torch.einsum("kt,btnhw->bknhw", self.rows, features - common)
        return torch.cat([common * math.sqrt(len(self.rows)), individual], 1)

    def join(self, maps: Tensor) -> Tensor:
        """Return features Y [B, T, N, h, w] of maps W [B, 1 + T, N, h, w]."""
        individual = torch.einsum("kt,bknhw->btnhw", self.rows, maps[:, 1:])
        return individual + maps[:, :1] / math.sqrt(len(self.rows))

    def join_errors(self, errors: Tensor) -> Tensor:
        """Return the expected squared error of Y [B, T, N, h, w] from that of maps, if independent."""
        individual = torch.einsum("kt,bknhw->btnhw", self.rows.square(), errors[:, 1:])
        return individual + errors[:, :1] / len(self.rows)
