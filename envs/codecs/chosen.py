"""Which codec ``semverse transmit`` uses: a classical chain, or the learned one of videos."""

from __future__ import annotations

from collections.abc import Callable

from semverse.envs.codecs.bitstream import CODECS, chosen_level
from semverse.envs.codecs.media import Source
from semverse.envs.codecs.transmission import Report, Settings, check_settings, transmit
from semverse.envs.codecs.vst.transmission import (
    VideoReport,
    VideoSettings,
    check_video_settings,
    transmit_video,
)
from semverse.envs.errors import InputError

LEARNED = "vst"


def chosen_settings(
    codec: str,
    checkpoint: str,
    rate: float | None,
    qp: float | None,
    quality: float | None,
    *,
    snr_db: float,
    channel: str,
    bandwidth_mhz: float,
    seed: int,
    modulation: str,
    code_rate: float,
    k: int,
    gop: int,
    damaged: str,
) -> Settings | VideoSettings:
    """Return the settings of a codec, checked; the last five are those of classical chains.

    Raises:
        InputError: a knob that the codec does not have, or a value that makes no sense.
    """
    if codec != LEARNED and codec not in CODECS:
        remedy = f"choose from {LEARNED}, {', '.join(CODECS)}"
        raise InputError(f"unknown {codec!r:.60}", key="codec", remedy=remedy)
    if codec == LEARNED and (qp is not None or quality is not None):
        raise InputError("has neither --qp nor --quality", source=codec, remedy="give --rate")
    if codec != LEARNED and rate is not None:
        raise InputError(f"{codec} has none", source="--rate", remedy="give --qp or --quality")
    if codec == LEARNED:
        video = VideoSettings(checkpoint, rate, snr_db, channel, bandwidth_mhz, seed)
        check_video_settings(video)
        return video
    settings = Settings(
        codec=codec,
        level=chosen_level(codec, qp=qp, quality=quality),
        modulation=modulation,
        code_rate=code_rate,
        snr_db=snr_db,
        channel=channel,
        gop=gop,
        k=k,
        damaged=damaged,
        bandwidth_mhz=bandwidth_mhz,
        seed=seed,
    )
    check_settings(settings)
    return settings


def transmit_chosen(
    source: Source, settings: Settings | VideoSettings, progress: Callable[[int, int], object]
) -> Report | VideoReport:
    """Send a source with the codec that was chosen.

    Raises:
        InputError: a source that the codec cannot take.
    """
    if isinstance(settings, VideoSettings):
        return transmit_video(source, settings, progress)
    return transmit(source, settings, progress)
