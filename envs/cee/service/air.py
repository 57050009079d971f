"""Clips over a radio link, by any of the codecs that really run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from semverse.envs.cee.config import CEEConfig
from semverse.envs.cee.service.config import Chain
from semverse.envs.codecs.bitstream import CODECS, Frames
from semverse.envs.codecs.media import Source
from semverse.envs.codecs.metrics import luma, psnr_db
from semverse.envs.codecs.transmission import Settings, check_settings, perceptual, transmit
from semverse.envs.errors import InputError

Progress = Callable[[int, int], object]
CLASSICAL = tuple(name for name, codec in CODECS.items() if codec.kind == "video")


@dataclass(frozen=True)
class Air:
    """One radio link.

    Attributes:
        codec: one of `CLASSICAL`.
        snr_db: mean Es/N0 of a received symbol, dB.
        channel: ``awgn`` or ``rayleigh``.
        mhz: bandwidth, one symbol a second and hertz.
        seed: of fading and noise.
        chain: how a classical codec is set.
    """

    codec: str
    snr_db: float
    channel: str
    mhz: float
    seed: int
    chain: Chain


@dataclass(frozen=True, eq=False)
class Sent:
    """What came of a clip.

    Attributes:
        frames: received [F, H, W, 3].
        symbols: channel symbols of the whole clip.
        notes: figures of the codec.
    """

    frames: Frames
    symbols: int
    notes: dict[str, Any]


def check_link(air: Air) -> None:
    """Make sure, before anything is computed, that a link makes sense.

    Raises:
        InputError: it does not.
    """
    if air.codec not in CLASSICAL:
        remedy = f"choose {', '.join(CLASSICAL)}"
        raise InputError(f"is {air.codec!r:.60}", source="--codec", remedy=remedy)
    from semverse.envs.codecs.link import CodedLink

    CodedLink(air.chain.modulation, air.chain.code_rate, air.chain.k)
    check_settings(_settings(air))


def send_clip(frames: Frames, fps: Fraction, air: Air, progress: Progress | None = None) -> Sent:
    """Send a clip and decode what arrives.

    Args:
        frames: [F, H, W, 3].
        fps: frames a second.
        air: the link.
        progress: told how many blocks have been sent and how many there are.
    """
    report = transmit(Source(frames, fps), _settings(air), progress)
    sent = report.transmission
    notes = {
        "clean_psnr_db": float(np.mean(psnr_db(luma(frames), luma(report.stream.clean)))),
        "bits": int(report.stream.bits.sum()),
        "blocks_lost": sent.blocks_lost,
        "blocks": sent.blocks,
        "frames_decoded": int(sent.received.decoded.sum()),
    }
    return Sent(sent.received.frames, sent.symbols, notes)


def delay_s(symbols: int, frames: int, air: Air, constants: CEEConfig) -> float:
    """Return how long a clip takes by the model's constants: over the air, and in hardware codecs."""
    codec_ms = constants.latency.video_encode_ms + constants.latency.video_decode_ms
    return symbols / (air.mhz * 1e6) + frames * codec_ms / 1e3


def quality(reference: Frames, shown: Frames) -> dict[str, float | None]:
    """Return PSNR of luma (mean over frames, dB), MS-SSIM (of sides from 97 pixels) and LPIPS."""
    return {"psnr_db": float(np.mean(psnr_db(luma(reference), luma(shown)))), **perceptual(reference, shown)}


def _settings(air: Air) -> Settings:
    chain = air.chain
    return Settings(
        codec=air.codec,
        level=float(chain.qp),
        gop=chain.gop,
        modulation=chain.modulation,
        code_rate=chain.code_rate,
        k=chain.k,
        snr_db=air.snr_db,
        channel=air.channel,
        bandwidth_mhz=air.mhz,
        seed=air.seed,
    )
