"""The claims of paper 000 about video transmission, each against an opponent that is named."""

from __future__ import annotations

from collections.abc import Sequence

from semverse.envs.codecs.comparison.cells import Row, mean_of
from semverse.envs.codecs.comparison.config import VideosConfig
from semverse.envs.codecs.comparison.findings import Finding, finding

BEST = "x264, best scheme at each SNR, equal symbols"
_VALUES = ("psnr_db", "ms_ssim", "symbols_per_pixel")
_NEEDED_DB = 1.0  # of common and individual features over independent frames
_PAPER_GAIN = 0.4399  # of PSNR at 0 dB
_QUALITIES = (("psnr_db", "Fig. 6", "PSNR", 2), ("ms_ssim", "Fig. 7", "MS-SSIM", 4))


def rows_of_clips(rows: Sequence[Row]) -> list[Row]:
    """Return means over clips and seeds."""
    return mean_of(rows, ("channel", "method", "snr_db"), _VALUES)


def best_rows(rows: Sequence[Row], config: VideosConfig) -> list[Row]:
    """Return what the best of the adaptive chains reaches for each clip at each SNR; means over clips."""
    adaptive = {chain.method for chain in config.chains if chain.adaptive}
    chosen = [row for row in rows if row["method"] in adaptive]
    best: dict[tuple[str, str, float], Row] = {}
    for row in mean_of(chosen, ("clip", "channel", "snr_db", "method"), _VALUES):
        key = row["clip"], row["channel"], row["snr_db"]
        if key not in best or row["psnr_db"] > best[key]["psnr_db"]:
            best[key] = row
    return rows_of_clips([row | {"method": BEST} for row in best.values()])


def video_findings(means: Sequence[Row], config: VideosConfig) -> list[Finding]:
    """Return the verdict on each claim, for each channel and opponent."""
    ours, independent, *_ = config.learned
    fixed = [chain.method for chain in config.chains if chain.modulation == "bpsk"]
    others = [*fixed, *([BEST] if any(row["method"] == BEST for row in means) else [])]
    found = []
    for channel in config.channels:
        for other in others:
            found += [_above(means, ours, other, channel, *quality) for quality in _QUALITIES]
            if 0 in config.snr_db:
                found.append(_at_zero(means, ours, other, channel))
        found.append(_split(means, ours, independent, channel))
    return found


def gains(means: Sequence[Row], ours: str, other: str, channel: str, quality: str) -> dict[float, float]:
    """Return by how much a quality of ours is higher, by SNR."""
    curves: dict[str, dict[float, float]] = {ours: {}, other: {}}
    for row in means:
        if row["channel"] == channel and row["method"] in curves:
            curves[row["method"]][row["snr_db"]] = row[quality]
    return {snr_db: value - curves[other][snr_db] for snr_db, value in curves[ours].items()}


def _above(
    means: Sequence[Row],
    ours: str,
    other: str,
    channel: str,
    quality: str,
    source: str,
    label: str,
    digits: int,
) -> Finding:
    found = gains(means, ours, other, channel, quality)
    claim = f"{channel}: {ours} has higher {label} than {other} at every SNR"
    figures = {f"gain at {snr_db:g} dB": round(value, digits) for snr_db, value in found.items()}
    return finding(claim, source, all(value > 0 for value in found.values()), figures)


def _at_zero(means: Sequence[Row], ours: str, other: str, channel: str) -> Finding:
    at_zero = {
        row["method"]: row["psnr_db"] for row in means if row["channel"] == channel and row["snr_db"] == 0
    }
    gain = at_zero[ours] / at_zero[other] - 1
    claim = f"{channel}: at 0 dB the PSNR of {ours} is {100 * _PAPER_GAIN:.2f} % higher than that of {other}"
    figures = {ours: round(at_zero[ours], 2), other: round(at_zero[other], 2), "higher by": round(gain, 4)}
    return finding(claim, "section 3.2", gain >= _PAPER_GAIN, figures)


def _split(means: Sequence[Row], ours: str, independent: str, channel: str) -> Finding:
    found = gains(means, ours, independent, channel, "psnr_db")
    claim = f"{channel}: {ours} is at least {_NEEDED_DB:g} dB above {independent} at equal symbols, 0 dB"
    figures = {f"gain at {snr_db:g} dB": round(value, 2) for snr_db, value in found.items()}
    return finding(claim, "section 2.1", found[0] >= _NEEDED_DB if 0 in found else None, figures)
