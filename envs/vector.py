"""What every native vector environment checks of its caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from semverse.envs.errors import InputError

HEAP = 1 << 23  # bytes; more than the temporary arrays of a step or a refill take together


def keep_heap() -> None:
    """Let the C library keep the memory of temporary arrays between steps.

    glibc gives the end of its heap back to the system as soon as more than a threshold is free, and fetching
    the same pages again costs more than the arithmetic on them. The threshold is twice the largest block
    that was ever freed (mallopt(3), M_MMAP_THRESHOLD); this one is never touched, so it costs nothing.
    """
    np.empty(HEAP, dtype=np.uint8)


def check_mode(mode: str | AutoresetMode) -> AutoresetMode:
    """Return the autoreset mode.

    Raises:
        InputError: there is no such mode.
    """
    try:
        return AutoresetMode(mode)
    except ValueError as error:
        known = ", ".join(repr(m.value) for m in AutoresetMode)
        raise InputError(f"is {mode!r}", key="autoreset_mode", remedy=f"choose {known}") from error


def check_seeds(seed: int | Sequence[int | None] | None, count: int) -> Sequence[int | None]:
    """Return one seed a row; a single number counts upwards, as Gymnasium's own vector environments do.

    Raises:
        InputError: a sequence of another length.
    """
    if seed is None:
        return [None] * count
    if isinstance(seed, int | np.integer):
        return [int(seed) + i for i in range(count)]
    if len(seed) != count:
        raise InputError(f"has {len(seed)} entries", key="seed", remedy=f"give one number or {count}")
    return seed


def check_reset_mask(mask: Any, count: int) -> npt.NDArray[np.bool_]:
    """Return which rows to reset [count]; all for None.

    Raises:
        InputError: no boolean per row, or none of them true.
    """
    if mask is None:
        return np.ones(count, dtype=np.bool_)
    array = np.array(mask)
    if array.shape != (count,) or array.dtype != np.bool_ or not array.any():
        raise InputError(
            "is no mask", source="reset options", key="reset_mask", remedy=f"give {count} booleans, one true"
        )
    return array
