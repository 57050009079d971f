"""Modulations of NR as amplitudes a real dimension, Gray labelled (TS 38.211, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError

BITS_PER_SYMBOL = {"bpsk": 1, "qpsk": 2, "16qam": 4, "64qam": 6, "256qam": 8}
Modulations = str | Sequence[str] | npt.NDArray[np.str_]  # one name or an array of names


def check_modulation(modulation: str) -> None:
    """Make sure that a modulation is known.

    Raises:
        InputError: it is not, or it is no name.
    """
    if not isinstance(modulation, str):
        raise InputError("is no single name", key="modulation", remedy="give one, such as 'qpsk'")
    if modulation not in BITS_PER_SYMBOL:
        known = ", ".join(BITS_PER_SYMBOL)
        raise InputError(f"unknown {modulation!r:.60}", key="modulation", remedy=f"choose from {known}")


def modulation_names(modulations: Modulations) -> npt.NDArray[np.str_]:
    """Return names as an array.

    Raises:
        InputError: a modulation is unknown, or they are no array of names.
    """
    try:
        names = np.asarray(modulations)
    except ValueError as error:
        raise InputError("is no array of names", key="modulation", remedy="give names") from error
    if names.dtype.kind not in "UO":
        raise InputError("is no array of names", key="modulation", remedy="give names")
    for name in names.reshape(-1).tolist():
        check_modulation(name)
    return names.astype(np.str_)


def amplitudes(modulation: str) -> npt.NDArray[np.float64]:
    """Return the amplitudes of one real dimension, at the index that its bits form, the first bit highest.

    QAM (5.1.3 to 5.1.6) carries its even bits in the real and its odd bits in the imaginary part; a symbol
    has mean energy 1, a dimension of it 1/2. BPSK, turned onto the real axis, has one dimension of energy 1.
    """
    check_modulation(modulation)
    bits = max(1, BITS_PER_SYMBOL[modulation] // 2)
    levels = np.ones(1)
    for power in range(bits):
        inner = 2.0**power - levels if power else levels
        levels = np.concatenate([inner, -inner])
    energy = 1.0 if modulation == "bpsk" else 0.5
    return np.asarray(levels * np.sqrt(energy / np.mean(levels**2)))
