"""Data types of the VL-SCC rate control problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Measure = Literal["mpjpe", "psnr"]


@dataclass(frozen=True, eq=False)
class Surfaces:
    """What a codec makes of F frames of P blocks, at L levels and S signal-to-noise ratios.

    A block at level l is sent with ``symbols l / (L - 1)`` symbols.
    """

    name: str
    measure: Measure  # distortion is a mean joint error ("mpjpe") or a mean squared error ("psnr")
    codec: str  # name of the learned codec that was measured, or "" if a formula was
    symbols: int  # N, real symbols of a whole block
    distortion: FloatArray  # [F, P, L, S] mean over channel draws
    snr_db: FloatArray  # [S] evenly spaced
    features: FloatArray  # [F, P, K] what the transmitter knows of a block
    feature_names: tuple[str, ...]  # [K]; "entropy" is one of them
    allocation: FloatArray  # [F, P, S] level that the codec's own rate allocation network chooses
    scene: IntArray  # [F] activity or picture that a frame belongs to
    held_out: BoolArray  # [F] kept apart from training
    sources: npt.NDArray[
        Any
    ]  # [F, P, ...] the blocks as the codec takes them, or [F, P] references to pictures
    worst: float  # value of the measure (-MPJPE, or PSNR in dB) whose quality is 0
    best: float  # value of the measure whose quality is 1

    @property
    def frames(self) -> int:
        """Return F."""
        return len(self.distortion)

    @property
    def blocks(self) -> int:
        """Return P."""
        return int(self.distortion.shape[1])

    @property
    def levels(self) -> int:
        """Return L."""
        return int(self.distortion.shape[2])


@dataclass(frozen=True, eq=False)
class Episode:
    """Everything random of T frames of a stream (or of N streams side by side)."""

    frames: IntArray  # [T, ...] which frame of the surfaces
    snr_db: FloatArray  # [T, ...]

    @property
    def length(self) -> int:
        """Return T."""
        return len(self.frames)

    def row(self, row: int) -> Episode:
        """Return one of several streams [T, N]."""
        return Episode(self.frames[:, row], self.snr_db[:, row])


@dataclass(frozen=True, eq=False)
class Costs:
    """What levels bring and cost, frame by frame."""

    quality: FloatArray  # [..., T] 0: as if nothing was sent, 1: perfect
    distortion: FloatArray  # [..., T] mean over the blocks
    symbols: FloatArray  # [..., T]
    delay_ms: FloatArray  # [..., T] from the frame's begin to its last symbol, waiting included
    reward: FloatArray  # [..., T] quality - gamma rate
    feasible: BoolArray  # [...] budget and every deadline hold
