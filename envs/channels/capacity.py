"""How many bits a symbol can carry: Shannon, bit-interleaved coded modulation (BICM), finite block length.

Es/N0 in dB as in `semverse.envs.codecs.link`: a symbol has mean energy 1, its complex noise variance N0; BPSK
is real, with noise of variance N0/2.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.modulation import BITS_PER_SYMBOL, amplitudes, check_modulation
from semverse.envs.channels.numerics import FloatArray, from_db, normal_quantile, normal_tail
from semverse.envs.channels.schemes import block_symbols, check_scheme

GRID_DB = np.linspace(-30.0, 40.0, 701)  # where the integrals are evaluated; linear in between
NOISE = np.linspace(-8.0, 8.0, 161)  # standard deviations
WEIGHTS = np.exp(-(NOISE**2) / 2) / np.exp(-(NOISE**2) / 2).sum()


def shannon_capacity(esno_db: npt.ArrayLike) -> FloatArray:
    """Return log2(1 + Es/N0), bits a complex symbol with Gaussian signalling (Shannon, 1948)."""
    return np.log2(1 + from_db(esno_db))


def bicm_capacity(modulation: str, esno_db: npt.ArrayLike) -> FloatArray:
    """Return the mutual information of BICM with Gray labels, bits a symbol (Caire et al., 1998, eq. 15).

    Raises:
        InputError: an unknown modulation.
    """
    check_modulation(modulation)
    information, _ = _bicm_tables(modulation)
    return _interpolate(esno_db, information)


def bicm_dispersion(modulation: str, esno_db: npt.ArrayLike) -> FloatArray:
    """Return the variance of the information density of BICM, bits^2 a symbol.

    The channel dispersion of Polyanskiy, Poor and Verdu (2010), with the bit metrics of Caire, Taricco and
    Biglieri (1998) in place of the likelihoods.

    Raises:
        InputError: an unknown modulation.
    """
    check_modulation(modulation)
    _, dispersion = _bicm_tables(modulation)
    return _interpolate(esno_db, dispersion)


def bicm_esno_db(modulation: str, bits_per_symbol: npt.ArrayLike) -> FloatArray:
    """Return the Es/N0 in dB at which BICM carries so many bits a symbol (the inverse of `bicm_capacity`)."""
    information, _ = _bicm_tables(modulation)
    return np.interp(np.asarray(bits_per_symbol, dtype=np.float64), information, GRID_DB)


def normal_approximation(
    modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike, esno_db: npt.ArrayLike
) -> FloatArray:
    """Return the block error rate that the best code of this length would about have.

    ``Q((S I - k + log2(S) / 2) / sqrt(S V))`` for S symbols of BICM capacity I and dispersion V (Polyanskiy,
    Poor, Verdu, 2010, eq. 296, for BICM). Arguments broadcast.

    Raises:
        InputError: a scheme that does not exist.
    """
    check_scheme(modulation, code_rate, k)
    symbols = block_symbols(modulation, code_rate, k)
    information, dispersion = (_interpolate(esno_db, table) for table in _bicm_tables(modulation))
    return normal_tail(_margin(symbols, np.asarray(k, dtype=np.float64), information, dispersion))


def normal_approximation_waterfall(
    modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return Es/N0 at a block error rate of one half, and width, of the normal approximation in dB.

    The width is that from one half to 10 %. Arguments broadcast; see `semverse.envs.channels.waterfall_fit`.

    Raises:
        InputError: a scheme that does not exist.
    """
    check_scheme(modulation, code_rate, k)
    symbols = block_symbols(modulation, code_rate, k)[..., None]
    length = np.asarray(k, dtype=np.float64)[..., None]
    margin = _margin(symbols, length, *_bicm_tables(modulation))  # [..., grid], rising
    half, tenth = (_crossing(margin, normal_quantile(rate)) for rate in (0.5, 0.1))
    return half, (tenth - half) / normal_quantile(0.1)


def normal_approximation_rate(
    modulation: str, symbols: npt.ArrayLike, block_error_rate: float, esno_db: npt.ArrayLike
) -> FloatArray:
    """Return the bits a symbol that blocks of so many symbols can carry at a block error rate.

    ``I - sqrt(V / S) Q^-1(error) + log2(S) / (2 S)`` (Polyanskiy, Poor, Verdu, 2010, eq. 296, for BICM).

    Raises:
        InputError: an unknown modulation.
    """
    count = np.asarray(symbols, dtype=np.float64)
    back_off = np.sqrt(bicm_dispersion(modulation, esno_db) / count) * normal_quantile(block_error_rate)
    return np.maximum(0.0, bicm_capacity(modulation, esno_db) - back_off + np.log2(count) / (2 * count))


def _margin(
    symbols: FloatArray, k: FloatArray, information: FloatArray, dispersion: FloatArray
) -> FloatArray:
    """Return by how many standard deviations the information of a block is above what it has to carry."""
    spare = symbols * information - k + np.log2(symbols) / 2
    margin: FloatArray = spare / np.sqrt(np.maximum(symbols * dispersion, 1e-12))
    return margin


def _crossing(margin: FloatArray, level: float) -> FloatArray:
    """Return the place in GRID_DB where margins [..., grid] rise above a level."""
    after = np.argmax(margin > level, axis=-1)[..., None]
    low, high = (np.take_along_axis(margin, at, axis=-1)[..., 0] for at in (after - 1, after))
    way = (level - low) / (high - low)
    return np.asarray(GRID_DB[after[..., 0] - 1] + way * (GRID_DB[1] - GRID_DB[0]))


def _interpolate(esno_db: npt.ArrayLike, table: FloatArray) -> FloatArray:
    """Look a table over GRID_DB up; below the grid it is proportional to the SNR."""
    db = np.asarray(esno_db, dtype=np.float64)
    return np.interp(db, GRID_DB, table) * from_db(np.minimum(db - GRID_DB[0], 0.0))


@cache
def _bicm_tables(modulation: str) -> tuple[FloatArray, FloatArray]:
    """Return capacity and dispersion of a symbol over GRID_DB, by numeric integration over the noise.

    The real dimensions of a symbol are alike and independent: both sums over dimensions are multiples of one.
    """
    levels = amplitudes(modulation)
    bits = len(levels).bit_length() - 1
    labels = (np.arange(len(levels))[:, None] >> np.arange(bits)) & 1
    same = (labels[:, None] == labels[None]).astype(np.float64)  # [sent, level, bit]
    information, dispersion = np.empty_like(GRID_DB), np.empty_like(GRID_DB)
    positive = np.flatnonzero(levels > 0)  # the negative ones by symmetry
    for at, deviation in enumerate(np.sqrt(0.5 / from_db(GRID_DB))):
        received = levels[positive, None] + deviation * NOISE  # [sent, noise]
        exponents = -((received[..., None] - levels) ** 2) / (2 * deviation**2)
        likelihoods = np.exp(exponents - exponents.max(axis=-1, keepdims=True))
        agreeing = likelihoods @ same[positive]  # [sent, noise, bit]
        density = (1 + np.log2(agreeing / likelihoods.sum(axis=-1, keepdims=True))).sum(axis=-1)
        information[at] = (density @ WEIGHTS).mean()
        dispersion[at] = ((density - information[at]) ** 2 @ WEIGHTS).mean()
    parts = BITS_PER_SYMBOL[modulation] // bits
    return parts * information, parts * dispersion
