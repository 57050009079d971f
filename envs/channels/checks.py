"""Checks of numbers given by the user."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.numerics import FloatArray
from semverse.envs.errors import InputError


def check_range(values: npt.ArrayLike, key: str, low: float, high: float) -> FloatArray:
    """Return numbers as an array.

    Raises:
        InputError: some are not in [low, high], or no numbers.
    """
    array = check_numbers(values, key)
    if not bool(((array >= low) & (array <= high)).all()):
        within = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} or more"
        shown = array.item() if array.ndim == 0 else f"{array.min():g} to {array.max():g}"
        raise InputError(f"is {shown}", key=key, remedy=f"give {within}")
    return array


def check_numbers(values: npt.ArrayLike, key: str) -> FloatArray:
    """Return numbers as an array.

    Raises:
        InputError: no numbers, or not finite.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("is no array of numbers", key=key, remedy="give numbers") from error
    if not bool(np.isfinite(array).all()):
        raise InputError("holds a value that is not finite", key=key, remedy="give finite numbers")
    return array
