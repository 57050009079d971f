"""Block error rate of 5G LDPC codes without fading: a measured table, elsewhere a normal approximation.

Both give a waterfall, ``Q((Es/N0 - position) / width)`` in dB. The table holds, for measured schemes, the
distance of the position to BICM capacity and the logarithm of the width; they are smooth in code rate and
block length and are interpolated linearly in the rate and in log k. Schemes outside of the table (blocks
below 64 bits, high modulations at low rates) have position and width by
`semverse.envs.channels.bler_fallback`. Points were measured down to a block error rate of about 1 %: what is
below is extrapolated, without an error floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.bler_fallback import Fallback
from semverse.envs.channels.bler_points import HIGH_RATES, LOW_RATES, load_points
from semverse.envs.channels.capacity import bicm_esno_db
from semverse.envs.channels.checks import check_numbers
from semverse.envs.channels.modulation import BITS_PER_SYMBOL, Modulations, modulation_names
from semverse.envs.channels.numerics import FloatArray, normal_tail
from semverse.envs.channels.schemes import check_scheme, effective_rate

LONGEST_OF_GRAPH_2 = 292  # bits, at any rate (TS 38.212, 7.2.2)
MEASURED_AS = {"bpsk": "qpsk"}  # the same channel a bit, at twice the energy a symbol


def bler(
    modulation: Modulations, code_rate: npt.ArrayLike, k: npt.ArrayLike, esno_db: npt.ArrayLike
) -> FloatArray:
    """Return the block error rate of one code block without fading. Arguments broadcast.

    Source: Monte Carlo of the LDPC codes of TS 38.212, 5.3.2 (``bler.json``).

    Args:
        modulation: ``bpsk``, ``qpsk``, ``16qam``, ``64qam`` or ``256qam``; one name or an array of names.
        code_rate: information bits a coded bit, 30/1024 to 948/1024.
        k: information bits a block, 12 to 8448.
        esno_db: as in `semverse.envs.codecs.link`.

    Raises:
        InputError: a scheme that does not exist, or an Es/N0 that is no number.
    """
    position, width = waterfall(modulation, code_rate, k)
    return normal_tail((check_numbers(esno_db, "esno_db") - position) / width)


def waterfall(
    modulation: Modulations, code_rate: npt.ArrayLike, k: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return the Es/N0 at a block error rate of one half, and the width, both in dB. Arguments as for `bler`.

    Source: as for `bler`; outside of its table the normal approximation of Polyanskiy, Poor and Verdu
    (2010), moved.

    Raises:
        InputError: a scheme that does not exist.
    """
    if isinstance(modulation, str):
        return _of_modulation(modulation, code_rate, k)
    names = modulation_names(modulation)
    rates, lengths = check_numbers(code_rate, "code_rate"), check_numbers(k, "k")
    names, rates, lengths = np.broadcast_arrays(names, rates, lengths)
    found = np.empty((2, *names.shape))
    for name in np.unique(names).tolist():
        alike = names == name
        found[:, alike] = _of_modulation(name, rates[alike], lengths[alike])
    return found[0], found[1]


def _of_modulation(
    modulation: str, code_rate: npt.ArrayLike, k: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return position and width in dB of schemes of one modulation."""
    check_scheme(modulation, code_rate, k)
    rate, length = np.broadcast_arrays(
        np.asarray(code_rate, dtype=np.float64), np.asarray(k, dtype=np.float64)
    )
    if rate.ndim == 0:
        position, width = _one_waterfall(modulation, float(rate), float(length))
        return np.array(position), np.array(width)
    found = _waterfalls(modulation, rate.reshape(-1), length.reshape(-1)).reshape(2, *rate.shape)
    return found[0], found[1]


@lru_cache(maxsize=4096)
def _one_waterfall(modulation: str, rate: float, k: float) -> tuple[float, float]:
    """Return position and width of one scheme: environments ask for few schemes again and again."""
    position, width = _waterfalls(modulation, np.array([rate]), np.array([k]))[:, 0].tolist()
    return position, width


def _waterfalls(modulation: str, rate: FloatArray, k: FloatArray) -> FloatArray:
    """Return position and width [2, B] of schemes [B]."""
    sent = effective_rate(modulation, rate, k)
    offset, log_width = _table(MEASURED_AS.get(modulation, modulation)).interpolate(rate, sent, k)
    position = bicm_esno_db(modulation, sent * BITS_PER_SYMBOL[modulation]) + offset
    width = np.exp(log_width)
    outside = np.isnan(offset)
    if outside.any():
        position[outside], width[outside] = shipped_fallback().waterfall(
            modulation, rate[outside], k[outside]
        )
    return np.stack([position, width])


@dataclass(frozen=True, eq=False)
class Table:
    """Measured waterfalls of one modulation; not a number where nothing was measured."""

    rates: FloatArray  # [R]
    lengths: FloatArray  # [K]
    values: FloatArray  # [2, R, K] position over capacity in dB, logarithm of the width

    def interpolate(self, rate: FloatArray, effective: FloatArray, k: FloatArray) -> FloatArray:
        """Return position over capacity and log width [2, B] for [B]; not a number outside of the table."""
        low, high = LOW_RATES[-1], HIGH_RATES[0]  # nothing is interpolated between the base graphs
        of_graph = np.where(effective > low, np.maximum(rate, high), np.minimum(rate, low))
        of_graph = np.where(k > LONGEST_OF_GRAPH_2, of_graph, rate)
        row, down = _place(self.rates, of_graph)
        column, right = _place(np.log(self.lengths), np.log(k))
        total = np.zeros((2, len(rate)))
        for i, part in ((row, 1 - down), (row + 1, down)):
            for j, share in ((column, 1 - right), (column + 1, right)):
                weight = part * share
                total += np.where(weight == 0, 0.0, self.values[:, i, j] * weight)
        return total


def _place(nodes: FloatArray, x: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return the node at or before x and the way on to the next, 0 to 1; not a number outside of them."""
    at = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, len(nodes) - 2)
    way = (x - nodes[at]) / (nodes[at + 1] - nodes[at])
    way = np.where(np.abs(way - np.round(way)) < 1e-9, np.round(way), way)
    return at, np.where((way < 0) | (way > 1), np.nan, way)


@cache
def _table(modulation: str) -> Table:
    """Return the shipped table of a modulation; gaps between measured block lengths of a rate are filled."""
    measured = [m for m in load_points().measured if m.scheme.modulation == modulation]
    rates = np.unique([m.scheme.code_rate for m in measured])
    lengths = np.unique([float(m.scheme.k) for m in measured])
    values = np.full((2, len(rates), len(lengths)), np.nan)
    for row, rate in enumerate(rates):
        of_rate = sorted((m for m in measured if m.scheme.code_rate == rate), key=lambda m: m.scheme.k)
        k = np.array([float(m.scheme.k) for m in of_rate])
        sent = effective_rate(modulation, np.full(len(k), rate), k)
        capacity_db = bicm_esno_db(modulation, sent * BITS_PER_SYMBOL[modulation])
        offsets = np.array([m.position_db for m in of_rate]) - capacity_db
        for value, known in zip(values, (offsets, np.log([m.width_db for m in of_rate])), strict=True):
            value[row] = np.interp(np.log(lengths), np.log(k), known, left=np.nan, right=np.nan)
    return Table(rates, lengths, values)


@cache
def shipped_fallback() -> Fallback:
    """Return what the shipped points say of schemes outside of the table."""
    return Fallback.fit(load_points().measured)
