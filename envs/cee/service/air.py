"""Clips over a radio link, by any of the codecs that really run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from semverse.envs.cee.config import CEEConfig
from semverse.envs.cee.service.config import Chain
from semverse.envs.codecs.bitstream import CODECS, Frames
from semverse.envs.codecs.chosen import LEARNED, chosen_settings, transmit_chosen
from semverse.envs.codecs.media import Source
from semverse.envs.codecs.transmission import Settings
from semverse.envs.codecs.vst.transmission import VideoSettings
from semverse.envs.errors import InputError

Progress = Callable[[int, int], object]
NAMES = (*(name for name, codec in CODECS.items() if codec.kind == "video"), LEARNED)


@dataclass(frozen=True)
class Air:
    """One radio link.

    Attributes:
        codec: one of `NAMES`.
        snr_db: mean Es/N0 of a received symbol, dB.
        channel: ``awgn`` or ``rayleigh``.
        mhz: bandwidth, one symbol a second and hertz.
        up: from the headset; else to it.
        seed: of fading and noise.
        chain: how a classical codec is set.
        checkpoint: name or folder of the learned codec.
        rate: symbols per pixel of the learned codec; None is its own.
    """

    codec: str
    snr_db: float
    channel: str
    mhz: float
    up: bool
    seed: int
    chain: Chain
    checkpoint: str = LEARNED
    rate: float | None = None


@dataclass(frozen=True, eq=False)
class Sent:
    """What came of a clip: frames [F, H, W, 3] as received, and figures, ``symbols`` among them."""

    frames: Frames
    figures: dict[str, Any]


def check_link(air: Air) -> None:
    """Make sure, before anything is computed, that a link makes sense.

    Raises:
        InputError: it does not, or the learned codec is not there.
    """
    if air.codec not in NAMES:
        raise InputError(f"is {air.codec!r:.60}", source="--codec", remedy=f"choose {', '.join(NAMES)}")
    if air.codec != LEARNED:
        from semverse.envs.codecs.link import CodedLink

        CodedLink(air.chain.modulation, air.chain.code_rate, air.chain.k)
    _settings(air)


def send_clip(frames: Frames, fps: Fraction, air: Air, progress: Progress) -> Sent:
    """Send a clip and decode what arrives.

    Args:
        frames: [F, H, W, 3].
        fps: frames a second.
        air: the link.
        progress: told how much has been sent and how much there is.
    """
    report = transmit_chosen(Source(frames, fps), _settings(air), progress)
    left_out = ("settings", "delay_s", "frames")  # the recipe has them, or the stage says them its own way
    figures = {name: value for name, value in report.to_json().items() if name not in left_out}
    return Sent(report.received, figures)


def delay_s(symbols: int, frames: int, pixels: int, air: Air, constants: CEEConfig) -> float:
    """Return how long a clip takes by the model's constants: on air, and in codecs one frame after the other.

    Args:
        symbols: of the whole clip.
        frames: F.
        pixels: of a frame.
        air: the link.
        constants: of classical codecs (hardware) and of the learned one (work over computing rates).
    """
    if air.codec == LEARNED:
        encoder, decoder = (constants.rates.device_nn, constants.rates.edge)[:: 1 if air.up else -1]
        work = constants.work
        codec_s = (
            1e-9 * pixels * (work.semantic_encode_kflop / encoder + work.semantic_decode_kflop / decoder)
        )
    else:
        codec_s = 1e-3 * (constants.latency.video_encode_ms + constants.latency.video_decode_ms)
    return symbols / (air.mhz * 1e6) + frames * codec_s


def _settings(air: Air) -> Settings | VideoSettings:
    """Return the settings, checked."""
    learned, chain = air.codec == LEARNED, air.chain
    return chosen_settings(
        air.codec,
        air.checkpoint,
        air.rate,
        None if learned else float(chain.qp),
        None,
        snr_db=air.snr_db,
        channel=air.channel,
        bandwidth_mhz=air.mhz,
        seed=air.seed,
        modulation=chain.modulation,
        code_rate=chain.code_rate,
        k=chain.k,
        gop=chain.gop,
        damaged="drop",
    )
