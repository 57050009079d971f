"""Quality surfaces of the classical chain: a picture codec, 5G LDPC and adaptive modulation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pydantic
import torch

from semverse.envs.channels.block_errors import bler
from semverse.envs.channels.schemes import block_symbols
from semverse.envs.codecs.bitstream import GREY
from semverse.envs.codecs.classical import encode
from semverse.envs.vlscc.measure import all_frames
from semverse.envs.vlscc.measure_pictures import FEATURES, FramesConfig, features_of, places
from semverse.envs.vlscc.references import read_blocks
from semverse.envs.vlscc.surfaces import checked
from semverse.envs.vlscc.types import FloatArray, Surfaces

Link = tuple[
    Literal["bpsk", "qpsk", "16qam", "64qam", "256qam"], Annotated[float, pydantic.Field(gt=0, lt=1)]
]


class ClassicalConfig(FramesConfig):
    """What is sent how; every frame is one block."""

    kind: Literal["classical"]
    rows: Literal[1]
    columns: Literal[1]
    symbols_per_pixel: Annotated[float, pydantic.Field(gt=0, le=10)]  # complex, at the highest level
    levels: Annotated[int, pydantic.Field(ge=2, le=1000)]
    qualities: Annotated[
        tuple[int, ...], pydantic.Field(min_length=2)
    ]  # values of the codec's knob to choose from
    links: Annotated[
        tuple[Link, ...], pydantic.Field(min_length=1)
    ]  # modulation and code rate to choose from
    k: Annotated[int, pydantic.Field(ge=12, le=8448)]  # information bits a code block

    @property
    def step(self) -> int:
        """Complex symbols of one level."""
        return int(self.side**2 * self.symbols_per_pixel) // (self.levels - 1)


def classical_surfaces(config: ClassicalConfig, file: Path, progress: Callable[[int, int], None]) -> Surfaces:
    """Work out what a frame is worth at each level; arguments as of `measure.mesh_surfaces`.

    The distortion is the expected mean squared error of one transmission: the frame as decoded if all its
    code blocks arrive (block error rates of `semverse.envs.channels`), grey if one does not. The transmitter
    knows the ratio, and takes the quality and the link that do best within the symbols of the level.
    `allocation` is what a constant quality asks for: the one that costs half the symbols on average.

    Raises:
        InputError: pictures that are missing, a codec or link that does not exist, or a file of other frames.
    """
    sources = places(config)
    frames = np.stack([read_blocks(row)[0] for row in sources])  # [F, 3, side, side]
    found = all_frames(config, len(frames), partial(_frame, config, frames), file, progress)
    distortion, needs = found[:, :, : config.levels], found[:, :, config.levels :]
    scene = np.repeat(np.arange(2 * config.scenes), config.scene_frames)
    held_out = scene >= config.scenes
    train = distortion[~held_out].mean(axis=(0, 1))
    return checked(
        Surfaces(
            name=config.name,
            measure="psnr",
            codec=config.codec,
            symbols=2 * config.step * (config.levels - 1),  # real ones, as everywhere
            distortion=distortion,
            snr_db=np.array(config.snr_db),
            features=features_of(torch.from_numpy(frames))[:, None],
            feature_names=FEATURES,
            allocation=_constant_quality(config, needs[:, 0], ~held_out)[:, None],
            scene=scene,
            held_out=held_out,
            sources=sources,
            worst=float(-10.0 * np.log10(train[0].mean())),
            best=float(-10.0 * np.log10(train.min())),
        )
    )


def _frame(config: ClassicalConfig, frames: npt.NDArray[np.float32], frame: int) -> FloatArray:
    """Return [1, L + Q, S]: distortions at all levels, then the level that each quality asks for."""
    picture = np.round(255.0 * np.moveaxis(frames[frame], 0, 2)).astype(np.uint8)
    streams = [encode(picture[None], config.codec, quality) for quality in config.qualities]
    errors = [_error(stream.clean[0], picture) for stream in streams]
    grey = _error(np.full_like(picture, GREY), picture)
    blocks = np.array([-(-int(stream.bits[0]) // config.k) for stream in streams])  # [Q]
    distortion = np.full((config.levels, len(config.snr_db)), grey)
    needs = np.full((len(streams), len(config.snr_db)), np.inf)
    for modulation, rate in config.links:
        symbols = blocks * block_symbols(modulation, rate, config.k)
        lost = 1.0 - (1.0 - bler(modulation, rate, config.k, config.snr_db)) ** blocks[:, None]  # [Q, S]
        expected = (1.0 - lost) * np.array(errors)[:, None] + lost * grey
        level = np.ceil(symbols / config.step).astype(np.int64)
        for quality in np.flatnonzero(level < config.levels):
            at = level[quality]
            distortion[at] = np.minimum(distortion[at], expected[quality])
        needs = np.where(lost < 0.1, np.minimum(needs, level[:, None]), needs)
    best = np.minimum.accumulate(distortion, axis=0)
    return np.concatenate([best, np.minimum(needs, config.levels - 1)])[None]


def _error(received: npt.NDArray[np.uint8], sent: npt.NDArray[np.uint8]) -> float:
    """Return the mean squared error in units of full brightness."""
    return float(np.mean((received.astype(np.float64) - sent) ** 2)) / 255.0**2


def _constant_quality(config: ClassicalConfig, needs: FloatArray, train: npt.NDArray[np.bool_]) -> FloatArray:
    """Return levels [F, S] at the one quality that costs about half the symbols on training content."""
    mean = needs[train].mean(axis=(0, 2))  # [Q]
    chosen: FloatArray = needs[:, np.argmin(np.abs(mean - (config.levels - 1) / 2))]
    return chosen
