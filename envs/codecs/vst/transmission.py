"""One clip by the video codec: the settings, the run, and the figures that `semverse transmit` prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.chain import check_air
from semverse.envs.codecs.media import Source
from semverse.envs.codecs.transmission import check_bandwidth, quality
from semverse.envs.codecs.vst.checkpoint import load_video_codec
from semverse.envs.codecs.vst.sending import Delivery, check_rate, send


@dataclass(frozen=True)
class VideoSettings:
    """How to send a clip.

    Attributes:
        checkpoint: name or folder of the codec.
        rate: complex symbols per pixel; None is the codec's own.
        snr_db: mean energy of a received symbol over N0, dB.
        channel: ``awgn`` or ``rayleigh`` (a gain for every 2048 symbols).
        bandwidth_mhz: one symbol a second and hertz.
        seed: of fading and noise.
    """

    checkpoint: str
    rate: float | None
    snr_db: float
    channel: str
    bandwidth_mhz: float
    seed: int


@dataclass(frozen=True, eq=False)
class VideoReport:
    """What was sent, what was received, and how good it is."""

    settings: VideoSettings
    source: Source
    delivery: Delivery

    @property
    def received(self) -> Frames:
        """What the receiver shows [F, H, W, 3]."""
        return self.delivery.frames

    def to_json(self) -> dict[str, Any]:
        """Return the figures; PSNR is that of luma for clips, of RGB for pictures."""
        symbols, frames = self.delivery.symbols, self.source.frames
        return {
            **quality(self.source, self.received),
            "symbols": symbols,
            "symbols_per_pixel": symbols / (frames.size // 3),
            "side_symbols": self.delivery.side_symbols,
            "frames": len(frames),
            "delay_s": symbols / (self.settings.bandwidth_mhz * 1e6),
            "settings": asdict(self.settings),
        }


def transmit_video(
    source: Source, settings: VideoSettings, progress: Callable[[int, int], object] = lambda done, total: None
) -> VideoReport:
    """Send a clip, or a picture as a clip of one frame.

    Args:
        source: clip or picture.
        settings: how.
        progress: told how many GOPs have been sent and how many there are.

    Raises:
        InputError: a setting that makes no sense, or a source that the codec cannot take.
    """
    sent = send(
        source.frames,
        settings.snr_db,
        settings.channel,
        settings.seed,
        rate=settings.rate,
        codec=settings.checkpoint,
        progress=progress,
    )
    return VideoReport(settings, source, sent)


def check_video_settings(settings: VideoSettings) -> None:
    """Make sure, before anything is read, that settings make sense and that codec and LPIPS are there.

    Raises:
        InputError: they do not, or are not.
    """
    from semverse.envs.codecs.st_lpips import st_lpips

    st_lpips()
    load_video_codec(settings.checkpoint)
    check_air(settings.channel, settings.snr_db)
    check_bandwidth(settings.bandwidth_mhz)
    if settings.rate is not None:
        check_rate(settings.rate)
