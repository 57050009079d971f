"""The options of a radio link, and what each of them makes of a frame at every signal-to-noise ratio."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.cee.types import BoolArray, FloatArray, IntArray
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, write_atomic

FORMAT = "semverse-cee-links-1"
TABLES = ("links", "measured")  # that ship
_TILES = 4.0  # deviations of the spread that are averaged over


@dataclass(frozen=True, eq=False)
class LinkTable:
    """O options of a link over S signal-to-noise ratios."""

    snr_db: FloatArray  # [S] evenly spaced Es/N0, without spread
    log_mse: FloatArray  # [S, O] natural logarithm of the mean squared error, peak 1
    symbols: FloatArray  # [O] channel symbols a frame, mean over a GOP
    gop: IntArray  # [O] frames
    semantic: BoolArray  # [O] else H.264
    names: tuple[str, ...]  # [O]

    @property
    def options(self) -> int:
        """Return O."""
        return len(self.names)

    @property
    def step_db(self) -> float:
        """Distance of ratios in dB."""
        return float(self.snr_db[1] - self.snr_db[0])

    def spread(self, deviation_db: float) -> LinkTable:
        """Return the table of what is left on average if the ratio is normally distributed about its mean.

        Beyond its ends the table goes on as it is there.

        Args:
            deviation_db: of the ratio in dB.
        """
        reach = int(np.ceil(_TILES * deviation_db / self.step_db))
        if reach == 0:
            return self
        offsets = np.arange(-reach, reach + 1) * self.step_db
        weights = np.exp(-0.5 * (offsets / deviation_db) ** 2)
        padded = np.pad(np.exp(self.log_mse), ((reach, reach), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, 2 * reach + 1, axis=0
        )  # [S, O, 2 reach + 1]
        mean = windows @ (weights / weights.sum())
        return LinkTable(self.snr_db, np.log(mean), self.symbols, self.gop, self.semantic, self.names)


def save_links(table: LinkTable, path: str | Path) -> None:
    """Write a table so that the file is there whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        format=np.asarray(FORMAT),
        snr_db=table.snr_db,
        log_mse=table.log_mse.astype(np.float32),
        symbols=table.symbols,
        gop=table.gop,
        semantic=table.semantic,
        names=np.asarray(table.names),
    )
    write_atomic(path, stream.getvalue())


@lru_cache(maxsize=8)
def load_links(name: str = "links") -> LinkTable:
    """Read a table: one that ships (`TABLES`), or an .npz file.

    Raises:
        InputError: unknown name, or a file that is no such table.
    """
    if name.endswith(".npz"):
        return _read(Path(name))
    if name not in TABLES:
        remedy = f"choose {', '.join(TABLES)} or an .npz file"
        raise InputError(f"is {name!r:.60}", key="links", remedy=remedy)
    return _read(Path(str(files("semverse.envs.cee").joinpath("tables", f"{name}.npz"))))


def _read(path: Path) -> LinkTable:
    content, remedy = read_bytes(path), "make it anew: python -m semverse.scripts.cee_links"
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            data: dict[str, Any] = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"is no .npz archive ({error})", source=path, remedy=remedy) from error
    if str(data.pop("format", "")) != FORMAT:
        raise InputError("is no table of links", source=path, key="format", remedy=f"expected {FORMAT}")
    kinds = {"snr_db": "f", "log_mse": "f", "symbols": "f", "gop": "i", "semantic": "b", "names": "U"}
    for key, kind in kinds.items():
        if key not in data or data[key].dtype.kind != kind:
            raise InputError("is missing or of a wrong type", source=path, key=key, remedy=remedy)
    ratios, options = len(np.atleast_1d(data["snr_db"])), len(np.atleast_1d(data["names"]))
    for key in kinds:
        shape = {"snr_db": (ratios,), "log_mse": (ratios, options)}.get(key, (options,))
        if data[key].shape != shape or not (kinds[key] != "f" or np.isfinite(data[key]).all()):
            raise InputError(f"is not finite and {list(shape)}", source=path, key=key, remedy=remedy)
    steps = np.diff(data["snr_db"])
    if ratios < 2 or options < 1 or steps.min() <= 0 or not np.allclose(steps, steps[0]):
        raise InputError("does not rise evenly", source=path, key="snr_db", remedy=remedy)
    return LinkTable(
        data["snr_db"].astype(np.float64),
        data["log_mse"].astype(np.float64),
        data["symbols"].astype(np.float64),
        data["gop"].astype(np.int64),
        data["semantic"],
        tuple(str(name) for name in data["names"]),
    )
