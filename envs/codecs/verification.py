"""Fresh Monte Carlo against the models of `semverse.envs.channels` (``semverse calibrate check``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from semverse.envs.channels.bler_points import Scheme
from semverse.envs.channels.block_errors import shipped_fallback, waterfall
from semverse.envs.channels.fading import rayleigh, rician
from semverse.envs.channels.link_quality import block_fading_bler, effective_esno_db
from semverse.envs.channels.numerics import normal_quantile, to_db
from semverse.envs.codecs.calibration import measure
from semverse.envs.codecs.link import CodedLink

LEVELS = (0.1, 0.01)

# On the table's grid, between its rates, between its lengths, and both; every modulation, both base graphs.
IN_TABLE = (
    Scheme("bpsk", 1 / 2, 512),
    Scheme("qpsk", 193 / 1024, 300),
    Scheme("qpsk", 308 / 1024, 1000),
    Scheme("qpsk", 602 / 1024, 1500),
    Scheme("qpsk", 679 / 1024, 6144),
    Scheme("16qam", 434 / 1024, 768),
    Scheme("16qam", 1 / 2, 100),
    Scheme("16qam", 616 / 1024, 3000),
    Scheme("64qam", 517 / 1024, 400),
    Scheme("64qam", 3 / 4, 1024),
    Scheme("64qam", 772 / 1024, 2500),
    Scheme("64qam", 873 / 1024, 6000),
    Scheme("256qam", 754 / 1024, 1280),
    Scheme("256qam", 885 / 1024, 5000),
)
# Base graph 2 at rates above the 2/3 it is made for: what is lost jumps with the block length.
SHORT_AT_HIGH_RATES = (
    Scheme("bpsk", 3 / 4, 200),
    Scheme("qpsk", 0.85, 256),
    Scheme("64qam", 0.82, 256),
    Scheme("256qam", 797 / 1024, 176),
    Scheme("16qam", 0.9, 144),
    Scheme("64qam", 3 / 4, 40),
)
OUTSIDE = (
    Scheme("qpsk", 1 / 2, 16),
    Scheme("qpsk", 1 / 2, 32),
    Scheme("16qam", 2 / 3, 40),
    Scheme("qpsk", 78 / 1024, 512),
    Scheme("16qam", 1 / 5, 1000),
    Scheme("256qam", 0.3, 2000),
)


@dataclass(frozen=True)
class WaterfallCheck:
    """What the models miss of a fresh measurement: model less measured, in dB, at `LEVELS`."""

    scheme: Scheme
    measured_db: tuple[float, float]
    table_db: tuple[float, float]  # of `bler`
    fallback_db: tuple[float, float]


def check_waterfall(scheme: Scheme, seed: int) -> WaterfallCheck:
    """Measure a scheme with a seed that the table was not made with."""
    measured = measure(scheme, seed)
    position, width = waterfall(scheme.modulation, scheme.code_rate, scheme.k)
    other = shipped_fallback().waterfall(
        scheme.modulation, np.array([scheme.code_rate]), np.array([float(scheme.k)])
    )
    truth = np.array([measured.esno_db(level) for level in LEVELS])
    z = np.array([normal_quantile(level) for level in LEVELS])
    table, fallback = position + width * z - truth, other[0] + other[1] * z - truth
    return WaterfallCheck(scheme, _pair(truth), _pair(table), _pair(fallback))


@dataclass(frozen=True)
class FadingCheck:
    """Block error rates under fading."""

    name: str
    esno_db: float
    predicted: float
    counted: float
    blocks: int

    @property
    def relative(self) -> float:
        """Relative error of the prediction."""
        return self.predicted / self.counted - 1

    @property
    def standard_error(self) -> float:
        """Relative standard error of the count."""
        return float(np.sqrt((1 - self.counted) / (self.counted * self.blocks)))


def check_block_fading(blocks: int, seed: int) -> Iterator[FadingCheck]:
    """Send blocks with one gain each: QPSK, rate 1/2, 512 bits, Rayleigh and Rice with K = 6 dB."""
    scheme = ("qpsk", 0.5, 512)
    link, rng = CodedLink(*scheme), np.random.default_rng(seed)
    for k_factor_db, levels in ((None, (5.0, 10.0)), (6.0, (4.0, 6.0))):
        name = "block Rayleigh" if k_factor_db is None else f"block Rice, K = {k_factor_db:g} dB"
        for esno_db in levels:
            gains = rayleigh(rng, blocks) if k_factor_db is None else rician(rng, blocks, k_factor_db)
            bits = rng.integers(0, 2, (blocks, link.k), dtype=np.uint8)
            lost = link.transmit(bits, esno_db, rng=rng, gain=np.abs(gains)).errors.mean()
            predicted = block_fading_bler(*scheme, esno_db, k_factor_db)
            yield FadingCheck(name, esno_db, float(predicted), float(lost), blocks)


@dataclass(frozen=True)
class FastFadingCheck:
    """Error of the effective SNR in dB: predicted less measured Es/N0 at a block error rate of 10 %."""

    name: str
    error_db: float


def check_fast_fading(scheme: Scheme, groups: int, realisations: int, seed: int) -> FastFadingCheck:
    """Send blocks over fixed Rayleigh gains, one a group of symbols, and compare where 10 % are lost.

    Every realisation is shifted to the Es/N0 at which the model says 10 %; the count there, through the
    waterfall's slope, is the error in dB.
    """
    link, rng = CodedLink(scheme.modulation, scheme.code_rate, scheme.k), np.random.default_rng(seed)
    position, width = waterfall(scheme.modulation, scheme.code_rate, scheme.k)
    wanted = float(position + width * normal_quantile(0.1))
    lost, blocks = 0, 0
    for _ in range(realisations):
        gain_db = to_db(np.abs(rayleigh(rng, groups)) ** 2)
        shifts = np.linspace(-20, 40, 601)
        effective = effective_esno_db(scheme.modulation, shifts[:, None] + gain_db)
        esno_db = float(np.interp(wanted, effective, shifts))
        gain = np.repeat(10 ** (gain_db / 20), -(-link.symbols // groups))[: link.symbols]
        bits = rng.integers(0, 2, (100, link.k), dtype=np.uint8)
        lost += int(link.transmit(bits, esno_db, rng=rng, gain=np.tile(gain, (100, 1))).errors.sum())
        blocks += 100
    error_db = float(width) * (normal_quantile(0.1) - normal_quantile(lost / blocks))
    return FastFadingCheck(f"{scheme.key}, {groups} gains a block", error_db)


def _pair(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
