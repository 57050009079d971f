"""Measured points of block error rates: which schemes, the file they are in, their waterfalls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semverse.envs.channels.capacity import normal_approximation_waterfall
from semverse.envs.channels.numerics import normal_quantile
from semverse.envs.channels.waterfall_fit import Waterfall, fit_waterfall
from semverse.envs.errors import InputError
from semverse.envs.files import read_text, write_atomic

SHIPPED = Path(__file__).with_name("bler.json")
FORMAT = "semverse.bler/1"
ITERATIONS = 20  # of the decoder

# Code rates of the grid: NR's range (TS 38.214, tables 5.1.3.1-1 and 5.1.3.1-2), and both sides of 0.67,
# where the base graph changes.
LOW_RATES = (120 / 1024, 0.2, 0.3, 0.4, 0.5, 0.6, 0.67)
HIGH_RATES = (0.69, 0.75, 0.82, 0.88, 948 / 1024)
LOWEST_RATE = {  # just below those of the same tables
    "qpsk": 120 / 1024,
    "16qam": 0.3,
    "64qam": 0.3,
    "256qam": 0.4,
}
# Block lengths in octaves, and both sides of 292 and 3824 bits, where the base graph changes, and of 192,
# where the share of bits that base graph 2 never sends does (TS 38.212, 5.2.2), which counts at high rates.
LENGTHS_OF_LOW_RATES = (64, 128, 256, 512, 1024, 2048, 3824)
LONG_LENGTHS = (3840, 8448)  # base graph 1, at rates above 1/4
LENGTHS_OF_HIGH_RATES = (64, 128, 160, 192, 193, 292, 293, 512, 1024, 2048, 4096, 8448)
Point = tuple[float, int, int]  # Es/N0 in dB, blocks sent, blocks lost
TYPICAL_LOSS_DB = 0.8  # of the code against the normal approximation


@dataclass(frozen=True)
class Scheme:
    """One code block of k bits; BPSK is QPSK with half the energy a symbol, and not measured apart."""

    modulation: str
    code_rate: float
    k: int

    @property
    def key(self) -> str:
        """Name in files and progress bars."""
        return f"{self.modulation} {self.code_rate:.4f} {self.k}"

    def normal_waterfall(self) -> tuple[float, float]:
        """Return position and width in dB of the normal approximation."""
        position, width = normal_approximation_waterfall(self.modulation, self.code_rate, self.k)
        return float(position), float(width)


@dataclass(frozen=True)
class Measured:
    """Points of one scheme."""

    scheme: Scheme
    points: tuple[Point, ...]
    position_db: float  # of the waterfall through the points
    width_db: float

    @classmethod
    def of(cls, scheme: Scheme, points: tuple[Point, ...]) -> Measured:
        """Return the points with their waterfall."""
        fit = fit_points(scheme, points)
        return cls(scheme, points, round(fit.position_db, 4), round(fit.width_db, 4))

    def esno_db(self, block_error_rate: float) -> float:
        """Return the Es/N0 in dB at which the block error rate is reached."""
        return self.position_db + self.width_db * normal_quantile(block_error_rate)


def fit_points(scheme: Scheme, points: Sequence[Point]) -> Waterfall:
    """Return the waterfall through points of a scheme."""
    return fit_waterfall(np.array(points).reshape(-1, 3), expected_waterfall(scheme))


def expected_waterfall(scheme: Scheme) -> tuple[float, float]:
    """Return position and width in dB that the normal approximation and `TYPICAL_LOSS_DB` let expect."""
    position, width = scheme.normal_waterfall()
    return position + TYPICAL_LOSS_DB, width


def grid() -> list[Scheme]:
    """Return the schemes of the shipped table, short blocks first."""
    found = []
    for modulation, lowest in LOWEST_RATE.items():
        for rate in (*LOW_RATES, *HIGH_RATES):
            lengths: tuple[int, ...] = LENGTHS_OF_HIGH_RATES if rate in HIGH_RATES else LENGTHS_OF_LOW_RATES
            if 0.25 < rate < HIGH_RATES[0]:
                lengths += LONG_LENGTHS
            if rate >= lowest:
                found += [Scheme(modulation, rate, k) for k in lengths]
    return sorted(found, key=lambda scheme: scheme.k)


@dataclass(frozen=True)
class PointsFile:
    """All measured schemes and how they were measured."""

    seed: int
    iterations: int  # of the decoder
    measured: tuple[Measured, ...]

    def save(self, path: Path) -> None:
        """Write the file, one scheme a line.

        Raises:
            InputError: it cannot be written.
        """
        rows = [
            {"modulation": m.scheme.modulation, "code_rate": m.scheme.code_rate, "k": m.scheme.k}
            | {"position_db": m.position_db, "width_db": m.width_db, "points": m.points}
            for m in sorted(
                self.measured, key=lambda m: (m.scheme.modulation, m.scheme.code_rate, m.scheme.k)
            )
        ]
        head = {"format": FORMAT, "seed": self.seed, "iterations": self.iterations}
        lines = ",\n".join(json.dumps(row) for row in rows)
        write_atomic(path, f'{json.dumps(head)[:-1]}, "schemes": [\n{lines}\n]}}\n'.encode())


def load_points(path: Path = SHIPPED) -> PointsFile:
    """Read a file of points.

    Raises:
        InputError: it is missing or no such file.
    """
    try:
        content = json.loads(read_text(path))
        if content["format"] != FORMAT:
            raise InputError(
                f"is {content['format']!r:.60}", source=path, key="format", remedy=f"give {FORMAT}"
            )
        measured = tuple(
            Measured(
                Scheme(str(row["modulation"]), float(row["code_rate"]), int(row["k"])),
                tuple((float(esno_db), int(sent), int(lost)) for esno_db, sent, lost in row["points"]),
                float(row["position_db"]),
                float(row["width_db"]),
            )
            for row in content["schemes"]
        )
        return PointsFile(int(content["seed"]), int(content["iterations"]), measured)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        remedy = "give a file that `semverse calibrate bler` wrote"
        raise InputError("is no file of measured points", source=path, remedy=remedy) from error


def open_points(path: Path, seed: int) -> PointsFile:
    """Return the file of points to carry on with, an empty one if there is none.

    Raises:
        InputError: it holds something else, or was made with another seed or decoder.
    """
    if not path.exists():
        return PointsFile(seed, ITERATIONS, ())
    file = load_points(path)
    if (file.seed, file.iterations) != (seed, ITERATIONS):
        raise InputError("is of other settings", source=path, remedy="choose another --out")
    return file
