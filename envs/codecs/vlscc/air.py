"""The air between the coders: power normalisation, Gaussian noise, Rayleigh fading.

Symbols are real; two of them make one complex symbol. One real symbol has unit mean power, so that the SNR
of the real and of the complex symbol are the same number.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from semverse.envs.errors import InputError

SNR_LIMIT_DB = 60.0


def check_snr(snr_db: Tensor) -> None:
    """Refuse an SNR that no link has.

    Raises:
        InputError: not a number, or beyond -60 to 60 dB.
    """
    if not bool(torch.isfinite(snr_db).all()) or bool((snr_db.abs() > SNR_LIMIT_DB).any()):
        raise InputError(
            f"is {snr_db.flatten()[:3].tolist()}",
            source="codec",
            key="snr_db",
            remedy=f"give {-SNR_LIMIT_DB:g} to {SNR_LIMIT_DB:g} dB",
        )


def normalise(symbols: Tensor, sent: Tensor) -> Tensor:
    """Return the symbols that are sent, scaled to unit mean power over each sample; zero where none is sent.

    Args:
        symbols: [B, N, ...].
        sent: mask of 0 and 1, same shape.

    Returns:
        [B, N, ...].
    """
    kept = sent.detach()  # the mask's gradient is that of the product (eq. 4), not of the scale
    axes = tuple(range(1, symbols.dim()))
    # where nothing is sent, the scale is that of all symbols: it decides the gradient towards sending
    kept = torch.where(kept.sum(axes, keepdim=True) > 0, kept, 1.0)
    count = kept.sum(axes, keepdim=True)
    power = (symbols.square() * kept).sum(axes, keepdim=True) / count
    return symbols * sent / torch.sqrt(power + 1e-12)


def noise_deviation(snr_db: Tensor) -> Tensor:
    """Return the deviation of the noise of real symbols of unit mean power; any shape."""
    return torch.pow(10.0, -snr_db / 20)


def noise(symbols: Tensor, snr_db: Tensor, generator: Generator | None = None) -> Tensor:
    """Return white Gaussian noise for symbols [B, N, ...] of unit mean power at an SNR [B] in dB."""
    deviation = noise_deviation(snr_db).reshape(-1, *(1,) * (symbols.dim() - 1))
    return torch.randn(symbols.shape, generator=generator, dtype=symbols.dtype) * deviation


def awgn(symbols: Tensor, snr_db: Tensor, generator: Generator | None = None) -> Tensor:
    """Return symbols [B, N, ...] of unit mean power with white Gaussian noise at an SNR [B] in dB."""
    return symbols + noise(symbols, snr_db, generator)


def rayleigh_snr_db(snr_db: Tensor, generator: Generator | None = None) -> Tensor:
    """Return the SNR that blocks see in Rayleigh fading: mean SNR times |h|^2, h ~ CN(0, 1); [B], dB.

    A receiver that knows h and divides by it is left with white noise at this SNR.

    Args:
        snr_db: mean SNR [B], dB.
        generator: of the fading.
    """
    parts = torch.randn((2, *snr_db.shape), generator=generator, dtype=snr_db.dtype)
    gain = parts.square().sum(0) / 2
    return snr_db + 10 * torch.log10(gain.clamp(min=1e-6))
