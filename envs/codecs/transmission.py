"""One source over one link: the settings, the run, and the figures that `semverse transmit` prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np

from semverse.envs.codecs.bitstream import Bitstream, Frames, check_level, codec_named
from semverse.envs.codecs.chain import DEFAULT_K, Transmission, check_air, send
from semverse.envs.codecs.classical import DEFAULT_GOP, encode
from semverse.envs.codecs.media import Source
from semverse.envs.codecs.metrics import MS_SSIM_MIN_SIDE, lpips, luma, ms_ssim, psnr_db
from semverse.envs.errors import InputError

PERCEPTUAL_FRAMES = 32  # MS-SSIM and LPIPS are taken of so many at most


@dataclass(frozen=True)
class Settings:
    """How to send a source.

    Attributes:
        codec: name of the codec.
        level: its QP or quality; None is the codec's default.
        gop: frames from one intra frame to the next.
        modulation: ``bpsk``, ``qpsk``, ``16qam``, ``64qam`` or ``256qam``.
        code_rate: of the LDPC code.
        k: information bits a code block.
        snr_db: mean energy of a received symbol over N0, dB.
        channel: ``awgn`` or ``rayleigh`` (a gain for every code block).
        damaged: ``drop`` or ``decode`` packets with a failed block.
        bandwidth_mhz: one symbol a second and hertz.
        seed: of fading and noise.
    """

    codec: str
    level: float | None
    modulation: str
    code_rate: float
    snr_db: float
    channel: str = "awgn"
    gop: int = DEFAULT_GOP
    k: int = DEFAULT_K
    damaged: str = "drop"
    bandwidth_mhz: float = 1.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Report:
    """What was sent, what was received, and how good it is."""

    settings: Settings
    source: Source
    stream: Bitstream
    transmission: Transmission

    @property
    def received(self) -> Frames:
        """What the receiver shows [F, H, W, 3]."""
        return self.transmission.received.frames

    def to_json(self) -> dict[str, Any]:
        """Return the figures; PSNR is that of luma for clips, of RGB for pictures."""
        frames, sent = self.source.frames, self.transmission
        return {
            **quality(self.source, self.received),
            "clean_psnr_db": mean_psnr_db(self.source, self.stream.clean),
            "symbols": sent.symbols,
            "symbols_per_pixel": sent.symbols / (frames.size // 3),
            "frames": len(frames),
            "frames_decoded": int(sent.received.decoded.sum()),
            "bits": int(self.stream.bits.sum()),
            "blocks": sent.blocks,
            "blocks_lost": sent.blocks_lost,
            "delay_s": sent.symbols / (self.settings.bandwidth_mhz * 1e6),
            "settings": asdict(self.settings) | {"level": self.stream.level},
        }


def mean_psnr_db(source: Source, shown: Frames) -> float:
    """Return the mean PSNR of what is shown of a source, dB: of luma for clips, of RGB for pictures."""
    psnr_of = luma if source.is_clip else np.asarray
    return float(np.mean(psnr_db(psnr_of(source.frames), psnr_of(shown))))


def quality(source: Source, shown: Frames) -> dict[str, Any]:
    """Return the figures of what is shown of a source [F, H, W, 3], and what its PSNR is of."""
    return {
        "psnr_db": mean_psnr_db(source, shown),
        "psnr_of": "luma" if source.is_clip else "rgb",
        **perceptual(source.frames, shown),
    }


def perceptual(frames: Frames, shown: Frames) -> dict[str, float | None]:
    """Return MS-SSIM and LPIPS of at most 32 of the pictures [F, H, W, 3]; no MS-SSIM of small ones."""
    few = np.linspace(0, len(frames) - 1, min(len(frames), PERCEPTUAL_FRAMES)).round().astype(int)
    large = min(frames.shape[1:3]) >= MS_SSIM_MIN_SIDE
    return {
        "ms_ssim": float(np.mean(ms_ssim(frames[few], shown[few]))) if large else None,
        "lpips": float(np.mean(lpips(frames[few], shown[few]))),
    }


def transmit(
    source: Source, settings: Settings, progress: Callable[[int, int], object] | None = None
) -> Report:
    """Encode a source, send it, decode what arrives.

    Args:
        source: clip or picture.
        settings: how.
        progress: told how many blocks have been sent and how many there are.

    Raises:
        InputError: a setting that makes no sense, or a source that the codec cannot take.
    """
    from semverse.envs.codecs.link import CodedLink

    link = CodedLink(settings.modulation, settings.code_rate, settings.k)
    rng = np.random.default_rng(settings.seed)
    stream = encode(source.frames, settings.codec, settings.level, settings.gop)
    sent = send(stream, link, settings.snr_db, settings.channel, rng, settings.damaged, progress)
    return Report(settings, source, stream, sent)


def check_settings(settings: Settings) -> None:
    """Make sure, before anything is read or encoded, that the settings make sense and LPIPS is there.

    Raises:
        InputError: they do not, or it is not.
    """
    from semverse.envs.codecs.st_lpips import st_lpips

    st_lpips()
    codec = codec_named(settings.codec)
    check_level(codec, codec.default if settings.level is None else settings.level)
    check_air(settings.channel, settings.snr_db)
    check_bandwidth(settings.bandwidth_mhz)


def check_bandwidth(bandwidth_mhz: float) -> None:
    """Make sure that there is a bandwidth.

    Raises:
        InputError: there is none.
    """
    if not (isfinite(bandwidth_mhz) and bandwidth_mhz > 0):
        raise InputError(f"is {bandwidth_mhz:g}", key="bandwidth", remedy="give more than 0 MHz")
