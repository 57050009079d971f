"""A profile made ready: constants of every option of every decision as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.cee.config import CEEConfig, FixedSystem, load_profile
from semverse.envs.cee.links import LinkTable, load_links
from semverse.envs.cee.types import TIERS, BoolArray, FloatArray, IntArray
from semverse.envs.errors import InputError

_USD_H = 3600.0 * 1e-6  # of a TFLOP/s at one $/EFLOP


@dataclass(frozen=True, eq=False)
class Link:
    """The O options of one direction."""

    fixed_s: FloatArray  # [O] latency but for computing on the edge: coding, buffering a GOP, sending it
    airtime_s: FloatArray  # [O] a frame
    edge_tflop: FloatArray  # [O] a frame
    device_s: FloatArray  # [O] a frame, of the headset's NN accelerator
    energy_j: FloatArray  # [O] an epoch
    usd_h: FloatArray  # [O]
    allowed: BoolArray  # [O] sends frames as fast as they come
    nearest: IntArray  # [O] itself, or else the allowed option of the same codec with the nearest symbols


@dataclass(frozen=True, eq=False)
class Tiers:
    """A module that runs on device, edge or cloud: arrays [3]."""

    fixed_s: FloatArray  # latency but for edge and cloud
    edge_tflop: FloatArray  # a frame
    cloud_tflop: FloatArray
    device_s: FloatArray  # a frame, of the accelerator or the GPU
    energy_j: FloatArray  # an epoch
    usd_h: FloatArray
    mse: FloatArray  # that it adds


class Problem:
    """Constants of the service.

    Args:
        config: the profile.
        links: table of radio link options, without spread; None reads that of the profile.

    Raises:
        InputError: a headset or a radio that can do nothing at all, or no link table.
    """

    def __init__(self, config: CEEConfig, links: LinkTable | None = None) -> None:
        self.config = config
        table = load_links(config.links) if links is None else links
        self.table = table.spread(config.radio.spread_db)
        self.interval_s = 1.0 / config.frame_rate_hz
        self.options = table.options
        self.uplink = self._link(config.radio.uplink_mhz, up=True)
        self.downlink = self._link(config.radio.downlink_mhz, up=False)
        self.matte, self.render = self._matte(), self._render()
        self.matte_weight = config.quality.alpha_square + np.array(
            config.quality.matte_slope
        )  # of uplink MSE
        self.scene_mse = _mse(config.quality.scene_db)
        self.refresh = np.array(config.quality.refresh, dtype=np.int64)
        self.top_quality = len(self.scene_mse) - 1
        self.preprocessing_tflop = config.work.preprocessing_tflop * np.array(
            config.work.preprocessing_levels
        )
        self.preprocessing_usd_h = config.prices.cluster * self._usd_h(self.preprocessing_tflop)
        self.stall_ms = np.array(config.switching.stall_ms)
        per_epoch = 3600.0 / config.epoch_s
        self.switch_usd_h = config.prices.fibre * config.switching.scene_gbit * 1e-3 * per_epoch
        self._check()

    @classmethod
    def of(cls, profile: str | Path = "default", **overrides: Any) -> Problem:
        """Make the problem of a profile; see `semverse.envs.cee.config.load_profile`."""
        return cls(load_profile(profile, **overrides))

    def _usd_h(self, tflop: FloatArray | float) -> Any:
        """Return the rate in $/h of so many TFLOP a frame at one $/EFLOP."""
        return np.asarray(tflop) * self.config.frame_rate_hz * _USD_H

    @cached_property
    def fibre_s(self) -> float:
        """Time that a frame of video takes to pass into the fibre."""
        c = self.config
        return c.pixels * c.mezzanine_bits / (c.fibre_gbps * 1e9)

    def _link(self, mhz: float, *, up: bool) -> Link:
        c, t = self.config, self.table
        airtime = t.symbols / (mhz * 1e6)
        encode, decode = (
            c.pixels * 1e-9 * k for k in (c.work.semantic_encode_kflop, c.work.semantic_decode_kflop)
        )
        mine, theirs = (
            (encode, decode) if up else (decode, encode)
        )  # TFLOP a frame, on the device and on the edge
        device_tflop, edge_tflop = np.where(t.semantic, mine, 0.0), np.where(t.semantic, theirs, 0.0)
        device_s = device_tflop / c.rates.device_nn
        video_s = (c.latency.video_encode_ms + c.latency.video_decode_ms) * 1e-3
        buffering = np.where(t.semantic, (t.gop - 1) * self.interval_s, 0.0)
        together = np.where(t.semantic, t.gop, 1)  # frames that are sent as one
        video_j = c.energy.video_encode_j if up else c.energy.video_decode_j
        radio_w = c.energy.transmit_w if up else c.energy.receive_w
        coding_j = np.where(t.semantic, device_tflop * c.energy.device_nn_j_per_tflop, video_j)
        spectrum = c.prices.spectrum * t.symbols * c.frame_rate_hz * 3600.0 * 1e-9
        allowed = airtime <= self.interval_s
        return Link(
            fixed_s=np.where(t.semantic, device_s, video_s) + buffering + together * airtime,
            airtime_s=airtime,
            edge_tflop=edge_tflop,
            device_s=device_s,
            energy_j=c.frames_per_epoch * (coding_j + radio_w * airtime),
            usd_h=spectrum + c.prices.edge * self._usd_h(edge_tflop),
            allowed=allowed,
            nearest=_nearest(t, allowed),
        )

    def _matte(self) -> Tiers:
        c = self.config
        lite, full = c.work.matte_lite_tflop, c.work.matte_tflop
        share = np.array([c.foreground, c.foreground, 1.0])  # the cloud needs the whole picture to matte it
        fibre_usd = c.prices.fibre * c.pixels * c.mezzanine_bits * 1e-12 * c.frame_rate_hz * 3600.0
        device_s = np.array([lite / c.rates.device_nn, 0.0, 0.0])
        return Tiers(
            fixed_s=device_s + share * self.fibre_s,
            edge_tflop=np.array([0.0, full, 0.0]),
            cloud_tflop=np.array([0.0, 0.0, full]),
            device_s=device_s,
            energy_j=np.array([lite * c.energy.device_nn_j_per_tflop * c.frames_per_epoch, 0.0, 0.0]),
            usd_h=self._usd_h(full) * np.array([0.0, c.prices.edge, c.prices.cloud]) + fibre_usd * share,
            mse=_mse(c.quality.matte_db),
        )

    def _render(self) -> Tiers:
        c = self.config
        lite, full = c.work.render_lite_tflop, c.work.render_tflop
        device_s = np.array([lite / c.rates.device_gpu, 0.0, 0.0])
        return Tiers(
            fixed_s=device_s,
            edge_tflop=np.array([0.0, full, 0.0]),
            cloud_tflop=np.array([0.0, 0.0, full]),
            device_s=device_s,
            energy_j=np.array([lite * c.energy.device_gpu_j_per_tflop * c.frames_per_epoch, 0.0, 0.0]),
            usd_h=self._usd_h(full) * np.array([0.0, c.prices.edge, c.prices.cloud]),
            mse=_mse(c.quality.render_db),
        )

    @cached_property
    def content_s(self) -> float:
        """Content latency that no decision changes: capture, fibre to the cloud and back, display."""
        delays = self.config.latency
        return (delays.capture_ms + 2 * delays.fibre_ms + delays.display_ms) * 1e-3

    @cached_property
    def pose_s(self) -> FloatArray:
        """Motion-to-photon latency besides rendering and downlink, by the tier that renders [3]."""
        delays = self.config.latency
        local = (delays.pose_ms + delays.display_ms) * 1e-3
        return np.array([local, local, local + 2e-3 * delays.fibre_ms])

    @cached_property
    def load_limits(self) -> FloatArray:
        """Largest cloud loads at which the cluster keeps up with each preprocessing level [K]."""
        return 1.0 - self.preprocessing_tflop * self.config.frame_rate_hz / self.config.rates.cluster

    @cached_property
    def mask_limits(self) -> tuple[FloatArray, FloatArray]:
        """Largest loads of edge and of cloud with which options keep up: two arrays [3 + K + 3].

        Of matting on each tier, each preprocessing level, and rendering on each tier, if everything else is
        as light as can be.
        """
        hz, rates, any_load = (
            self.config.frame_rate_hz,
            self.config.rates,
            np.full(len(self.load_limits), 1.0),
        )
        codecs = sum(float(k.edge_tflop[k.allowed].min()) for k in (self.uplink, self.downlink))
        edge = [1.0 - hz * (codecs + tiers.edge_tflop) / rates.edge for tiers in (self.matte, self.render)]
        cloud = [1.0 - hz * tiers.cloud_tflop / rates.cloud for tiers in (self.matte, self.render)]
        return (
            np.concatenate([edge[0], any_load, edge[1]]),
            np.concatenate([cloud[0], self.load_limits, cloud[1]]),
        )

    def fixed_action(self, system: FixedSystem) -> IntArray:
        """Return a fixed system as a decision [5].

        Raises:
            InputError: an option that the link table has not, or a level that there is not.
        """
        for key, name in (("uplink", system.uplink), ("downlink", system.downlink)):
            if name not in self.table.names:
                raise InputError(
                    f"is {name!r:.60}", key=f"paper.{key}", remedy="choose one of the link table"
                )
        if system.preprocessing >= len(self.preprocessing_tflop):
            levels = len(self.preprocessing_tflop)
            raise InputError(
                f"is {system.preprocessing}", key="paper.preprocessing", remedy=f"there are {levels} levels"
            )
        return np.array(
            [
                self.table.names.index(system.uplink),
                self.table.names.index(system.downlink),
                TIERS.index(system.matte),
                system.preprocessing,
                TIERS.index(system.render),
            ]
        )

    def _check(self) -> None:
        """Demand that the lightest decisions keep up, whatever the load, and the headset with all."""
        c, spare = self.config, 1.0 - self.config.dynamics.load_max
        for name, link in (("uplink_mhz", self.uplink), ("downlink_mhz", self.downlink)):
            if not link.allowed.any():
                raise InputError("is too little for any option", key=f"radio.{name}", remedy="raise it")
        coding = self.uplink.device_s.max() + self.downlink.device_s.max()
        if coding + self.matte.device_s[0] > self.interval_s:
            raise InputError("is too slow for the codecs", key="rates.device_nn", remedy="raise it")
        if self.render.device_s[0] > self.interval_s:
            raise InputError("is too slow to render", key="rates.device_gpu", remedy="raise it")
        codecs = self.uplink.edge_tflop.max() + self.downlink.edge_tflop.max()
        if codecs > spare * c.rates.edge * self.interval_s:
            raise InputError("is too slow for the codecs under load", key="rates.edge", remedy="raise it")
        if self.load_limits[0] < c.dynamics.load_max:
            raise InputError("is too slow for the least level", key="rates.cluster", remedy="raise it")


def _mse(psnr_db: tuple[float, ...]) -> FloatArray:
    return np.asarray(10.0 ** (-np.array(psnr_db) / 10.0))


def _nearest(table: LinkTable, allowed: BoolArray) -> IntArray:
    """Return for every option itself, or the allowed one of its codec (if any) with the nearest symbols."""
    found = np.arange(table.options)
    size = np.log(table.symbols)
    for option in np.flatnonzero(~allowed).tolist():
        same = allowed & (table.semantic == table.semantic[option])
        candidates = np.flatnonzero(same if same.any() else allowed)
        if len(candidates):
            found[option] = candidates[np.abs(size[candidates] - size[option]).argmin()]
    return found
