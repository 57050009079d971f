"""Cells of a comparison: each is computed once and kept on disk, where a resumed run finds it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from semverse.envs.codecs.comparison.config import ComparisonConfig
from semverse.envs.config import load_config
from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_text, write_atomic

Row = dict[str, Any]
CONFIG, CELLS = "comparison.yaml", "cells"


@dataclass(frozen=True)
class Cell:
    """One method at one operating point."""

    name: str  # of its file
    run: Callable[[], list[Row]]


def open_folder(config: ComparisonConfig, out: Path, resume: bool) -> None:
    """Start in a new or empty folder, or carry on with the same comparison.

    Raises:
        InputError: the folder holds something else.
    """
    file = out / CONFIG
    if resume and file.is_file():
        if load_config(ComparisonConfig, file) != config:
            raise InputError("is another comparison", source=file, remedy="give another --out")
    elif out.is_dir() and any(out.iterdir()):
        raise InputError(
            "is not empty", source=out, remedy="give another --out, or --resume to carry on with it"
        )
    make_folder(out / CELLS)
    write_atomic(file, yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False).encode())


def run_cells(cells: Sequence[Cell], out: Path, progress: Callable[[int, int], object]) -> list[Row]:
    """Return the rows of all cells; those that are on disk are read.

    Args:
        cells: in the order of the rows.
        out: folder of the comparison.
        progress: is told how many cells are done, and how many there are.

    Raises:
        InputError: a cell on disk is damaged.
    """
    rows: list[Row] = []
    for done, cell in enumerate(cells, 1):
        path = out / CELLS / f"{cell.name}.json"
        if not path.is_file():
            write_atomic(path, (json.dumps(cell.run(), indent=1) + "\n").encode())
        try:
            rows += json.loads(read_text(path))
        except (ValueError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"is damaged ({error})", source=path, remedy="delete it and --resume") from error
        progress(done, len(cells))
    return rows


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV and, beside it, as JSON."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue().encode())
    write_atomic(path.with_suffix(".json"), (json.dumps(list(rows), indent=1) + "\n").encode())


def mean_of(rows: Sequence[Row], keys: Sequence[str], values: Sequence[str]) -> list[Row]:
    """Return the mean of ``values`` over rows that agree in ``keys``, in the order they come first."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [
        dict(zip(keys, group, strict=True))
        | {value: sum(row[value] for row in found) / len(found) for value in values}
        for group, found in groups.items()
    ]
