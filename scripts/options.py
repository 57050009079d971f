"""Checks of command-line values that several commands share."""

from __future__ import annotations

import math
import os
from pathlib import Path

from semverse.envs.errors import InputError
from semverse.envs.scc.reward import check_preference
from semverse.envs.scc.types import FloatArray


def split(text: str | None) -> list[str] | None:
    """Return the parts of a comma-separated value; None stays None."""
    return None if text is None else [part.strip() for part in text.split(",")]


def numbers(text: str, source: str) -> list[float]:
    """Return the numbers of a comma-separated value.

    Raises:
        InputError: a part is no finite number.
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(f"is {text!r:.60}", source=source, remedy="give numbers, e.g. 4,8") from error
    if not all(map(math.isfinite, found)):
        raise InputError(f"is {text!r:.60}", source=source, remedy="give finite numbers")
    return found


def parse_preference(text: str) -> FloatArray:
    """Return ``w_latency,w_energy`` as one preference [1, 2] of sum 1.

    Raises:
        InputError: not two finite numbers >= 0 with a positive sum.
    """
    try:
        weights = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(f"is {text!r:.60}", source="--preference", remedy="give e.g. 0.7,0.3") from error
    return check_preference(weights)[None]


def check_seed(seed: int) -> int:
    """Return the seed.

    Raises:
        InputError: it is negative.
    """
    if seed < 0:
        raise InputError(f"is {seed}", source="--seed", remedy="give 0 or more")
    return seed


def check_output(path: Path) -> None:
    """Make sure, before a long computation, that a file can be written there.

    Raises:
        InputError: the path is a folder or a device, or its folder is missing or read-only.
    """
    if path.exists() and not path.is_file():
        raise InputError("is no regular file", source=path, remedy="give the path of a file")
    if not path.parent.is_dir():
        raise InputError("its folder does not exist", source=path, remedy="create it or choose another")
    if not os.access(path.parent, os.W_OK):
        raise InputError("its folder is read-only", source=path, remedy="choose another")
