"""Modulation and coding schemes of TS 38.214: MCS tables 1 and 2, CQI table 1 (that of LTE)."""

from __future__ import annotations

from dataclasses import dataclass

from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.errors import InputError

# first index of every modulation, and code rates x 1024 from there on
_QPSK, _QAM16, _QAM64, _QAM256 = "qpsk", "16qam", "64qam", "256qam"
_TABLES: dict[str, list[tuple[str, tuple[float, ...]]]] = {
    # table 5.1.3.1-1
    "1": [
        (_QPSK, (120, 157, 193, 251, 308, 379, 449, 526, 602, 679)),
        (_QAM16, (340, 378, 434, 490, 553, 616, 658)),
        (_QAM64, (438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948)),
    ],
    # table 5.1.3.1-2
    "2": [
        (_QPSK, (120, 193, 308, 449, 602)),
        (_QAM16, (378, 434, 490, 553, 616, 658)),
        (_QAM64, (466, 517, 567, 616, 666, 719, 772, 822, 873)),
        (_QAM256, (682.5, 711, 754, 797, 841, 885, 916.5, 948)),
    ],
    # table 5.2.2.1-2, from index 1 on; index 0 is "out of range"
    "cqi": [
        (_QPSK, (78, 120, 193, 308, 449, 602)),
        (_QAM16, (378, 490, 616)),
        (_QAM64, (466, 567, 666, 772, 873, 948)),
    ],
}


@dataclass(frozen=True)
class Mcs:
    """A modulation and a code rate (a row of the tables of TS 38.214, 5.1.3.1 and 5.2.2.1)."""

    modulation: str
    code_rate: float

    @property
    def efficiency(self) -> float:
        """Information bits a symbol."""
        return BITS_PER_SYMBOL[self.modulation] * self.code_rate


def mcs_table(table: str) -> tuple[Mcs, ...]:
    """Return the rows of table ``1``, ``2`` (row i is MCS index i) or ``cqi`` (row i is CQI index i + 1).

    Source: TS 38.214, tables 5.1.3.1-1, 5.1.3.1-2 and 5.2.2.1-2.

    Raises:
        InputError: an unknown table.
    """
    if table not in _TABLES:
        remedy = f"choose from {', '.join(_TABLES)}"
        raise InputError(f"unknown {table!r:.60}", key="table", remedy=remedy)
    return tuple(Mcs(modulation, rate / 1024) for modulation, rates in _TABLES[table] for rate in rates)
