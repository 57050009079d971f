"""Figures of a comparison: Fig. 6, Figs. 8 and 9 and their counterparts over SNR, where symbols go."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from semverse.envs.codecs.comparison.cells import Row
from semverse.envs.codecs.comparison.config import PicturesConfig
from semverse.envs.codecs.vlscc.pictures import to_tensor
from semverse.envs.files import write_atomic

if TYPE_CHECKING:
    from semverse.envs.codecs.comparison.pictures import Photographs
    from semverse.envs.codecs.vlscc.image import ImageCodec

_QUALITIES = (("psnr_db", "PSNR [dB]"), ("ms_ssim", "MS-SSIM"), ("lpips", "LPIPS (lower is better)"))
MARKS = "os^vDP*Xh<>"
_SHOWN = 4  # pictures with rate maps


def draw_meshes(rows: Sequence[Row], path: Path) -> None:
    """Draw the error against SNR, and how many symbols each activity gets."""
    figure, (error, symbols) = new_figure(1, 2)
    for index, method in enumerate(dict.fromkeys(row["method"] for row in rows)):
        chosen = sorted((row["snr_db"], row["mpjpe"]) for row in rows if row["method"] == method)
        error.plot(*zip(*chosen, strict=True), marker=MARKS[index], label=method)
    error.set(xlabel="SNR [dB]", ylabel="MPJPE [m]", yscale="log", title="Fig. 6: human meshes")
    first = [row for row in rows if row["method"] == rows[0]["method"]]
    for name in (key for key in rows[0] if key.startswith("symbols_")):
        chosen = sorted((row["snr_db"], row[name]) for row in first)
        symbols.plot(*zip(*chosen, strict=True), marker="o", label=name.removeprefix("symbols_"))
    symbols.set(xlabel="SNR [dB]", ylabel="symbols", title=f"{rows[0]['method']}: symbols by activity")
    finish(figure, (error, symbols), path)


def draw_pictures(rows: Sequence[Row], config: PicturesConfig, path: Path) -> None:
    """Draw three qualities against symbols per pixel (upper row) and against SNR (lower row)."""
    figure, axes = new_figure(2, 3)
    at_design = [row for row in rows if row["snr_db"] == config.design_snr_db]
    swept = [row for row in rows if row["asked"] in (config.rate, 1.0, config.swept_spp)]
    for column, (quality, label) in enumerate(_QUALITIES):
        for index, method in enumerate(dict.fromkeys(row["method"] for row in rows)):
            for axis, found, key in (
                (axes[0][column], at_design, "symbols_per_pixel"),
                (axes[1][column], swept, "snr_db"),
            ):
                points = sorted((row[key], row[quality]) for row in found if row["method"] == method)
                axis.plot(*zip(*points, strict=True), marker=MARKS[index], label=method)
        axes[0][column].set(xlabel=f"symbols per pixel, {config.design_snr_db:g} dB", ylabel=label)
        axes[1][column].set(xlabel="SNR [dB]", ylabel=label)
    finish(figure, [axis for row in axes for axis in row], path)


def draw_rate_maps(codec: ImageCodec, photographs: Photographs, config: PicturesConfig, path: Path) -> None:
    """Draw pictures, the levels at each place, and what is received."""
    count = min(_SHOWN, len(photographs.pictures))
    figure, axes = new_figure(count, 3)
    for row, picture in zip(axes if count > 1 else [axes], photographs.pictures, strict=False):
        generator = torch.Generator().manual_seed(photographs.seed)
        passage = codec.send(
            to_tensor(picture[None]), config.design_snr_db, rate=config.rate, generator=generator
        )
        row[0].imshow(picture)
        found = row[1].imshow(
            passage.level[0].numpy(), vmin=0, vmax=codec.config.levels - 1, interpolation="nearest"
        )
        figure.colorbar(found, ax=row[1], label="level q")
        row[2].imshow(passage.received[0].permute(1, 2, 0).numpy())
        for axis in row:
            axis.set_axis_off()
    save(figure, path)


def new_figure(rows: int, columns: int) -> tuple[Any, Any]:
    """Return a figure and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * columns, 3.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def finish(figure: Any, axes: Sequence[Any], path: Path) -> None:
    """Give axes a grid and a legend, and write the figure."""
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=90)
    write_atomic(path, file.getvalue())
