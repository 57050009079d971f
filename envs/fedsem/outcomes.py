"""Outcomes of long studies, one JSON file each: what is there is not computed again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_text, write_atomic


def once(path: Path, recipe: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return an outcome: that of the file if it is there, else compute and write it.

    Args:
        path: of the file; its folder is made.
        recipe: everything that decides the outcome.
        compute: returns the outcome.

    Raises:
        InputError: the file is damaged or of another recipe, or the folder cannot be written to.
    """
    make_folder(path.parent)
    expected = json.loads(json.dumps(recipe))  # as it is read back: tuples are lists
    if not path.exists():
        outcome = compute()
        write_atomic(path, json.dumps({"recipe": expected, "outcome": outcome}).encode())
        return outcome
    try:
        found = json.loads(read_text(path))
        if found["recipe"] != expected:
            raise KeyError("another study")
        return dict(found["outcome"])
    except (ValueError, KeyError, TypeError) as error:
        text = f"is no outcome of this study ({error})"
        raise InputError(text, source=path, remedy="give another folder") from error


def spread(values: list[float]) -> str:
    """Return the mean of values with the smallest and the largest behind it."""
    return f"{sum(values) / len(values):.3f} ({min(values):.3f}-{max(values):.3f})"
