"""Gaussians that share rigid motions (paper 000, section 2.3, eq. 9)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Gaussians:
    """N Gaussians as a renderer wants them; of the world, metres."""

    mean: Tensor  # [N, 3]
    covariance: Tensor  # [N, 3, 3]
    opacity: Tensor  # [N] from 0 to 1
    colour: Tensor  # [N, 3] from 0 to 1


class DynamicGaussians(nn.Module):
    """A scene of N Gaussians over T frames with B shared motions.

    Each Gaussian moves from the reference frame to frame t by T = [R t], a weighted sum of the bases' (eq. 9:
    mu_t = R mu_0 + t, R_t = R R_0). Rotations are two columns each, as Zhou et al. (2019, arXiv:1812.07035)
    have them, so that weighted sums can be made orthonormal again.

    Args:
        mean: in the reference frame [N, 3].
        scale: standard deviation along each axis [N], metres.
        colour: [N, 3].
        weights: share of each basis, before a softmax [N, B].
        rotations: of the bases [B, T, 3, 3].
        translations: of the bases [B, T, 3].
    """

    def __init__(
        self,
        mean: Tensor,
        scale: Tensor,
        colour: Tensor,
        weights: Tensor,
        rotations: Tensor,
        translations: Tensor,
    ) -> None:
        super().__init__()
        count = len(mean)
        self.mean = nn.Parameter(mean.clone())
        self.log_scale = nn.Parameter(scale.log()[:, None].repeat(1, 3))
        self.columns = nn.Parameter(torch.eye(3, dtype=mean.dtype)[:, :2].repeat(count, 1, 1))
        self.opacity_logit = nn.Parameter(torch.full((count,), 3.0, dtype=mean.dtype))
        self.colour_logit = nn.Parameter(torch.logit(colour.clamp(0.02, 0.98)))
        self.weights = nn.Parameter(weights.clone())
        self.base_columns = nn.Parameter(rotations[..., :2].clone())
        self.base_translations = nn.Parameter(translations.clone())

    def motion(self, frame: int) -> tuple[Tensor, Tensor]:
        """Return rotations [N, 3, 3] and translations [N, 3] from the reference frame to another."""
        share = self.weights.softmax(dim=1)
        columns = torch.einsum("nb,bij->nij", share, self.base_columns[:, frame])
        return orthonormal(columns), share @ self.base_translations[:, frame]

    def means(self, frame: int) -> Tensor:
        """Return the centres in a frame [N, 3]."""
        rotation, translation = self.motion(frame)
        return move(rotation, translation, self.mean)

    def at(self, frame: int) -> Gaussians:
        """Return the Gaussians of a frame."""
        rotation, translation = self.motion(frame)
        axes = rotation @ orthonormal(self.columns) * self.log_scale.exp()[:, None, :]
        return Gaussians(
            mean=move(rotation, translation, self.mean),
            covariance=axes @ axes.transpose(1, 2),
            opacity=self.opacity_logit.sigmoid(),
            colour=self.colour_logit.sigmoid(),
        )

    def roughness(self) -> Tensor:
        """Return the mean squared second difference of the bases over time."""
        both = torch.cat([self.base_columns.flatten(2), self.base_translations], dim=2)
        return both.diff(n=2, dim=1).square().mean()


def move(rotation: Tensor, translation: Tensor, points: Tensor) -> Tensor:
    """Return R p + t for each of N points [N, 3]."""
    return (rotation @ points[:, :, None])[:, :, 0] + translation


def orthonormal(columns: Tensor) -> Tensor:
    """Return rotations [..., 3, 3] whose first two columns come from any two [..., 3, 2] (Gram-Schmidt)."""
    first = nn.functional.normalize(columns[..., 0], dim=-1)
    along = (first * columns[..., 1]).sum(dim=-1, keepdim=True)
    second = nn.functional.normalize(columns[..., 1] - along * first, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)
