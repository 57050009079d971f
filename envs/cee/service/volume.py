"""What a clip takes over the air (table 3 of paper 000): a semantic codec against classical chains.

A reduction means little until the quality is the same. So each clip is compared three ways: with a file of
good quality in BPSK of rate 1/2, as the paper does; with a file of the same PSNR in that; and with a file of
the same PSNR in the best scheme that the channel carries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from semverse.envs.cee.service.air import Sent
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


def ladder(
    frames: Frames, gop: int, progress: Callable[[int, int], object] = lambda done, total: None
) -> tuple[Rung, ...]:
    """Return a clip by x264 at all quantisers, the finest first."""
    found = []
    for done, qp in enumerate(LADDER, start=1):
        stream = encode(frames, "x264", qp, gop)
        found.append(Rung(qp, int(stream.bits.sum()), clean_psnr_db(stream, frames)))
        progress(done, len(LADDER))
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


def compare(sent: Sent, rungs: tuple[Rung, ...], snr_db: float, mhz: float) -> dict[str, Any]:
    """Return what a clip took by a semantic codec, and by each opponent.

    Args:
        sent: by the semantic codec.
        rungs: of the clip.
        snr_db: Es/N0 of the channel, AWGN.
        mhz: bandwidth, one symbol a second and hertz.
    """
    symbols, psnr_db = sent.figures["symbols"], sent.figures["psnr_db"]
    rows = [
        {
            **asdict(opponent),
            "delay_s": opponent.symbols / (mhz * 1e6),
            "reduction": reduction(symbols, opponent),
        }
        for opponent in opponents(rungs, psnr_db, snr_db)
    ]
    own = {name: sent.figures[name] for name in ("symbols", "psnr_db", "ms_ssim", "lpips")}
    return {"snr_db": snr_db, **own, "delay_s": symbols / (mhz * 1e6), "opponents": rows}


def as_text(clips: dict[str, list[dict[str, Any]]]) -> str:
    """Return comparisons of clips as a table."""
    lines = [f"{'clip':12}{'SNR':>4}  {'chain':32}{'symbols':>10}{'s':>8}{'PSNR':>7}  fewer symbols by"]
    for name, compared in clips.items():
        for row in compared:
            head = f"{name:12}{row['snr_db']:4g}  "
            lines.append(f"{head}{'vst':32}{row['symbols']:10}{row['delay_s']:8.3f}{row['psnr_db']:7.2f}")
            for other in row["opponents"]:
                bound = " (end of ladder)" if other["outside"] else ""
                figures = f"{other['symbols']:10.0f}{other['delay_s']:8.3f}{other['psnr_db']:7.2f}"
                lines.append(f"{head}{other['name']:32}{figures}  {100 * other['reduction']:.1f} %{bound}")
    return "\n".join(lines) + "\n"
