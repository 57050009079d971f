"""Checks of the values of an SCC instance; each error names the key and the first bad entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError

# Values beyond these are slips of the pen, and products of them could overflow.
LARGEST = 1e12
SMALLEST = 1e-12  # of what must be positive


def check_array(key: str, value: Any, shape: tuple[int, ...], rule: Any) -> npt.NDArray[Any]:
    """Return ``value`` as a read-only array of the given shape whose values keep the field's rule."""
    try:
        given = np.asarray(value)
    except ValueError as error:
        raise InputError("is ragged", key=key, remedy="give rows of equal length") from error
    if given.dtype.kind not in "iuf":
        raise InputError("is no array of numbers", key=key, remedy="give numbers only")
    if given.shape != shape:
        raise InputError(f"has shape {list(given.shape)}", key=key, remedy=f"give shape {list(shape)}")
    with np.errstate(over="ignore"):  # a long double may become infinite, which is refused below
        array = given.astype(np.float64)
    low = max(rule["low"], SMALLEST) if rule["positive"] else rule["low"]
    high = min(rule["high"], LARGEST)
    inside = (array >= low) & (array <= high)  # a NaN fails both
    if not bool(inside.all()):
        raise _bad_entry(key, array, inside, f"give finite values from {low:g} to {high:g}")
    if rule["integer"]:
        whole = array.astype(np.int64)
        if not np.array_equal(whole, array):
            raise _bad_entry(key, array, whole == array, "give whole numbers")
        array = whole  # type: ignore[assignment]
    array.setflags(write=False)
    return array


def _bad_entry(
    key: str, array: npt.NDArray[np.float64], good: npt.NDArray[np.bool_], remedy: str
) -> InputError:
    """Return the error that names the first entry that is not good."""
    where = np.argwhere(~good)[0].tolist()
    value = array[tuple(where)]
    return InputError(f"entry {where if len(where) > 1 else where[0]} is {value:g}", key=key, remedy=remedy)


def check_scalar(key: str, value: Any) -> float:
    """Return ``value`` if it is one finite number >= 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        raise InputError(f"is {value!r:.60}", key=key, remedy=f"give one finite number from 0 to {LARGEST:g}")
    return float(value)


def check_name(name: Any) -> None:
    """Refuse a name that is not one short printable line."""
    if not isinstance(name, str) or not name.isprintable() or len(name) > 200:
        raise InputError(f"is {name!r:.60}", key="name", remedy="give one line of at most 200 characters")
