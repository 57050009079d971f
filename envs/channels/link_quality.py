"""Block error rates under fading, and which scheme to choose.

Block fading: one gain a code block. Fast fading: many gains within a code block, of which the effective SNR
by mutual information makes one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.block_errors import bler, waterfall
from semverse.envs.channels.capacity import bicm_capacity, bicm_esno_db
from semverse.envs.channels.checks import check_numbers, check_range
from semverse.envs.channels.mcs import mcs_table
from semverse.envs.channels.modulation import Modulations
from semverse.envs.channels.numerics import FloatArray, from_db, normal_quantile
from semverse.envs.channels.transport import code_blocks

# expectation over the normal variable that makes a waterfall of a step
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def block_fading_bler(
    modulation: Modulations,
    code_rate: npt.ArrayLike,
    k: npt.ArrayLike,
    esno_db: npt.ArrayLike,
    k_factor_db: float | None = None,
) -> FloatArray:
    """Return the mean block error rate with one Rayleigh or Rician gain a block. Arguments broadcast.

    The integral of the curve without fading over |h|^2: the mean of a conditional error rate over the gain
    (Simon and Alouini, "Digital communication over fading channels", 2005). The curve is a step at a
    normally distributed threshold T in dB, so that the integral is the expectation of P(|h|^2 < T - Es/N0)
    over T: smooth, and exact with few nodes.

    Args:
        modulation: as for `bler`.
        code_rate: as for `bler`.
        k: as for `bler`.
        esno_db: at the mean gain, |h|^2 = 1.
        k_factor_db: Rician K factor; Rayleigh if not given.

    Raises:
        InputError: a scheme that does not exist, or a value that is no number.
    """
    position, width = waterfall(modulation, code_rate, k)
    threshold_db = position[..., None] + width[..., None] * _NODES
    power = from_db(threshold_db - check_numbers(esno_db, "esno_db")[..., None])
    outage = rayleigh_outage(power) if k_factor_db is None else rician_outage(power, k_factor_db)
    return np.asarray(outage @ _WEIGHTS)


def rayleigh_outage(power: npt.ArrayLike) -> FloatArray:
    """Return P(|h|^2 < power) of a Rayleigh gain of mean power 1."""
    return -np.expm1(-np.asarray(power, dtype=np.float64))


def rician_outage(power: npt.ArrayLike, k_factor_db: float) -> FloatArray:
    """Return P(|h|^2 < power) of a Rician gain of mean power 1: 1 - Q1(sqrt(2 K), sqrt(2 (K + 1) power)).

    Summed as the mixture of gamma distributions that the noncentral chi-square distribution is.

    Raises:
        InputError: the K factor is not -100 to 30 dB.
    """
    factor = float(from_db(check_range(k_factor_db, "k_factor_db", -100.0, 30.0)))
    x = (factor + 1) * np.asarray(power, dtype=np.float64)
    terms = int(factor + 12 * np.sqrt(factor) + 30)
    with np.errstate(divide="ignore"):
        log_x = np.log(x)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, terms)))])
    counts = np.arange(terms)
    share = np.exp(counts * np.log(factor) - factor - log_factorial)  # Poisson weights
    left = share.sum() - np.cumsum(share) + share  # of the terms from j on
    total = np.zeros_like(x)
    # sum_j share_j P(N >= j + 1) with N Poisson of mean x, so sum over n of P(N = n) times the shares below n
    for n in range(terms):
        total += left[n] * np.exp(n * np.where(np.isneginf(log_x), -1e9, log_x) - x - log_factorial[n])
    return np.clip(1 - total, 0.0, 1.0)


def effective_esno_db(modulation: str, esno_db: npt.ArrayLike, axis: int = -1) -> FloatArray:
    """Return the Es/N0 of a channel without fading that carries as much: ``I^-1(mean I(Es/N0))``.

    Mutual-information effective SNR mapping (MIESM; Brueninghaus et al., "Link performance models for system
    level simulations of broadband radio access systems", PIMRC 2005). For code blocks over many gains
    (subcarriers, symbols); give it to `bler`.

    Args:
        modulation: whose BICM capacity I is.
        esno_db: of the symbols, or of equal groups of them along the axis.
        axis: is averaged over.

    Raises:
        InputError: an unknown modulation, or a value that is no number.
    """
    information = bicm_capacity(modulation, check_numbers(esno_db, "esno_db"))
    return np.asarray(bicm_esno_db(modulation, information.mean(axis=axis)))


def select_mcs(
    esno_db: npt.ArrayLike, k: int, target: float = 0.1, table: str = "1"
) -> npt.NDArray[np.int64]:
    """Return the row of the most efficient scheme of a table with a block error rate up to the target.

    Schemes: TS 38.214, 5.1.3.1 and 5.2.2.1, whose CQI asks for an error rate of at most 0.1.

    Args:
        esno_db: any shape.
        k: information bits of the code blocks.
        target: block error rate, above 0 and below 1.
        table: as for `mcs_table`.

    Returns:
        Rows of `mcs_table`, -1 where none is good enough. The CQI index is one more than the row of ``cqi``.

    Raises:
        InputError: an unknown table, or a value out of range.
    """
    rows = mcs_table(table)
    level = normal_quantile(float(check_range(target, "target", 1e-9, 1 - 1e-9)))
    falls = [waterfall(row.modulation, row.code_rate, k) for row in rows]
    needed = np.array([float(position + level * width) for position, width in falls])
    order = np.argsort([row.efficiency for row in rows], kind="stable")
    good = needed[order] <= check_numbers(esno_db, "esno_db")[..., None]
    best = good.shape[-1] - 1 - np.argmax(good[..., ::-1], axis=-1)
    return np.where(good.any(axis=-1), order[best], -1)


def transport_block_bler(
    modulation: Modulations, code_rate: npt.ArrayLike, size: npt.ArrayLike, esno_db: npt.ArrayLike
) -> FloatArray:
    """Return the error rate of a transport block without fading: some code block of it is lost.

    Cut as in TS 38.212, 5.2.2 and 7.2; losses of code blocks are independent, each as for `bler`.

    Raises:
        InputError: a scheme that does not exist, or a value out of range.
    """
    blocks = code_blocks(size, code_rate)
    return -np.expm1(blocks.count * np.log1p(-bler(modulation, code_rate, blocks.k, esno_db)))
