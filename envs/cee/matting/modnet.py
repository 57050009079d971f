"""A small MODNet (Ke et al. 2022, arXiv:2011.11961): three branches for semantics, detail and their fusion.

A reference to train and to test losses with; no weights ship. Narrow convolutions stand in for MobileNetV2,
and one squeeze-and-excite block for e-ASPP.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from semverse.envs.cee.matting.losses import Composite, Prediction, modnet_loss

MULTIPLE = 16  # that height and width of a picture must be of


def _layer(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of 3 x 3 with normalisation."""
    groups = 4 if outputs % 4 == 0 else 1
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(groups, outputs), nn.ReLU())


class _Semantic(nn.Module):
    """S: an encoder to a sixteenth of the size, and the coarse matte of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = [3, width, 2 * width, 4 * width, 4 * width]
        self.stages = nn.ModuleList(_layer(a, b, 2) for a, b in pairwise(sizes))
        self.excite = nn.Linear(4 * width, 4 * width)
        self.head = nn.Conv2d(4 * width, 1, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features of half the size, S(I) [N, C, H / 16, W / 16] and s_p."""
        low, feature = image, image
        for index, stage in enumerate(self.stages):
            feature = stage(feature)
            low = feature if index == 0 else low
        feature = feature * self.excite(feature.mean(dim=(2, 3))).sigmoid()[:, :, None, None]
        return low, feature, self.head(feature).sigmoid()


class ModNet(nn.Module):
    """Matte of pictures.

    Args:
        width: channels of the first stage.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.semantic = _Semantic(width)
        self.detail = nn.Sequential(_layer(5 * width, 2 * width), _layer(2 * width, width))
        self.detail_head = nn.Conv2d(width + 3, 1, 3, padding=1)
        self.fusion = _layer(5 * width, width)
        self.fusion_head = nn.Conv2d(width + 4, 1, 3, padding=1)

    def forward(self, image: Tensor) -> Prediction:
        """Return what the branches say of pictures [N, 3, H, W] from 0 to 1, H and W multiples of 16."""
        low, deep, coarse = self.semantic(image)
        deep = _enlarged(deep, low)
        detail = _enlarged(self.detail(torch.cat([low, deep], dim=1)), image)
        boundaries = self.detail_head(torch.cat([detail, image], dim=1)).sigmoid()
        small = functional.interpolate(detail, low.shape[2:], mode="bilinear", align_corners=False)
        fused = _enlarged(self.fusion(torch.cat([small, deep], dim=1)), image)
        matte = self.fusion_head(torch.cat([fused, boundaries, image], dim=1)).sigmoid()
        return Prediction(coarse, boundaries, matte)


def _enlarged(feature: Tensor, like: Tensor) -> Tensor:
    """Return features at the size of others."""
    return functional.interpolate(feature, like.shape[2:], mode="bilinear", align_corners=False)


def train_step(network: ModNet, optimiser: torch.optim.Optimizer, truth: Composite) -> float:
    """Take one step down the loss of composites; return the loss before it."""
    loss = modnet_loss(network(truth.image), truth)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def toy_composites(count: int, size: int, seed: int) -> Composite:
    """Return pictures of a warm soft-edged disc (a head) before a cool texture.

    Args:
        count: N.
        size: height and width, pixels.
        seed: of places, radii and textures.
    """
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand((count, 3, 1, 1), generator=generator)
    y, x = torch.meshgrid(*[torch.linspace(0, 1, size)] * 2, indexing="ij")
    distance = ((x - 0.3 - 0.4 * draw[:, :1]) ** 2 + (y - 0.3 - 0.4 * draw[:, 1:2]) ** 2).sqrt()
    soft = 2.0 / size  # the edge is about this wide
    alpha = (0.5 + (0.15 + 0.15 * draw[:, 2:] - distance) / (2 * soft)).clamp(0.0, 1.0)
    noise = torch.rand((2, count, 3, size, size), generator=generator)
    tone = torch.tensor([[0.6, 0.4, 0.2], [0.2, 0.4, 0.6]])[:, None, :, None, None]
    foreground, background = (tone + 0.3 * noise).clamp(0.0, 1.0)
    image = alpha * foreground + (1.0 - alpha) * background
    return Composite(image, alpha, foreground, background)
