"""What a clip takes over the air (table 3 of paper 000): a semantic codec against classical chains.

A reduction means little until the quality is the same. So each clip is compared three ways: with a file of
good quality in BPSK of rate 1/2, as the paper does; with a file of the same PSNR in that; and with a file of
the same PSNR in the best scheme that the channel carries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.channels import Mcs, bler, mcs_table, select_mcs
from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.classical import clean_psnr_db, encode
from semverse.envs.errors import InputError

GOOD_QP = 23  # of the file that the paper's way of comparing sends: x264's own default
LADDER = (18, GOOD_QP, 28, 33, 38, 43, 48, 51)  # QPs
NO_LOSS = 1e-4  # block error rate that counts as none
BLOCK_BITS = 1024
PAPER_SCHEME = Mcs("bpsk", 0.5)


@dataclass(frozen=True)
class Rung:
    """A clip at one quantiser."""

    qp: int
    bits: int
    psnr_db: float  # of luma


@dataclass(frozen=True)
class Opponent:
    """A classical chain.

    Attributes:
        name: of the chain.
        bits: of the file.
        symbols: over the air.
        psnr_db: of luma.
        outside: the wanted PSNR is beyond the ladder, whose nearest end stands here.
    """

    name: str
    bits: float
    symbols: float
    psnr_db: float
    outside: bool = False


def ladder(frames: Frames, gop: int) -> tuple[Rung, ...]:
    """Return a clip by x264 at all quantisers, the finest first."""
    found = []
    for qp in LADDER:
        stream = encode(frames, "x264", qp, gop)
        found.append(Rung(qp, int(stream.bits.sum()), clean_psnr_db(stream, frames)))
    return tuple(found)


def bits_at(rungs: tuple[Rung, ...], psnr_db: float) -> tuple[float, float, bool]:
    """Return bits at a PSNR, that PSNR, and whether the nearest end of the ladder had to do.

    The logarithm of the bits is linear in the PSNR between rungs.
    """
    at = np.array([rung.psnr_db for rung in rungs[::-1]])
    logs = np.log([rung.bits for rung in rungs[::-1]])
    near = float(np.clip(psnr_db, at[0], at[-1]))
    return float(np.exp(np.interp(near, at, logs))), near, near != psnr_db


def opponents(rungs: tuple[Rung, ...], psnr_db: float, snr_db: float) -> tuple[Opponent, ...]:
    """Return the three chains that a semantic codec of some PSNR is compared with, on AWGN.

    Args:
        rungs: of the clip.
        psnr_db: what the semantic codec reaches.
        snr_db: Es/N0.

    Raises:
        InputError: the ratio is too low for BPSK of rate 1/2, so that no file arrives whole.
    """
    fixed = PAPER_SCHEME
    if bler(fixed.modulation, fixed.code_rate, BLOCK_BITS, snr_db) > NO_LOSS:
        remedy = "give a ratio at which BPSK of rate 1/2 is free of errors (from about 0 dB)"
        raise InputError(f"is {snr_db:g} dB", source="--snr", remedy=remedy)
    good = next(rung for rung in rungs if rung.qp == GOOD_QP)
    bits, near, outside = bits_at(rungs, psnr_db)
    row = int(select_mcs(snr_db, BLOCK_BITS, NO_LOSS))
    best = max((mcs_table("1")[row], fixed) if row >= 0 else (fixed,), key=lambda scheme: scheme.efficiency)
    return (
        Opponent(f"x264 QP {GOOD_QP}, {said(fixed)}", good.bits, good.bits / fixed.efficiency, good.psnr_db),
        Opponent(f"x264, {said(fixed)}", bits, bits / fixed.efficiency, near, outside),
        Opponent(f"x264, {said(best)}", bits, bits / best.efficiency, near, outside),
    )


def said(scheme: Mcs) -> str:
    """Return the name of a scheme."""
    return f"{scheme.modulation.upper()} {scheme.code_rate:.2f}"


def reduction(symbols: float, opponent: Opponent) -> float:
    """Return by what share symbols, and so time on air, are fewer than an opponent's; negative if more."""
    return 1.0 - symbols / opponent.symbols
