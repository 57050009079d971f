"""Data types of the cloud-edge-end service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TIERS = ("device", "edge", "cloud")
OBJECTIVES = ("motion_to_photon_ms", "content_ms", "psnr_db", "energy_j", "cost_usd_h")
DECISIONS = ("uplink", "downlink", "matte", "preprocessing", "render")


@dataclass(frozen=True, eq=False)
class Conditions:
    """What an epoch brings that nobody decides; arrays of one shape [...]."""

    uplink_db: FloatArray  # mean Es/N0 of the epoch, dB
    downlink_db: FloatArray
    edge_load: FloatArray  # share that others take, 0 to 1
    cloud_load: FloatArray  # of cloud and cluster
    motion: IntArray  # qualities that the scene loses by its motion, 1 to 3


@dataclass(frozen=True, eq=False)
class State:
    """What an epoch inherits; arrays of one shape [...]."""

    tier: IntArray  # where the last epoch was rendered, index of `TIERS`
    quality: IntArray  # of the 3-D scene, 0 to 6


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What decisions of an epoch come to; arrays that broadcast to one shape [...]."""

    motion_to_photon_ms: FloatArray  # pose, rendering, downlink, display
    content_ms: FloatArray  # capture to display
    psnr_db: FloatArray  # of what is seen, peak 1
    energy_j: FloatArray  # of the headset in the epoch
    cost_usd_h: FloatArray  # computing, spectrum and fibre, at the rate of the epoch
    quality: IntArray  # of the 3-D scene after the epoch
    keeps_up: BoolArray  # no resource is busy for longer than a frame interval each frame

    def vector(self) -> FloatArray:
        """Return -motion-to-photon, -content latency, PSNR, -energy, -cost [..., 5]."""
        return np.stack(
            [-self.motion_to_photon_ms, -self.content_ms, self.psnr_db, -self.energy_j, -self.cost_usd_h],
            axis=-1,
        )


@dataclass(frozen=True, eq=False)
class Episode:
    """Everything random of T epochs of a user (or of N users side by side)."""

    snr_db: (
        FloatArray  # [T + 1, 2, ...] uplink, downlink; epoch t sees row t reported and row t + 1 come true
    )
    load: FloatArray  # [T, 2, ...] edge, cloud
    motion: IntArray  # [T, ...]
    preference: FloatArray  # [5, ...] weights of `OBJECTIVES`, sum 1

    @property
    def epochs(self) -> int:
        """Return T."""
        return len(self.motion)

    def row(self, row: int) -> Episode:
        """Return one of several users."""
        return Episode(
            self.snr_db[..., row], self.load[..., row], self.motion[..., row], self.preference[..., row]
        )

    def conditions(self, epoch: int) -> Conditions:
        """Return what an epoch really brings [...]."""
        up, down = self.snr_db[epoch + 1]
        edge, cloud = self.load[epoch]
        return Conditions(up, down, edge, cloud, self.motion[epoch])
