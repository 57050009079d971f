"""Arrays that the federated learning of paper 004 passes around; shape and unit beside each field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CLASSES = 10
RULES = ("random", "channel", "coverage", "coverage_channel")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled grey pictures."""

    images: Float32  # [N, H, W] from 0 to 1
    labels: IntArray  # [N] from 0 to 9

    def take(self, rows: IntArray) -> Dataset:
        """Return some of them."""
        return Dataset(self.images[rows], self.labels[rows])

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Split:
    """Who has which data."""

    private_images: Float32  # [K, S, H, W] S samples of each of K clients
    private_labels: IntArray  # [K, S]
    public_images: Float32  # [N, H, W] known to all, without labels
    test: Dataset  # of the server

    @property
    def clients(self) -> int:
        """Number K of clients."""
        return len(self.private_labels)

    def class_shares(self) -> FloatArray:
        """Return the share of each class in each client's samples [K, 10]."""
        hot = self.private_labels[..., None] == np.arange(CLASSES)
        return np.asarray(hot.mean(axis=1))


@dataclass(frozen=True)
class Release:
    """How the uploads of a round are made private and small."""

    clip: float  # L2 norm of a client's whole upload
    noise_multiplier: float  # standard deviation of the noise on the sum, over clip; 0: no privacy
    bits: int  # of a number of the upload; 32: not quantised
    public: int  # public samples that logits are uploaded of (distillation only)

    @property
    def mu(self) -> float:
        """Gaussian differential privacy of one release: infinite without noise."""
        return 1.0 / self.noise_multiplier if self.noise_multiplier > 0 else float("inf")


@dataclass(frozen=True, eq=False)
class Episode:
    """Everything random of the surroundings of N trainings of T rounds side by side."""

    epsilon: FloatArray  # [N] total privacy budget of each client
    mean_snr: Float32  # [N, K] of the uplinks, as a factor
    efficiency: Float32  # [T, N, K] what the uplink carries, bit/s/Hz
    ties: Float32  # [T, N, K] from 0 to 1: order of clients that are equal otherwise


@dataclass(frozen=True, eq=False)
class Decision:
    """What is decided for a round of N trainings."""

    count: IntArray  # [N] clients at most
    rule: IntArray  # [N] of their selection, index of `RULES`
    public: IntArray  # [N] public pictures whose logits are uploaded
    bits: IntArray  # [N] of a logit
    payment: IntArray  # [N] so many rounds like this spend a client's whole privacy budget


@dataclass(frozen=True, eq=False)
class Round:
    """What a round of N trainings came to."""

    chosen: BoolArray  # [N, K] who took part
    number: IntArray  # [N] of them
    mu: FloatArray  # [N] Gaussian differential privacy of the release
    noise: FloatArray  # [N] standard deviation of the noise on each mean logit
    upload_mbit: FloatArray  # [N] of all that took part
    seconds: FloatArray  # [N] training and uploads; 0: nobody took part
    energy_j: FloatArray  # [N] of all that took part
