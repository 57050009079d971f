"""Mapping of bits to symbols and exact soft demapping, one real dimension at a time."""

from __future__ import annotations

import torch

from semverse.envs.channels.modulation import BITS_PER_SYMBOL, amplitudes

SMALLEST_LIKELIHOOD = 1e-37  # in single precision; bounds a log-likelihood ratio by 85


class Dimensions:
    """Symbols of a modulation as real dimensions: the two parts of a complex symbol, the one of BPSK."""

    def __init__(self, modulation: str) -> None:
        order = BITS_PER_SYMBOL[modulation]
        self.parts = min(order, 2)  # real dimensions a symbol
        self.bits = order // self.parts  # a dimension
        self._amplitudes = torch.from_numpy(amplitudes(modulation)).float()
        self._weights = 2 ** torch.arange(self.bits - 1, -1, -1)
        ones = (torch.arange(2**self.bits)[:, None] // self._weights) % 2
        self._labels = torch.cat([ones, 1 - ones], dim=1).float()  # [amplitudes, bit is 1, bit is 0]

    def map(self, bits: torch.Tensor) -> torch.Tensor:
        """Return the amplitudes [B, symbols, parts] of coded bits [B, n]."""
        apart = bits.reshape(len(bits), -1, self.bits, self.parts).long()
        return self._amplitudes[(apart * self._weights[:, None]).sum(dim=2)]

    def demap(self, received: torch.Tensor, noise_variance: torch.Tensor) -> torch.Tensor:
        """Return log p(bit = 1) / p(bit = 0) [B, n] of received amplitudes [B, symbols, parts].

        Args:
            received: with the gain divided out.
            noise_variance: of a complex symbol [B, symbols]: N0, of which a dimension has half.
        """
        exponents = (received[..., None] - self._amplitudes).square_().div_(-noise_variance[..., None, None])
        exponents -= exponents.amax(dim=-1, keepdim=True)
        likelihoods = (exponents.exp_() @ self._labels).clamp_(min=SMALLEST_LIKELIHOOD).log_()
        logits = likelihoods[..., : self.bits] - likelihoods[..., self.bits :]
        return logits.transpose(2, 3).reshape(len(received), -1)
