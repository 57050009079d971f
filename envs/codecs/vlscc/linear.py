"""A linear code of picture blocks beside the networks: short trainings begin at what analogue coding reaches.

Blocks are sent as their principal components, most important first, with the power that is best for Gaussian
sources (each component divided by the fourth root of its variance), and weighed by a Wiener filter. A pilot
in the first symbol tells the receiver by how much normalisation scaled the picture.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_PILOT = 1.5
_LEAST_PILOT = 0.05
_LEAST_VARIANCE = 1e-5


class LinearPath(nn.Module):
    """Maps pixels to all symbols but the pilot, and back.

    Args:
        length: N, the pilot included.
        inputs: channels of the pixels [B, C, H1, W1], e.g. 48 of 4 x 4 pixels in three colours.
        side: of a block in those places.
    """

    def __init__(self, length: int, inputs: int, side: int) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(inputs, length - 1, side, side, bias=False)
        self.decoder = nn.ConvTranspose2d(length - 1, inputs, side, side, bias=False)
        self.log_power = nn.Parameter(torch.zeros(length - 1))  # of the symbols before normalisation

    def begin(self, pixels: Tensor) -> None:
        """Start with the principal components of pixels [B, C, H1, W1]; symbols beyond them are zero."""
        count = len(self.log_power)
        variance, basis = principal_components(pixels, self.encoder.kernel_size[0])
        variance, basis = variance[:count].clamp(min=_LEAST_VARIANCE), basis[:, :count]
        shape = self.encoder.weight[: len(variance)].shape
        with torch.no_grad():
            self.encoder.weight.zero_()
            self.decoder.weight.zero_()
            self.encoder.weight[: len(variance)] = (basis * variance**-0.25).T.reshape(shape)
            self.decoder.weight[: len(variance)] = (basis * variance**0.25).T.reshape(shape)
            self.log_power[: len(variance)] = variance.log() / 2

    def symbols(self, pixels: Tensor, added: Tensor) -> Tensor:
        """Return symbols [B, N, h, w]: the pilot, then components of pixels plus what networks add."""
        coded = self.encoder(pixels) + added[:, 1:]
        return torch.cat([torch.full_like(coded[:, :1], _PILOT), coded], 1)

    def scaled(self, padded: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Return symbols as they were before normalisation, and the scale [B, 1, 1, 1] that this took.

        Args:
            padded: [B, N, h, w], zero where nothing was sent.
            level: q [B, h, w].
        """
        count = (level > 0).sum((1, 2)).clamp(min=1)
        heard = (padded[:, 0].sum((1, 2)) / count).clamp(min=_LEAST_PILOT)
        scale = (_PILOT / heard)[:, None, None, None]
        return padded * scale, scale

    def pixels(self, symbols: Tensor, scale: Tensor, snr_db: Tensor) -> Tensor:
        """Return pixels [B, C, H1, W1] of symbols as they were before normalisation, noise scaled too."""
        power = torch.exp(self.log_power)[:, None, None]
        disturbance = scale.square() * torch.pow(10.0, -snr_db / 10)[:, None, None, None]
        found: Tensor = self.decoder(symbols[:, 1:] * power / (power + disturbance))
        return found


def principal_components(pixels: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Return the principal components of blocks of pixels, the strongest first.

    Args:
        pixels: [B, C, H, W], centred.
        side: of a block.

    Returns:
        Variances [C side^2], and components as columns [C side^2, C side^2].
    """
    blocks = functional.unfold(pixels, side, stride=side).transpose(1, 2).flatten(0, 1)
    variance, basis = torch.linalg.eigh(blocks.T @ blocks / len(blocks))
    return variance.flip(0), basis.flip(1)
