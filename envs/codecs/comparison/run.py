"""A comparison from its configuration to tables, figures and findings in one folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from semverse.envs.codecs.comparison.cells import Cell, Row, mean_of, open_folder, run_cells, write_table
from semverse.envs.codecs.comparison.config import ComparisonConfig
from semverse.envs.codecs.comparison.figures import draw_meshes, draw_pictures, draw_rate_maps
from semverse.envs.codecs.comparison.findings import mesh_findings, picture_findings
from semverse.envs.codecs.comparison.meshes import mesh_cells
from semverse.envs.codecs.comparison.pictures import load_image_codec, load_photographs, picture_cells
from semverse.envs.codecs.comparison.video_figures import draw_videos
from semverse.envs.codecs.comparison.video_findings import best_rows, rows_of_clips, video_findings
from semverse.envs.codecs.comparison.videos import video_cells
from semverse.envs.files import write_atomic

QUALITIES = ("psnr_db", "ms_ssim", "lpips")
_MEANS = ("symbols_per_pixel", *QUALITIES, "decoded", "side_bpp", "side_entropy_bpp", "side_zlib_bpp")


def compare_codecs(
    config: ComparisonConfig,
    out: Path,
    *,
    resume: bool = False,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """Run a comparison and return its findings.

    Args:
        config: what to compare.
        out: folder for everything written.
        resume: carry on with the cells that it holds.
        progress: is told how many cells are done, and how many there are.

    Raises:
        InputError: checkpoints, pictures or the folder are wrong.
    """
    torch.set_num_threads(config.threads)
    meshes = mesh_cells(config.meshes, config.seed) if config.meshes else []
    pictures = picture_cells(config.pictures, config.seed) if config.pictures else []
    videos = video_cells(config.videos, config.seed) if config.videos else []
    open_folder(config, out, resume)
    rows = run_cells([*meshes, *pictures, *videos], out, progress)
    found = _write_meshes(out, [row for row in rows if "mpjpe" in row], meshes)
    found += _write_pictures(config, out, [row for row in rows if "picture" in row])
    found += _write_videos(config, out, [row for row in rows if "clip" in row])
    write_atomic(out / "findings.json", (json.dumps(found, indent=1) + "\n").encode())
    return found


def _write_meshes(out: Path, rows: list[Row], cells: list[Cell]) -> list[dict[str, Any]]:
    if not cells:
        return []
    write_table(out / "meshes.csv", rows)
    draw_meshes(rows, out / "meshes.png")
    return mesh_findings(rows)


def _write_pictures(config: ComparisonConfig, out: Path, rows: list[Row]) -> list[dict[str, Any]]:
    if config.pictures is None:
        return []
    write_table(out / "each_picture.csv", rows)
    means = mean_of(rows, ("method", "snr_db", "asked"), _MEANS)
    write_table(out / "pictures.csv", means)
    draw_pictures(means, config.pictures, out / "pictures.png")
    codec = load_image_codec(next(iter(config.pictures.variable.values())))
    photographs = load_photographs(config.pictures, config.seed)
    draw_rate_maps(codec, photographs, config.pictures, out / "rate_maps.png")
    return picture_findings(means, config.pictures)


def _write_videos(config: ComparisonConfig, out: Path, rows: list[Row]) -> list[dict[str, Any]]:
    if config.videos is None:
        return []
    write_table(out / "videos.csv", rows)
    means = [*rows_of_clips(rows), *best_rows(rows, config.videos)]
    write_table(out / "video_means.csv", means)
    draw_videos(means, out / "videos.png")
    return video_findings(means, config.videos)
