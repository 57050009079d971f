"""The codec itself in place of its surfaces (needs torch)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.codecs.bitstream import CODECS
from semverse.envs.errors import InputError
from semverse.envs.vlscc.core import Generators
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.references import blocks_of
from semverse.envs.vlscc.types import FloatArray, IntArray

LARGEST_SEED = 2**63 - 1


@cache
def _codec(name: str) -> Any:
    """Return the codec that surfaces were measured with.

    Raises:
        InputError: there is none, or torch is missing.
    """
    if not name:
        raise InputError("is 'live', but the surfaces are a formula", key="codec", remedy="choose 'table'")
    if name in CODECS:
        raise InputError(
            f"is 'live', but the surfaces are of {name}",
            key="codec",
            remedy="choose 'table', or semverse transmit",
        )
    try:
        from semverse.envs.codecs.vlscc.checkpoint import load_codec
    except ModuleNotFoundError as error:
        remedy = "pip install 'semverse[codecs]'"
        raise InputError(f"needs the package {error.name!r}", key="codec", remedy=remedy) from error
    return load_codec(name)


class LiveMeter:
    """Sends frames through the codec and a noisy channel and measures what arrives.

    Args:
        problem: profile and surfaces.

    Raises:
        InputError: the surfaces are a formula, or torch is missing.
    """

    def __init__(self, problem: Problem) -> None:
        self.surfaces = problem.surfaces
        self.codec = _codec(self.surfaces.codec)

    def __call__(
        self, frames: IntArray, snr_db: FloatArray, levels: IntArray, generators: Generators
    ) -> FloatArray:
        """Return the distortions [N] of one transmission each."""
        rows = zip(frames.tolist(), snr_db.tolist(), levels.T, generators, strict=True)
        return np.array([self.send(*row)[1] for row in rows])

    def send(
        self, frame: int, snr_db: float, levels: IntArray, generator: np.random.Generator
    ) -> tuple[npt.NDArray[Any], float]:
        """Return what arrives of a frame [P, ...] and its distortion.

        Args:
            frame: which.
            snr_db: ratio; one outside of the grid of the surfaces counts as the nearest one on it.
            levels: [P].
            generator: of the noise.

        Raises:
            InputError: the frame is a picture that is not at hand.
        """
        import torch

        from semverse.envs.vlscc.measure import distortion_of

        grid, blocks = self.surfaces.snr_db, torch.from_numpy(blocks_of(self.surfaces, frame)).float()
        shape = self.codec.map_shape(blocks)
        level = torch.as_tensor(levels).float().reshape(-1, *[1] * len(shape)).expand(-1, *shape)
        noise = torch.Generator().manual_seed(int(generator.integers(LARGEST_SEED)))
        ratio = float(np.clip(snr_db, grid[0], grid[-1]))
        received = self.codec.send(blocks, ratio, level=level, generator=noise).received
        return received.numpy(), float(distortion_of(self.codec, blocks, received).mean())
