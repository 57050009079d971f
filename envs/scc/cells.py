"""Reader of OpenCellID-format CSV files; see docs/file-formats.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from semverse.envs.columns import read_columns
from semverse.envs.errors import InputError
from semverse.envs.scc.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Cells:
    """Distinct cell sites of a file, in order of longitude and latitude."""

    lon: FloatArray  # [N] degrees
    lat: FloatArray  # [N] degrees
    rows: int  # good rows; several cells may share a site
    bad_rows: int  # rows left out: unreadable, not finite or out of range
    source: Path

    def sample(self, count: int, rng: np.random.Generator) -> IntArray:
        """Draw ``count`` distinct sites at random, as paper 003, section IV-A.

        Raises:
            InputError: the file has fewer.
        """
        if count > len(self.lon):
            raise InputError(
                f"holds {len(self.lon)} distinct sites, {count} are needed",
                source=self.source,
                key="lon, lat",
                remedy="lower mecs or give a larger file",
            )
        return rng.choice(len(self.lon), count, replace=False)


def load_cells(path: str | Path) -> Cells:
    """Read a file; read again only when it has changed on disk.

    Args:
        path: CSV with a header; only the columns lon and lat are required.

    Raises:
        InputError: the file cannot be read, lacks a column or has no good row.
    """
    try:
        stat = os.stat(path)
    except (OSError, ValueError) as error:
        raise InputError("no such file", source=path, key="cells", remedy="check the path") from error
    return _read(Path(path), (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=4)
def _read(path: Path, state: tuple[int, ...]) -> Cells:
    del state  # part of the key: a changed file is another file
    columns = read_columns(path, ("lon", "lat"))
    inside = (np.abs(columns.values) <= (180.0, 90.0)).all(axis=1)
    points = np.round(columns.values[inside], 6) + 0.0  # to 0.1 m, without negative zeros
    if not len(points):
        raise InputError("holds no good row", source=path, key="lon, lat", remedy="give degrees")
    sites = np.unique(points[:, 0] + 1j * points[:, 1])
    lon, lat = sites.real.copy(), sites.imag.copy()
    for array in (lon, lat):
        array.setflags(write=False)
    bad_rows = columns.bad_rows + int((~inside).sum())
    return Cells(lon=lon, lat=lat, rows=len(points), bad_rows=bad_rows, source=path)
