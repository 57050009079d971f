"""Measurement of quality surfaces with a learned codec (needs torch)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pydantic
import torch
from numpy.polynomial.chebyshev import chebvander2d
from torch import Generator, Tensor

from semverse.envs.codecs.vlscc.body import CAMERA, SHAPE
from semverse.envs.codecs.vlscc.checkpoint import load_codec
from semverse.envs.codecs.vlscc.codec import Codec
from semverse.envs.codecs.vlscc.mesh import MeshCodec
from semverse.envs.codecs.vlscc.poses import ACTIVITIES
from semverse.envs.config import Config
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, write_atomic
from semverse.envs.vlscc.surfaces import checked
from semverse.envs.vlscc.types import FloatArray, Surfaces

Count = Annotated[int, pydantic.Field(ge=1)]
SAVE_EVERY = 10  # frames between two states to resume from


class TableConfig(Config):
    """What a table is of; the values are YAML files in ``semverse.configs.vlscc.surfaces``."""

    name: str  # of the table
    codec: str  # shipped name or folder of a checkpoint, or a classical codec
    scenes: Count  # of training content, and as many of held-out content
    scene_frames: Count
    snr_db: Annotated[tuple[float, ...], pydantic.Field(min_length=2)]
    seed: Annotated[int, pydantic.Field(ge=0)]


class MeasureConfig(TableConfig):
    """What is measured of a learned codec."""

    draws: Count  # of the noise, for each frame, level and ratio
    smoothing: Annotated[int, pydantic.Field(ge=1, le=10)]  # degree; see `smooth`


class MeshConfig(MeasureConfig):
    """Frames of people, drawn from the distribution that the codec was trained for."""

    kind: Literal["mesh"]


@dataclass(frozen=True, eq=False)
class Content:
    """Frames to measure, and what is known of them."""

    sources: Tensor  # [F, P, ...] as the codec takes them
    scene: Tensor  # [F]
    held_out: Tensor  # [F]


def people(config: MeshConfig, codec: MeshCodec) -> Content:
    """Draw frames of people: a scene is one person, seen by one camera, at one activity.

    Activities have the scenes that their probability says, in training and in held-out content alike.
    """
    generator = Generator().manual_seed(config.seed)
    middle = (torch.arange(config.scenes) + 0.5) / config.scenes
    activity = torch.searchsorted(torch.cumsum(codec.source.shares, 0), middle).repeat(2)  # of each scene
    mean, deviation = codec.source.means[activity], codec.source.deviations[activity]
    drawn = torch.randn((len(activity), config.scene_frames, mean.shape[1]), generator=generator)
    for same in (CAMERA, SHAPE):
        drawn[..., same] = drawn[:, :1, same]
    frames = mean[:, None] + deviation[:, None] * drawn
    scene = torch.arange(len(activity)).repeat_interleave(config.scene_frames)
    return Content(frames.reshape(-1, 1, mean.shape[1]), scene, scene >= config.scenes)


def measure_block(codec: Codec, source: Tensor, snr_db: float, unit: Tensor) -> Tensor:
    """Return the distortions [L] of one block at all levels, mean over noise.

    The same noise is used at all levels and ratios: differences between them are then known better than each.

    Args:
        codec: the codec.
        source: [...] one block.
        snr_db: ratio in dB.
        unit: noise of deviation 1 [D, N, *map].
    """
    levels, draws, shape = codec.config.levels, len(unit), codec.map_shape(source[None])
    asked = torch.arange(levels).float().reshape(-1, *[1] * len(shape)).expand(-1, *shape)
    copies = source.expand(levels, *source.shape)
    symbols, q = codec.encode(copies, snr_db, asked)
    heard = symbols[:, None] + unit * 10.0 ** (-snr_db / 20.0)  # [L, D, N, *map]
    received = codec.decode(heard.flatten(0, 1), q.repeat_interleave(draws, 0), snr_db, source.shape)
    found = distortion_of(codec, copies.repeat_interleave(draws, 0), received)
    return found.reshape(levels, draws).mean(1)


def distortion_of(codec: Codec, source: Tensor, received: Tensor) -> Tensor:
    """Return MPJPE or mean squared error [B] of what was received [B, ...]."""
    measured = codec.measure(source, received)
    return -measured if isinstance(codec, MeshCodec) else torch.pow(10.0, -measured / 10.0)


def measure_frame(config: MeasureConfig, codec: Codec, content: Content, frame: int) -> FloatArray:
    """Return the distortions [P, L, S] of a frame; they depend on no other frame."""
    blocks = content.sources[frame]
    generator = Generator().manual_seed(config.seed * 1_000_003 + frame)
    unit = torch.randn((config.draws, codec.config.length, *codec.map_shape(blocks)), generator=generator)
    found = [[measure_block(codec, block, snr, unit) for snr in config.snr_db] for block in blocks]
    stacked: FloatArray = torch.stack([torch.stack(row, -1) for row in found]).double().numpy()
    return stacked


def allocation(codec: Codec, blocks: Tensor, snr_db: Sequence[float]) -> Tensor:
    """Return the levels [B, S] that the rate allocation network chooses: rounded means over the maps."""
    chosen = [codec.encode(blocks, snr)[1].reshape(len(blocks), -1) for snr in snr_db]
    return torch.stack([q.mean(1).round() for q in chosen], -1)


def mesh_surfaces(config: MeshConfig, file: Path, progress: Callable[[int, int], None]) -> Surfaces:
    """Measure a codec of human meshes.

    Args:
        config: what is measured.
        file: of the frames measured so far; read if it is there, removed by nobody.
        progress: told how many frames are measured, and of how many.

    Raises:
        InputError: no such codec, or a file of other frames.
    """
    codec = load_codec(config.codec)
    if not isinstance(codec, MeshCodec):
        raise InputError(f"{config.codec} is no codec of meshes", key="codec", remedy="choose another")
    content = people(config, codec)
    measured = all_frames(
        config, len(content.sources), partial(measure_frame, config, codec, content), file, progress
    )
    distortion = smooth(measured, config.smoothing)
    blocks, held_out = content.sources[:, 0], content.held_out.numpy()
    return checked(
        Surfaces(
            name=config.name,
            measure="mpjpe",
            codec=config.codec,
            symbols=codec.config.length,
            distortion=distortion,
            snr_db=np.array(config.snr_db),
            features=codec.features(blocks)[:, None].double().numpy(),
            feature_names=("entropy", *(activity.name for activity in ACTIVITIES)),
            allocation=allocation(codec, blocks, config.snr_db)[:, None].double().numpy(),
            scene=content.scene.numpy(),
            held_out=held_out,
            sources=content.sources.numpy(),
            worst=-float(distortion[~held_out, :, 0].mean()),
            best=0.0,
        )
    )


def smooth(distortion: FloatArray, degree: int) -> FloatArray:
    """Return distortions [F, P, L, S] without the roughness that few draws leave.

    The logarithm of each block is fitted by Chebyshev polynomials of the logarithm of the level and of the
    ratio, of a total degree up to ``degree``. Level 0 stays as it is: nothing is sent, so no noise matters.
    """
    levels, ratios = distortion.shape[-2:]
    x = np.log(np.arange(1, levels))
    x, y = 2.0 * x / x[-1] - 1.0, np.linspace(-1.0, 1.0, ratios)
    every = chebvander2d(np.repeat(x, ratios), np.tile(y, levels - 1), [degree, degree])
    kept = np.add.outer(np.arange(degree + 1), np.arange(degree + 1)).ravel() <= degree
    basis = every[:, kept]
    measured = np.log(distortion[..., 1:, :]).reshape(-1, len(basis))
    fitted = basis @ np.linalg.lstsq(basis, measured.T, rcond=None)[0]
    found = distortion.copy()
    found[..., 1:, :] = np.exp(fitted.T).reshape(found[..., 1:, :].shape)
    return found


def all_frames(
    config: TableConfig,
    total: int,
    measure: Callable[[int], FloatArray],
    file: Path,
    progress: Callable[[int, int], None],
) -> FloatArray:
    """Measure all frames [F, P, L, S], from where an earlier run stopped.

    Args:
        config: what is measured.
        total: number of frames F.
        measure: returns the distortions [P, L, S] of a frame, whatever was measured before.
        file: of the frames measured so far.
        progress: told how many frames are measured, and of how many.
    """
    label, found = json.dumps(config.model_dump(mode="json"), sort_keys=True), list[FloatArray]()
    if file.is_file():
        found = _resume(file, label)
    try:
        while len(found) < total:
            progress(len(found), total)
            found.append(measure(len(found)))
            if len(found) % SAVE_EVERY == 0:
                _save(file, label, found)
    except KeyboardInterrupt:
        _save(file, label, found)
        raise
    progress(total, total)
    return np.stack(found)


def _save(path: Path, label: str, found: Sequence[FloatArray]) -> None:
    stream = io.BytesIO()
    np.savez(stream, label=np.asarray(label), distortion=np.array(found))
    write_atomic(path, stream.getvalue())


def _resume(path: Path, label: str) -> list[FloatArray]:
    with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as archive:
        if str(archive["label"]) != label:
            raise InputError("has frames of another configuration", source=path, remedy="remove it")
        return list(archive["distortion"])
