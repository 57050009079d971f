"""Transport blocks of NR: their size (TS 38.214, 5.1.3.2) and their code blocks (TS 38.212, 5.2.2, 7.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.checks import check_range
from semverse.envs.channels.modulation import BITS_PER_SYMBOL, check_modulation
from semverse.envs.channels.numerology import SUBCARRIERS
from semverse.envs.channels.schemes import LARGEST_K, LARGEST_K_OF_GRAPH_2, base_graph

IntArray = npt.NDArray[np.int64]
MOST_RESOURCE_ELEMENTS = 156  # counted in a resource block and slot
LONG_CRC, SHORT_CRC = 24, 16
SHORT_BITS = 3824  # up to here one code block, a short CRC, and sizes of the table

# table 5.1.3.2-1: first, last, step; and those without a rule
_STEPS = ((24, 192, 8), (208, 384, 16), (408, 576, 24), (608, 768, 32), (808, 928, 40))
_REST = (
    "984 1032 1064 1128 1160 1192 1224 1256 1288 1320 1352 1416 1480 1544 1608 1672 1736 1800 1864 1928 2024 "
    "2088 2152 2216 2280 2408 2472 2536 2600 2664 2728 2792 2856 2976 3104 3240 3368 3496 3624 3752 3824"
)
SIZES = np.array(
    [size for first, last, step in _STEPS for size in range(first, last + 1, step)]
    + [int(size) for size in _REST.split()]
)


def transport_block_size(
    modulation: str,
    code_rate: npt.ArrayLike,
    resource_blocks: npt.ArrayLike,
    *,
    symbols: npt.ArrayLike = 14,
    pilots: npt.ArrayLike = 12,
    overhead: npt.ArrayLike = 0,
    layers: npt.ArrayLike = 1,
) -> IntArray:
    """Return the information bits of a transport block (TS 38.214, 5.1.3.2). Arguments broadcast.

    Args:
        modulation: of all symbols.
        code_rate: target code rate, of an MCS table.
        resource_blocks: of the allocation, 1 to 275.
        symbols: OFDM symbols of the allocation in the slot, 1 to 14.
        pilots: resource elements of a resource block that demodulation reference signals take.
        overhead: xOverhead, resource elements a resource block.
        layers: 1 to 8.

    Raises:
        InputError: an unknown modulation, or a value out of range.
    """
    check_modulation(modulation)
    rate = check_range(code_rate, "code_rate", 30 / 1024, 0.95)
    blocks = check_range(resource_blocks, "resource_blocks", 1, 275)
    per_block = SUBCARRIERS * check_range(symbols, "symbols", 1, 14)
    per_block = per_block - check_range(pilots, "pilots", 0, 156) - check_range(overhead, "overhead", 0, 18)
    elements = np.minimum(MOST_RESOURCE_ELEMENTS, check_range(per_block, "pilots", 1, 168)) * blocks
    order = BITS_PER_SYMBOL[modulation]
    information = elements * rate * order * check_range(layers, "layers", 1, 8)
    return np.where(information <= SHORT_BITS, _short(information), _long(information, rate))


def _short(information: npt.NDArray[np.float64]) -> IntArray:
    """Return the sizes of step 3."""
    unit = 2.0 ** np.maximum(3, np.floor(np.log2(information)) - 6)
    quantised = np.maximum(24, unit * np.floor(information / unit))
    return np.asarray(SIZES[np.minimum(np.searchsorted(SIZES, quantised), len(SIZES) - 1)])


def _long(information: npt.NDArray[np.float64], rate: npt.NDArray[np.float64]) -> IntArray:
    """Return the sizes of step 4; ties are rounded up."""
    payload = np.maximum(information, SHORT_BITS + 1) - 24
    unit = 2.0 ** (np.floor(np.log2(payload)) - 5)
    quantised = np.maximum(3840, unit * np.floor(payload / unit + 0.5)) + 24
    largest = np.where(rate <= 0.25, 3816, np.where(quantised > 8424 + 24, 8424, np.inf))
    count = np.maximum(1, np.ceil(quantised / largest))
    return np.asarray(8 * count * np.ceil(quantised / (8 * count)) - 24).astype(np.int64)


@dataclass(frozen=True, eq=False)
class CodeBlocks:
    """How transport blocks are cut; shape of the sizes."""

    count: IntArray
    k: IntArray  # bits that enter the encoder a code block, CRCs counted


def code_blocks(size: npt.ArrayLike, code_rate: npt.ArrayLike) -> CodeBlocks:
    """Return the code blocks of transport blocks of so many bits (TS 38.212, 7.2.1 to 7.2.3).

    Arguments broadcast. Bits are spread evenly and rounded up; sizes of `transport_block_size` come out even.

    Raises:
        InputError: a value out of range.
    """
    bits = check_range(size, "size", 1, 1e8)
    rate = check_range(code_rate, "code_rate", 30 / 1024, 0.95)
    with_crc = bits + np.where(bits > SHORT_BITS, LONG_CRC, SHORT_CRC)
    largest = np.where(base_graph(rate, bits) == 2, LARGEST_K_OF_GRAPH_2, LARGEST_K)
    count = np.where(with_crc <= largest, 1, np.ceil(with_crc / (largest - LONG_CRC)))
    k = np.ceil(with_crc / count) + np.where(count > 1, LONG_CRC, 0)
    return CodeBlocks(count.astype(np.int64), k.astype(np.int64))
