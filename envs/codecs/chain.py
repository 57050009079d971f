"""The classical chain, really run: bitstream, code blocks, 5G LDPC, modulation, channel, concealment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from semverse.envs.channels.fading import rayleigh
from semverse.envs.codecs.bitstream import Bitstream, Received
from semverse.envs.codecs.blocks import join, packets_hit, segment
from semverse.envs.codecs.classical import decode
from semverse.envs.errors import InputError

if TYPE_CHECKING:
    from semverse.envs.codecs.link import CodedLink

CHANNELS = ("awgn", "rayleigh")
DAMAGED = ("drop", "decode")
LOWEST_SNR_DB, HIGHEST_SNR_DB = -50.0, 100.0
BLOCKS_AT_ONCE = 64
DEFAULT_K = 1024


@dataclass(frozen=True, eq=False)
class Transmission:
    """What went over the air, and what came of it.

    Attributes:
        received: what the receiver shows.
        blocks: code blocks sent.
        blocks_lost: those with an error after decoding.
        symbols: modulation symbols sent.
    """

    received: Received
    blocks: int
    blocks_lost: int
    symbols: int


def send(
    stream: Bitstream,
    link: CodedLink,
    esno_db: float,
    channel: str,
    rng: np.random.Generator,
    damaged: str = "drop",
    progress: Callable[[int, int], object] | None = None,
) -> Transmission:
    """Send a bitstream over a link and decode what arrives.

    The packets follow each other without gaps and are cut into blocks of ``link.k`` bits, the last one filled
    up with zeros. The receiver knows which blocks failed (5G's carry a checksum, which is not counted).

    Args:
        stream: what to send.
        link: code and modulation.
        esno_db: mean energy of a received symbol over N0, dB.
        channel: ``awgn``, or ``rayleigh``: |h|^2 exponential of mean 1, drawn anew for every code block.
        rng: draws fading and noise.
        damaged: what becomes of a packet with a failed block: ``drop`` it and wait for the next intra frame,
            or ``decode`` it as it is.
        progress: told how many blocks have been sent and how many there are.

    Raises:
        InputError: an unknown channel or choice, an Es/N0 that is not within -50 to 100 dB.
    """
    check_air(channel, esno_db)
    if damaged not in DAMAGED:
        raise InputError(f"is {damaged!r:.60}", key="damaged", remedy=f"choose from {', '.join(DAMAGED)}")
    bits = np.unpackbits(np.frombuffer(b"".join(stream.packets), dtype=np.uint8))
    blocks = segment(bits, link.k)
    gain = np.abs(rayleigh(rng, len(blocks))) if channel == "rayleigh" else np.ones(len(blocks))
    arrived, failed = np.empty_like(blocks), np.empty(len(blocks), dtype=np.bool_)
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        part = slice(start, start + BLOCKS_AT_ONCE)
        reception = link.transmit(blocks[part], esno_db, rng=rng, gain=gain[part])
        arrived[part], failed[part] = reception.bits, reception.errors
        if progress is not None:
            progress(start + len(reception.errors), len(blocks))
    data = np.packbits(join(arrived, len(bits))).tobytes()
    lost = (
        packets_hit(failed, stream.bits, link.k)
        if damaged == "drop"
        else np.zeros(len(stream.packets), np.bool_)
    )
    packets = [None if gone else packet for gone, packet in zip(lost, _cut(data, stream), strict=True)]
    return Transmission(decode(stream, packets), len(blocks), int(failed.sum()), len(blocks) * link.symbols)


def check_air(channel: str, esno_db: float) -> None:
    """Make sure that a channel exists and its Es/N0 makes sense.

    Raises:
        InputError: it does not.
    """
    if channel not in CHANNELS:
        raise InputError(
            f"unknown {channel!r:.60}", key="channel", remedy=f"choose from {', '.join(CHANNELS)}"
        )
    if not LOWEST_SNR_DB <= esno_db <= HIGHEST_SNR_DB:  # false for nan as well
        remedy = f"give {LOWEST_SNR_DB:g} to {HIGHEST_SNR_DB:g} dB"
        raise InputError(f"is {esno_db:g} dB", key="snr", remedy=remedy)


def _cut(data: bytes, stream: Bitstream) -> list[bytes]:
    ends = np.cumsum([len(packet) for packet in stream.packets])
    return [data[end - len(packet) : end] for end, packet in zip(ends, stream.packets, strict=True)]
