"""Measurement of quality surfaces over the blocks of photographs (needs torch)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pydantic
import torch

from semverse.envs.codecs.media import data_folder, read_picture
from semverse.envs.codecs.vlscc.checkpoint import load_codec
from semverse.envs.codecs.vlscc.image import ImageCodec, brightness_features
from semverse.envs.codecs.vlscc.pictures import picture_files
from semverse.envs.errors import InputError
from semverse.envs.vlscc.measure import (
    Content,
    Count,
    MeasureConfig,
    TableConfig,
    all_frames,
    allocation,
    measure_frame,
    smooth,
)
from semverse.envs.vlscc.references import read_blocks, reference
from semverse.envs.vlscc.surfaces import checked
from semverse.envs.vlscc.types import FloatArray, Surfaces

FEATURES = ("entropy", "deviation", "slope", "roughness")
_NOISE = 1 / 64  # deviation that a bit is spent on: about four steps of 8-bit brightness


class FramesConfig(TableConfig):
    """Frames cut out of photographs: a scene is one picture, its frames lie at places of it."""

    train: str  # folder below ``SEMVERSE_DATA`` with pictures of training content
    held_out: str  # the same for held-out content
    rows: Count  # of blocks in a frame
    columns: Count
    side: Annotated[int, pydantic.Field(ge=16)]  # of a block, in pixels


class PicturesConfig(FramesConfig, MeasureConfig):
    """A learned codec of pictures."""

    kind: Literal["pictures"]


def places(config: FramesConfig) -> npt.NDArray[np.str_]:
    """Return references [F, P] to the blocks of all frames, scene by scene, training content first.

    Raises:
        InputError: too few pictures, or one that is smaller than a frame.
    """
    rng, found = np.random.default_rng(config.seed), []
    height, width = config.rows * config.side, config.columns * config.side
    for folder in (config.train, config.held_out):
        files = picture_files(data_folder(folder))[: config.scenes]
        if len(files) < config.scenes:
            raise InputError(f"holds {len(files)} pictures", source=folder, remedy=f"give {config.scenes}")
        for file in files:
            picture = read_picture(file)
            most_y, most_x = picture.shape[0] - height, picture.shape[1] - width
            if min(most_y, most_x) < 0:
                raise InputError("is smaller than a frame", source=file, remedy="give smaller blocks")
            for y, x in rng.integers([most_y + 1, most_x + 1], size=(config.scene_frames, 2)).tolist():
                found.append(_blocks(f"{folder}/{file.name}", y, x, config))
    return np.array(found)


def _blocks(path: str, y: int, x: int, config: FramesConfig) -> list[str]:
    """Return references [P] to the blocks of the frame at (y, x), row by row."""
    side = config.side
    return [
        reference(path, y + row * side, x + column * side, side)
        for row in range(config.rows)
        for column in range(config.columns)
    ]


def picture_surfaces(config: PicturesConfig, file: Path, progress: Callable[[int, int], None]) -> Surfaces:
    """Measure a codec of pictures; arguments as of `semverse.envs.vlscc.measure.mesh_surfaces`.

    The distortion of a block is its mean squared error. The table refers to the pictures
    (`semverse.envs.vlscc.references`) and holds none of them.

    Raises:
        InputError: no such codec, pictures that are missing, or a file of other frames.
    """
    codec = load_codec(config.codec)
    if not isinstance(codec, ImageCodec):
        raise InputError(f"{config.codec} is no codec of pictures", key="codec", remedy="choose another")
    sources = places(config)
    frames = torch.from_numpy(np.stack([read_blocks(row) for row in sources]))  # [F, P, 3, side, side]
    scene = np.repeat(np.arange(2 * config.scenes), config.scene_frames)
    held_out = scene >= config.scenes
    content = Content(frames, torch.from_numpy(scene), torch.from_numpy(held_out))
    measured = all_frames(config, len(frames), partial(measure_frame, config, codec, content), file, progress)
    distortion = smooth(measured, config.smoothing)
    train = distortion[~held_out].mean(axis=1)  # [F, L, S] of whole frames
    every = frames.flatten(0, 1)
    places_of = codec.map_shape(every)
    return checked(
        Surfaces(
            name=config.name,
            measure="psnr",
            codec=config.codec,
            symbols=codec.config.length * int(np.prod(places_of)),
            distortion=distortion,
            snr_db=np.array(config.snr_db),
            features=features_of(every).reshape(*frames.shape[:2], -1),
            feature_names=FEATURES,
            allocation=allocation(codec, every, config.snr_db)
            .double()
            .numpy()
            .reshape(*frames.shape[:2], -1),
            scene=scene,
            held_out=held_out,
            sources=sources,
            worst=float(-10.0 * np.log10(train[:, 0].mean())),
            best=float(-10.0 * np.log10(train.min())),
        )
    )


def features_of(blocks: torch.Tensor) -> FloatArray:
    """Return [B, K]: bits a pixel of white noise of the block's deviation, and what else is known of it."""
    own = brightness_features(blocks)
    entropy = torch.log2(1 + own[:, :1] / _NOISE)
    found: FloatArray = torch.cat([entropy, own], dim=1).double().numpy()
    return found
