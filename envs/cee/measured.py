"""What the trained video codecs really make of a clip: semantic options measured, not modelled.

The clip is the one that the H.264 options encode, and which no training of the codecs has seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.files import read_text

if TYPE_CHECKING:
    from semverse.envs.cee.measure import LinkConfig, Measurement, SemanticOptions
    from semverse.envs.cee.types import FloatArray

_SHIPPED = "measured"  # name of the measurements that ship


class Run(NamedTuple):
    """One sending of the clip."""

    rate: float  # symbols a pixel, side information included
    gop: int  # frames
    snr_db: float  # Es/N0 of AWGN
    seed: int  # of the noise


class Measured(NamedTuple):
    """What a run came to."""

    psnr_db: float  # of luma, mean over frames
    symbols: float  # a pixel, really sent


def runs(config: LinkConfig) -> Iterator[Run]:
    """Yield everything that is to be sent, seed by seed."""
    s, m = config.semantic, _measurement(config)
    low, high = config.snr_db
    ratios = np.linspace(low, high, round((high - low) / m.step_db) + 1).tolist()
    for seed, rate, gop, snr_db in product(range(m.seeds), s.rates, s.gop, ratios):
        yield Run(rate, gop, snr_db, seed)


def _measurement(config: LinkConfig) -> Measurement:
    s = config.semantic
    if s.measurement is None or len(s.measurement.codecs) != len(s.gop):
        remedy = "give codecs (one a GOP), seeds and step_db"
        raise InputError("does not say how to measure", key="semantic.measurement", remedy=remedy)
    return s.measurement


def measure_runs(
    config: LinkConfig, known: dict[Run, Measured], keep: Callable[[Run, Measured], object]
) -> dict[Run, Measured]:
    """Send the clip as often as it takes.

    Args:
        config: what the table will hold.
        known: runs of before.
        keep: told each new run when it is done.

    Returns:
        All runs of the configuration.

    Raises:
        InputError: no clip, no codec, or one of another GOP.
    """
    from semverse.envs.codecs.clips import clip_paths
    from semverse.envs.codecs.media import read_source
    from semverse.envs.codecs.metrics import luma, psnr_db
    from semverse.envs.codecs.vst.checkpoint import load_video_codec
    from semverse.envs.codecs.vst.sending import send

    h, names, paths = config.h264, _measurement(config).codecs, clip_paths()
    if h.clip not in paths:
        raise InputError(f"is {h.clip!r:.60}", key="h264.clip", remedy=f"choose {', '.join(paths)}")
    clip = read_source(paths[h.clip], h.frames).frames
    codecs = {gop: load_video_codec(name) for gop, name in zip(config.semantic.gop, names, strict=True)}
    for gop, codec in codecs.items():
        if codec.config.frames != gop:
            raise InputError(f"has GOPs of {codec.config.frames}", key="semantic.gop", remedy=f"not {gop}")
    found = {}
    for run in runs(config):
        if run not in known:
            sent = send(clip, run.snr_db, "awgn", run.seed, rate=run.rate, codec=codecs[run.gop])
            psnr = float(psnr_db(luma(clip), luma(sent.frames)).mean())
            known[run] = Measured(round(psnr, 4), sent.symbols / (clip.size // 3))
            keep(run, known[run])
        found[run] = known[run]
    return found


def summary(config: LinkConfig, found: dict[Run, Measured]) -> dict[str, Any]:
    """Return what a file of measurements holds: means over seeds, and how they came about."""
    s, m = config.semantic, _measurement(config)
    ratios = sorted({run.snr_db for run in found})
    shape = (m.seeds, len(s.rates), len(s.gop), len(ratios))
    values = np.array([found[run] for run in runs(config)]).reshape(*shape, 2)
    about = {"clip": config.h264.clip, "frames": config.h264.frames, "codecs": list(m.codecs)}
    return {
        **about,
        "seeds": m.seeds,
        "rates": list(s.rates),
        "gop": list(s.gop),
        "symbols_per_pixel": values[..., 1].mean(axis=(0, 3)).round(6).tolist(),
        "snr_db": ratios,
        "psnr_db": values[..., 0].mean(axis=0).round(4).tolist(),
        "largest_deviation_db": round(float(values[..., 0].std(axis=0).max()), 4),
    }


def measured_psnr_db(s: SemanticOptions, snr_db: FloatArray) -> FloatArray:
    """Read PSNR [R, G, S]: a JSON object with ``snr_db`` [M] and ``psnr_db`` [R][G][M], linear in dB between.

    Raises:
        InputError: no such file, or measurements of other options.
    """
    shipped = Path(str(files("semverse.envs.cee").joinpath("tables", "semantic.json")))
    path = shipped if s.model == _SHIPPED else Path(s.model)
    remedy = f"give snr_db and psnr_db of {len(s.rates)} rates, {len(s.gop)} GOPs and each ratio"
    try:
        data = json.loads(read_text(path))
        at = np.asarray(data["snr_db"], dtype=np.float64)
        values = np.asarray(data["psnr_db"], dtype=np.float64)
        same = data.get("gop", list(s.gop)) == list(s.gop) and data.get("rates", list(s.rates)) == list(
            s.rates
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"holds no measurements ({error})", source=path, remedy=remedy) from error
    good = values.shape == (len(s.rates), len(s.gop), len(at)) and len(at) > 1 and (np.diff(at) > 0).all()
    if not good or not same or not np.isfinite(values).all():
        raise InputError("holds other measurements", source=path, key="psnr_db", remedy=remedy)
    flat = [np.interp(snr_db, at, row) for row in values.reshape(-1, len(at))]
    return np.stack(flat).reshape(len(s.rates), len(s.gop), len(snr_db))
