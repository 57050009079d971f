"""Reading of a few named columns out of large CSV files."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes


@dataclass(frozen=True, eq=False)
class Columns:
    """What was asked for of a CSV file; rows that lack it or hold no finite number there are left out."""

    values: npt.NDArray[np.float64]  # [N, number of columns]
    labels: list[str]  # [N] the text column, "" without one
    bad_rows: int


def read_columns(path: str | Path, numbers: tuple[str, ...], text: str | None = None) -> Columns:
    """Read columns by name; their order and all other columns are free, blank lines are no rows.

    Args:
        path: CSV file with commas whose first line names the columns.
        numbers: columns that must hold finite numbers.
        text: one more column, kept as text; a row where it is empty is bad.

    Raises:
        InputError: the file cannot be read, is no CSV, or lacks a column.
    """
    content = read_bytes(path).decode("utf-8-sig", errors="replace")  # a bad byte spoils its row only
    reader = csv.reader(io.StringIO(content, newline=""))
    values: list[list[float]] = []
    labels: list[str] = []
    bad = 0
    try:
        header = [name.strip() for name in next(reader, [])]
        at = [_position(header, name, path) for name in numbers]
        label_at = _position(header, text, path) if text else None
        read = reader.line_num
        for row in reader:
            bad += reader.line_num - read - 1  # lines that a quotation mark without its partner swallowed
            read = reader.line_num
            try:
                label = "" if label_at is None else row[label_at].strip()
                values.append([float(row[i]) for i in at])
            except (ValueError, IndexError):
                bad += bool(row)
                continue
            labels.append(label)
    except csv.Error as error:
        raise InputError(f"is no CSV ({error})", source=path, remedy="give a comma-separated file") from error
    array = np.array(values, dtype=np.float64).reshape(-1, len(numbers))
    good = np.isfinite(array).all(axis=1)
    if text:
        good &= np.array([bool(label) for label in labels], dtype=np.bool_)
    kept = [labels[row] for row in np.flatnonzero(good)]
    return Columns(array[good], kept, bad + int((~good).sum()))


def _position(header: list[str], name: str, path: str | Path) -> int:
    if name not in header:
        raise InputError(
            "column is missing",
            source=path,
            key=name,
            remedy=f"name it in the first line, which is {','.join(header)!r:.80}",
        )
    return header.index(name)
