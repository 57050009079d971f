"""Which modulation and coding schemes of one code block exist in NR, and their sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.checks import check_range
from semverse.envs.channels.modulation import BITS_PER_SYMBOL, check_modulation
from semverse.envs.channels.numerics import FloatArray
from semverse.envs.errors import InputError

SMALLEST_K, LARGEST_K = 12, 8448  # of one code block: TS 38.212, 5.2.2 (base graph 1)
LARGEST_K_OF_GRAPH_2 = 3840
LARGEST_RATE = 948 / 1024  # TS 38.214, table 5.1.3.1-2
SMALLEST_RATE = 30 / 1024  # table 5.1.3.1-3


def check_scheme(modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike) -> None:
    """Make sure that schemes exist.

    Raises:
        InputError: an unknown modulation, a code rate or block length out of range.
    """
    check_modulation(modulation)
    check_range(code_rate, "code_rate", SMALLEST_RATE, LARGEST_RATE)
    lengths = check_range(k, "k", SMALLEST_K, LARGEST_K)
    if (lengths % 1).any():
        raise InputError("is no whole number of bits", key="k", remedy="give whole numbers")


def block_symbols(modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike) -> FloatArray:
    """Return the symbols of a block of k bits; the code rate is rounded down so that all are full."""
    rate, length = np.asarray(code_rate, dtype=np.float64), np.asarray(k, dtype=np.float64)
    return np.ceil(length / rate / BITS_PER_SYMBOL[modulation] - 1e-9)


def effective_rate(modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike) -> FloatArray:
    """Return the code rate once all symbols of a block are full."""
    sent = block_symbols(modulation, code_rate, k) * BITS_PER_SYMBOL[modulation]
    return np.asarray(np.asarray(k, dtype=np.float64) / sent)


def base_graph(code_rate: npt.ArrayLike, k: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the LDPC base graph, 1 or 2 (TS 38.212, 7.2.2; one code block, no CRC counted)."""
    rate, length = np.asarray(code_rate), np.asarray(k)
    second = (length <= 292) | ((length <= 3824) & (rate <= 0.67)) | (rate <= 0.25)
    return np.where(second, 2, 1)
