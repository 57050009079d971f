"""What a symbol costs: the multiplier gamma of eqs. 6 to 8, found so that a mean rate is met.

The paper tunes gamma by hand for every SNR. Here one network serves a range of SNR and several mean rates:
gamma is a table over both and follows the rates by dual ascent, so that the budget is met at every SNR.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_NEWS = 0.03  # share of the last sample in the mean of deviations


class RateControl:
    """A table of gamma [bins, rates], and the mean distortion of every bin of SNR.

    Args:
        rates: mean rates to be met.
        snr_db: range of SNR, dB.
        bins: equal parts of that range.
        step: by how much a deviation of the rate moves log gamma.
        penalty: times the relative deviation that `watch` sees is added to gamma, which would swing around
            its place without it (method of multipliers: Hestenes 1969, Powell 1969).
    """

    def __init__(
        self,
        rates: Sequence[float],
        snr_db: tuple[float, float],
        bins: int = 8,
        step: float = 0.1,
        penalty: float = 0.0,
    ) -> None:
        self.rates = torch.tensor(rates)
        self.snr_db, self.bins, self.step, self.penalty = snr_db, bins, step, penalty
        self.excess = torch.zeros(bins, len(rates))  # relative, mean of late
        self.log_gamma = torch.full((bins, len(rates)), -1.0)
        self.distortion = torch.zeros(bins)  # 0: not seen yet

    def bin_of(self, snr_db: Tensor) -> Tensor:
        """Return the bin [B] of an SNR [B] in dB."""
        low, high = self.snr_db
        return ((snr_db - low) / max(high - low, 1e-6) * self.bins).long().clamp(0, self.bins - 1)

    def gamma(self, snr_db: Tensor, which: Tensor) -> Tensor:
        """Return gamma [B] at an SNR [B] for the wanted rate with index ``which`` [B]."""
        cell = self.bin_of(snr_db), which
        return torch.exp(self.log_gamma[cell]) + self.penalty * self.excess[cell]

    @property
    def centres_db(self) -> list[float]:
        """The SNR in the middle of every bin, dB."""
        low, high = self.snr_db
        return [low + (high - low) * (i + 0.5) / self.bins for i in range(self.bins)]

    def scale(self, snr_db: Tensor, distortion: Tensor) -> Tensor:
        """Return the mean distortion [B] at each SNR, and learn it from these samples."""
        where = self.bin_of(snr_db)
        for i in where.unique().tolist():
            seen = distortion.detach()[where == i].mean()
            known = self.distortion[i]
            self.distortion[i] = seen if known == 0 else 0.98 * known + 0.02 * seen
        return self.distortion[where]

    def follow(self, snr_db: Tensor, which: Tensor, rate: Tensor) -> None:
        """Raise gamma where rates [B] are above the wanted ones, and lower it where they are below."""
        where = self.bin_of(snr_db)
        excess, count = torch.zeros_like(self.log_gamma), torch.zeros_like(self.log_gamma)
        excess.index_put_((where, which), rate.detach() - self.rates[which], accumulate=True)
        count.index_put_((where, which), torch.ones_like(rate), accumulate=True)
        self.log_gamma += self.step * excess / count.clamp(min=1)
        self.log_gamma.clamp_(-8, 8)

    def watch(self, share: Tensor) -> None:
        """Do as `follow` for all bins and rates at once.

        Args:
            share: of all symbols that was sent, [bins, rates].
        """
        deviation = share / self.rates - 1
        self.excess.lerp_(deviation, _NEWS)
        self.log_gamma += self.step * deviation
        self.log_gamma.clamp_(-8, 8)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {"log_gamma": self.log_gamma, "distortion": self.distortion, "excess": self.excess}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the tables of an earlier run."""
        self.log_gamma.copy_(state["log_gamma"])
        self.distortion.copy_(state["distortion"])
        self.excess.copy_(state["excess"])
