"""Figs. 6 and 7 of paper 000: PSNR and MS-SSIM of video against SNR, for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from semverse.envs.codecs.comparison.cells import Row
from semverse.envs.codecs.comparison.figures import MARKS, new_figure, save

_QUALITIES = (("psnr_db", "Fig. 6: PSNR [dB]"), ("ms_ssim", "Fig. 7: MS-SSIM"))


def draw_videos(rows: Sequence[Row], path: Path) -> None:
    """Draw rows of means: a row of axes for each quality, a column for each channel."""
    channels = list(dict.fromkeys(row["channel"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    figure, axes = new_figure(len(_QUALITIES), max(len(channels), 2))
    for line, (quality, label) in zip(axes, _QUALITIES, strict=True):
        for axis, channel in zip(line, channels, strict=False):
            for mark, method in zip(MARKS, methods, strict=False):
                chosen = [row for row in rows if (row["channel"], row["method"]) == (channel, method)]
                points = sorted((row["snr_db"], row[quality]) for row in chosen)
                axis.plot(*zip(*points, strict=True), marker=mark, label=method)
            axis.grid(alpha=0.3)
            axis.set(xlabel=f"SNR [dB], {channel}", ylabel=label)
    # beside the curves, which leave no corner free
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    save(figure, path)
