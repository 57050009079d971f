"""Reader of OpenCellID-format CSV files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semverse.envs.scc.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Cells:
    """Distinct cell sites of a file."""

    lon: FloatArray  # [N] degrees
    lat: FloatArray  # [N] degrees
    bad_rows: int  # rows left out: unreadable or out of range

    def sample(self, count: int, rng: np.random.Generator) -> IntArray:
        """Draw ``count`` distinct sites."""
        return rng.choice(len(self.lon), count, replace=False)


def load_cells(path: str | Path) -> Cells:
    """Read a file."""
    raise FileNotFoundError(path)
