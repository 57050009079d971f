"""Checks of plain numbers that a caller gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from semverse.envs.errors import InputError


def check_number(key: str, value: Any, low: float, high: float = 1e6) -> float:
    """Return a finite number within bounds, or raise `InputError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"is {value!r:.60}", key=key, remedy=f"give a number from {low:g} to {high:g}")
    return float(value)


def check_count(key: str, value: Any, low: int = 1, high: int = 1_000_000) -> int:
    """Return a whole number within bounds, or raise `InputError`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise InputError(f"is {value!r:.60}", key=key, remedy=f"give a whole number from {low} to {high}")
    return int(value)
