"""How the link tables come about: this project's rate-distortion, loss and block error models.

H.264: bits and clean quality of a clip from encodes at the very QPs and GOPs; losses by
`semverse.envs.codecs.loss_model` with block error rates of `semverse.envs.channels.bler`. Semantic: the
parametric model below, or measurements (`semverse.envs.cee.measured`) in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pydantic

from semverse.envs.cee.links import LinkTable
from semverse.envs.cee.measured import measured_psnr_db
from semverse.envs.cee.types import FloatArray
from semverse.envs.channels import bler
from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.codecs.loss_model import frame_bits, lag_probabilities, shown_psnr_db
from semverse.envs.codecs.rate_model import RateDistortion
from semverse.envs.config import Config
from semverse.envs.errors import InputError

Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, pydantic.Field(ge=1)]
_RUN_IN = 3  # longest GOPs that are averaged over, after one to run in


class VideoOptions(Config):
    """The H.264 options: every combination of ``mcs``, ``qp`` and ``gop``."""

    clip: str
    frames: Annotated[int, pydantic.Field(ge=2)]
    block_bits: Count
    mcs: tuple[tuple[Literal["bpsk", "qpsk", "16qam", "64qam", "256qam"], Positive], ...]
    qp: tuple[Count, ...]
    gop: tuple[Count, ...]


class ParametricModel(Config):
    """Figures of `parametric_psnr_db`."""

    psnr_db: tuple[Positive, Positive, Positive]
    psnr_at_db: tuple[float, float, float]
    gop_gain_db: tuple[float, ...]
    gop_gain_at_db: tuple[float, ...]
    rate_exponent: Positive


class Measurement(Config):
    """How `semverse.envs.cee.measured` measures."""

    codecs: tuple[str, ...]  # checkpoint for each GOP
    seeds: Count
    step_db: Positive


class SemanticOptions(Config):
    """The semantic options: every combination of ``rates`` and ``gop``."""

    rates: tuple[Positive, ...]  # symbols a pixel
    gop: tuple[Count, ...]
    model: str  # "parametric", "measured" (what ships), or the path of a JSON file of measurements
    parametric: ParametricModel | None = None
    measurement: Measurement | None = None


class LinkConfig(Config):
    """What a link table holds."""

    snr_db: tuple[float, float]
    snr_step_db: Annotated[float, pydantic.Field(gt=0, le=0.25)]
    pixels: Count
    h264: VideoOptions
    semantic: SemanticOptions


def measure_links(config: LinkConfig, progress: Callable[[int, int], None] | None = None) -> LinkTable:
    """Make the table of all options.

    Args:
        config: what it holds.
        progress: told how many encodes are done, and of how many.

    Raises:
        InputError: the clip is missing, or measurements that do not fit.
    """
    low, high = config.snr_db
    steps = np.arange(round((high - low) / config.snr_step_db) + 1, dtype=np.float64)
    snr_db: FloatArray = low + config.snr_step_db * steps
    video, semantic = _video(config, snr_db, progress), _semantic(config, snr_db)
    names = (*video.names, *semantic.names)
    return LinkTable(
        snr_db,
        np.stack([*video.log_mse, *semantic.log_mse], axis=1),
        np.array([*video.symbols, *semantic.symbols]),
        np.array([*video.gop, *semantic.gop], dtype=np.int64),
        np.arange(len(names)) >= len(video.names),
        names,
    )


@dataclass(frozen=True)
class Columns:
    """Columns of a table, as they come."""

    log_mse: list[FloatArray] = field(default_factory=list)  # [S] each
    symbols: list[float] = field(default_factory=list)
    gop: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, log_mse: FloatArray, symbols: float, gop: int, name: str) -> None:
        """Append an option."""
        self.log_mse.append(log_mse)
        self.symbols.append(symbols)
        self.gop.append(gop)
        self.names.append(name)


def _video(config: LinkConfig, snr_db: FloatArray, progress: Callable[[int, int], None] | None) -> Columns:
    """Return the H.264 options: MCS by MCS, QP by QP, GOP by GOP."""
    from semverse.envs.codecs.clips import clip_paths
    from semverse.envs.codecs.rate_model import rate_distortion

    h, paths, models = config.h264, clip_paths(), {}
    if h.clip not in paths:
        raise InputError(f"is {h.clip!r:.60}", key="h264.clip", remedy=f"choose {', '.join(paths)}")
    for done, gop in enumerate(h.gop):
        models[gop] = rate_distortion(paths[h.clip], "x264", h.qp, frames=h.frames, gop=gop)
        if progress is not None:
            progress(done + 1, len(h.gop))
    columns = Columns()
    for (modulation, rate), qp, gop in product(h.mcs, h.qp, h.gop):
        length = (_RUN_IN + 1) * max(h.gop)
        scaled = larger(models[gop], config.pixels)
        bits = frame_bits(scaled, qp, length, gop)
        lost = np.clip(bler(modulation, rate, h.block_bits, snr_db), 0.0, 1.0)
        log_mse = np.log(shown_mse(scaled, qp, bits, gop, h.block_bits, lost))
        symbols = float(bits.mean()) / (rate * BITS_PER_SYMBOL[modulation])
        columns.add(log_mse, symbols, gop, f"h264 {modulation} {rate:g} QP {qp} GOP {gop}")
    return columns


def larger(model: RateDistortion, pixels: int) -> RateDistortion:
    """Return the model of frames of so many pixels that cost as many bits a pixel."""
    factor = np.log(pixels / model.pixels)
    grown = {}
    for kind, curve in model.log_bits.items():
        shift = np.zeros_like(curve.coefficients)
        shift[-1] = factor
        grown[kind] = replace(curve, coefficients=curve.coefficients + shift)
    return replace(model, log_bits=grown, pixels=pixels)


def shown_mse(
    model: RateDistortion,
    qp: int,
    bits: np.ndarray[tuple[int], np.dtype[np.int64]],
    gop: int,
    k: int,
    lost: FloatArray,
) -> FloatArray:
    """Return the mean squared error [S] of what is shown at block error rates [S], the first GOP left out."""
    kept = len(bits) // (_RUN_IN + 1)
    chances = lag_probabilities(bits, gop, k, lost)[:, kept:]
    return np.asarray((chances @ 10 ** (-shown_psnr_db(model, qp, len(bits)) / 10)).mean(axis=-1))


def _semantic(config: LinkConfig, snr_db: FloatArray) -> Columns:
    """Return the semantic options: rate by rate, GOP by GOP."""
    s = config.semantic
    psnr_db = parametric_psnr_db(s, snr_db) if s.model == "parametric" else measured_psnr_db(s, snr_db)
    columns = Columns()
    for (i, rate), (j, gop) in product(enumerate(s.rates), enumerate(s.gop)):
        log_mse = -np.log(10) / 10 * psnr_db[i, j]
        columns.add(log_mse, rate * config.pixels, gop, f"semantic 1/{1 / rate:g} GOP {gop}")
    return columns


def parametric_psnr_db(s: SemanticOptions, snr_db: FloatArray) -> FloatArray:
    """Return the PSNR [R, G, S] of a semantic codec in dB by a model, not by measurement.

    At the highest rate and a GOP of 4, ``MSE = a + b snr^-p`` through the three points of ``psnr_db``. It
    goes with rate^-``rate_exponent``, and a GOP of g frames gains ``(1 - 1/g) / (1 - 1/4)`` of what 4 gain.

    Raises:
        InputError: the figures are missing or do not fit.
    """
    m = s.parametric
    if m is None:
        raise InputError("is missing", key="semantic.parametric", remedy="give it, or another semantic.model")
    a, b, p = power_law(m.psnr_db, m.psnr_at_db)
    of_four = -10 * np.log10(a + b * 10 ** (-p * snr_db / 10))
    gain = np.interp(snr_db, m.gop_gain_at_db, m.gop_gain_db)
    rate = 10 * m.rate_exponent * np.log10(np.array(s.rates) / max(s.rates))
    share = (1 - 1 / np.array(s.gop, dtype=np.float64)) / (1 - 1 / 4)
    return np.asarray(of_four + rate[:, None, None] + (share[:, None] - 1) * gain)


def power_law(
    psnr_db: tuple[float, float, float], at_db: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return a, b, p of ``a + b snr^-p`` through three mean squared errors at evenly spaced ratios in dB.

    Raises:
        InputError: the ratios are not evenly spaced, or the points do not flatten out.
    """
    x, y, z = (10 ** (-value / 10) for value in psnr_db)
    step = at_db[1] - at_db[0]
    if not (step > 0 and abs(at_db[2] - at_db[1] - step) < 1e-9 and x - y > y - z > 0):
        remedy = "give three points at even distances that flatten out"
        raise InputError("do not fit the model", key="semantic.parametric.psnr_db", remedy=remedy)
    falls = (y - z) / (x - y)  # by which each step shrinks the rest
    b = (x - y) / (1 - falls)
    p = float(-10 * np.log10(falls) / step)
    return x - b, b * 10 ** (p * at_db[0] / 10), p


def read_link_config(path: str | Path) -> LinkConfig:
    """Read what a table holds.

    Raises:
        InputError: a bad file.
    """
    from semverse.envs.config import load_config

    return load_config(LinkConfig, path)
