"""Which modulation and coding schemes of one code block exist in NR, and their sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
    rates, lengths = np.asarray(code_rate), np.asarray(k)
    if not bool(((rates >= SMALLEST_RATE - 1e-9) & (rates <= LARGEST_RATE + 1e-9)).all()):
        raise InputError(f"is {_first(rates)}", key="code_rate", remedy="give 30/1024 to 948/1024")
    if not bool(((lengths >= SMALLEST_K) & (lengths <= LARGEST_K) & (lengths % 1 == 0)).all()):
        remedy = f"give whole numbers, {SMALLEST_K} to {LARGEST_K} bits"
        raise InputError(f"is {_first(lengths)}", key="k", remedy=remedy)


def block_symbols(modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike) -> FloatArray:
    """Return the symbols of a block of k bits; the code rate is rounded down so that all are full."""
    rate, length = np.asarray(code_rate, dtype=np.float64), np.asarray(k, dtype=np.float64)
    return np.ceil(length / rate / BITS_PER_SYMBOL[modulation] - 1e-9)


def base_graph(code_rate: npt.ArrayLike, k: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the LDPC base graph, 1 or 2 (TS 38.212, 7.2.2; one code block, no CRC counted)."""
    rate, length = np.asarray(code_rate), np.asarray(k)
    second = (length <= 292) | ((length <= 3824) & (rate <= 0.67)) | (rate <= 0.25)
    return np.where(second, 2, 1)


def _first(values: npt.NDArray[np.generic]) -> object:
    """Return a number for a message: the only one, or the extremes."""
    return values.item() if values.ndim == 0 else f"{values.min()} to {values.max()}"
