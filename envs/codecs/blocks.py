"""Bit strings as equal code blocks, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError

BitArray = npt.NDArray[np.uint8]


def segment(bits: npt.ArrayLike, k: int) -> BitArray:
    """Cut a bit string [length] into code blocks [ceil(length / k), k]; the last one is padded with zeros.

    Raises:
        InputError: not a string of bits, or k < 1.
    """
    string = check_bits(bits, 1)
    if k < 1:
        raise InputError(f"is {k}", key="k", remedy="give 1 or more bits a block")
    blocks = np.zeros((-(-len(string) // k), k), dtype=np.uint8)
    blocks.reshape(-1)[: len(string)] = string
    return blocks


def join(blocks: npt.ArrayLike, length: int) -> BitArray:
    """Put code blocks [blocks, k] back into the bit string [length] they were cut from.

    Raises:
        InputError: not blocks of bits, or fewer bits than length.
    """
    string = check_bits(blocks, 2).reshape(-1)
    if not 0 <= length <= len(string):
        raise InputError(f"is {length}", key="length", remedy=f"give 0 to {len(string)} bits")
    return string[:length]


def packets_hit(failed: npt.NDArray[np.bool_], bits: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.bool_]:
    """Return which packets [F] have a bit in a failed block.

    Args:
        failed: [B] blocks of k bits.
        bits: [F] length of every packet, one after the other.
        k: bits a block.
    """
    first, last = packet_blocks(bits, k)
    before = np.concatenate([[0], np.cumsum(failed)])
    return before[last + 1] > before[first]


def packet_blocks(bits: npt.NDArray[np.int64], k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and the last block [F] that packets of so many bits [F] lie in."""
    ends = np.cumsum(bits)
    return (ends - bits) // k, (ends - 1) // k


def check_bits(bits: npt.ArrayLike, ndim: int) -> BitArray:
    """Return bits as an array of so many dimensions.

    Raises:
        InputError: another number of dimensions, or values other than 0 and 1.
    """
    array = np.asarray(bits)
    if array.ndim != ndim:
        raise InputError(f"have shape {list(array.shape)}", key="bits", remedy=f"give {ndim} dimensions")
    if not bool(np.isin(array, (0, 1)).all()):
        raise InputError("hold other values", key="bits", remedy="give 0 and 1")
    return array.astype(np.uint8)
