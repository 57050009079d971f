"""The losses of MODNet (Ke et al. 2022, arXiv:2011.11961), which paper 000 prints as eqs. 4 to 6."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_THUMBNAIL = 16  # pixels of a picture across one of the coarse matte
_BLUR = 3  # pixels across of the mean that smooths the thumbnail


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the three branches say."""

    semantic: Tensor  # [N, 1, H / 16, W / 16] coarse matte s_p
    detail: Tensor  # [N, 1, H, W] matte d_p, good at boundaries
    matte: Tensor  # [N, 1, H, W] alpha_p


@dataclass(frozen=True, eq=False)
class Composite:
    """Pictures whose matte is known: image = alpha foreground + (1 - alpha) background."""

    image: Tensor  # [N, 3, H, W] from 0 to 1
    alpha: Tensor  # [N, 1, H, W]
    foreground: Tensor  # [N, 3, H, W]
    background: Tensor  # [N, 3, H, W]


def thumbnail(alpha: Tensor) -> Tensor:
    """Return G(alpha) [N, 1, H / 16, W / 16]: averaged, and smoothed by a mean of 3 x 3."""
    small = functional.avg_pool2d(alpha, _THUMBNAIL)
    edge = functional.pad(small, [_BLUR // 2] * 4, mode="replicate")
    return functional.avg_pool2d(edge, _BLUR, stride=1)


def boundary(alpha: Tensor, radius: int) -> Tensor:
    """Return m_d [N, 1, H, W]: 1 within so many pixels of where alpha changes, 0 elsewhere.

    That is where dilation and erosion of alpha differ.
    """
    across = 2 * radius + 1
    dilated = functional.max_pool2d(alpha, across, stride=1, padding=radius)
    eroded = -functional.max_pool2d(-alpha, across, stride=1, padding=radius)
    return (dilated > eroded).to(alpha.dtype)


def semantic_loss(semantic: Tensor, alpha: Tensor) -> Tensor:
    """Return half the mean squared error of the coarse matte (eq. 4)."""
    return 0.5 * (semantic - thumbnail(alpha)).square().mean()


def detail_loss(detail: Tensor, alpha: Tensor, radius: int) -> Tensor:
    """Return the mean error of the detail matte at boundaries (eq. 5).

    Paper 000 compares with G(alpha), the thumbnail; the matte itself is meant, as in MODNet.
    """
    mask = boundary(alpha, radius)
    return (mask * (detail - alpha).abs()).sum() / mask.sum().clamp_min(1.0)


def fusion_loss(matte: Tensor, truth: Composite) -> Tensor:
    """Return the mean error of the matte plus that of the picture composed with it (eq. 6).

    Paper 000 prints a minus before the compositional loss; MODNet adds it.
    """
    composed = matte * truth.foreground + (1.0 - matte) * truth.background
    return (matte - truth.alpha).abs().mean() + (composed - truth.image).abs().mean()


def modnet_loss(
    prediction: Prediction,
    truth: Composite,
    radius: int = 4,
    weights: tuple[float, float, float] = (1.0, 10.0, 1.0),
) -> Tensor:
    """Return the weighted sum of the three losses.

    Args:
        prediction: of the three branches.
        truth: what they should say.
        radius: of the boundary, pixels.
        weights: of semantic, detail and fusion loss; MODNet's by default.
    """
    losses = torch.stack(
        [
            semantic_loss(prediction.semantic, truth.alpha),
            detail_loss(prediction.detail, truth.alpha, radius),
            fusion_loss(prediction.matte, truth),
        ]
    )
    return (losses.new_tensor(weights) * losses).sum()
