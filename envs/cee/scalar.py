"""The model of an epoch for one user in plain Python floats: what numpy takes 100 times as long for.

Equal to `semverse.envs.cee.model` to a relative 1e-9, which a test keeps.
"""

from __future__ import annotations

from math import exp, log10
from typing import NamedTuple

import numpy as np

from semverse.envs.cee.model import fallbacks
from semverse.envs.cee.problem import Link, Problem
from semverse.envs.cee.types import Episode


class Moment(NamedTuple):
    """Conditions of an epoch, as `semverse.envs.cee.types.Conditions`, and what follows from them alone."""

    uplink_db: float
    downlink_db: float
    edge_load: float
    cloud_load: float
    motion: int
    uplink_row: int  # of the link table below the ratio
    downlink_row: int
    uplink_share: float  # of the way to the row above
    downlink_share: float
    edge_rate: float  # TFLOP/s that others leave
    cloud_rate: float
    highest: int  # preprocessing level that keeps up


class Found(NamedTuple):
    """Outcomes of an epoch, as `semverse.envs.cee.types.Outcomes`."""

    motion_to_photon_ms: float
    content_ms: float
    psnr_db: float
    energy_j: float
    cost_usd_h: float
    quality: int


class LinkLists:
    """A `Link` as lists."""

    def __init__(self, link: Link) -> None:
        self.fixed_s, self.edge_tflop = link.fixed_s.tolist(), link.edge_tflop.tolist()
        self.energy_j, self.usd_h = link.energy_j.tolist(), link.usd_h.tolist()
        self.nearest: list[int] = link.nearest.tolist()


class FloatModel:
    """A problem as lists, and the model on them.

    Args:
        problem: constants.
    """

    def __init__(self, problem: Problem) -> None:
        p, c = problem, problem.config
        self.problem, self._hz = problem, c.frame_rate_hz
        self._photon_limit, self._content_limit = c.limits.motion_to_photon_ms, c.limits.content_ms
        self._psnr_limit, self._psnr_best = c.limits.psnr_db, c.reward.psnr_best_db
        self._psnr_scale, self._energy_scale = c.reward.psnr_scale_db, c.reward.energy_scale_j
        self._cost_scale, self._penalty = c.reward.cost_scale_usd_h, c.reward.penalty
        self.up, self.down = LinkLists(p.uplink), LinkLists(p.downlink)
        self._log_mse: list[list[float]] = p.table.log_mse.tolist()
        self._pose_s, self._content_s = p.pose_s.tolist(), p.content_s
        self._stall_ms, self._switch_usd_h = p.stall_ms.tolist(), p.switch_usd_h
        self._levels = p.preprocessing_usd_h.tolist()
        self._refresh, self._top = p.refresh.tolist(), p.top_quality
        self._scene_mse, self._matte_weight = p.scene_mse.tolist(), p.matte_weight.tolist()
        self._fallbacks = fallbacks().tolist()
        matte, render = p.matte, p.render
        self._matte_edge, self._render_edge = matte.edge_tflop.tolist(), render.edge_tflop.tolist()
        self._matte_cloud, self._render_cloud = matte.cloud_tflop.tolist(), render.cloud_tflop.tolist()
        self._matte_s, self._render_s = matte.fixed_s.tolist(), render.fixed_s.tolist()
        self._tiers_mse = [[float(a + b) for b in render.mse] for a in matte.mse]
        self._tiers_j = [[float(a + b) for b in render.energy_j] for a in matte.energy_j]
        self._tiers_usd = [[float(a + b) for b in render.usd_h] for a in matte.usd_h]

    def moments(self, episode: Episode) -> list[Moment]:
        """Return the conditions of all epochs of an episode [T]."""
        p, rates = self.problem, self.problem.config.rates
        ratios, loads, last = episode.snr_db[1:], episode.load, float(len(p.table.snr_db) - 1)
        position = np.minimum(np.maximum((ratios - p.table.snr_db[0]) / p.table.step_db, 0.0), last)
        row = np.minimum(position.astype(np.int64), int(last) - 1)
        left = np.array([rates.edge, rates.cloud]) * (1.0 - loads)
        highest = (loads[:, 1:] <= p.load_limits).sum(axis=1) - 1
        parts = (ratios, loads, episode.motion[:, None], row, position - row, left, highest[:, None])
        return [
            Moment(*values)
            for values in zip(*(column for x in parts for column in x.T.tolist()), strict=True)
        ]

    def _link_mse(self, row: int, share: float, option: int) -> float:
        """Return the mean squared error of a link option."""
        first = self._log_mse[row][option]
        return exp(first + share * (self._log_mse[row + 1][option] - first))

    def tiers_keep_up(self, codecs_tflop: float, matte: int, render: int, now: Moment) -> bool:
        """Return whether edge and cloud GPU keep up, with so much for the codecs on the edge."""
        edge = codecs_tflop + self._matte_edge[matte] + self._render_edge[render]
        cloud = self._matte_cloud[matte] + self._render_cloud[render]
        return bool(edge * self._hz <= now.edge_rate and cloud * self._hz <= now.cloud_rate)

    def repair(self, action: list[int], now: Moment) -> list[int]:
        """Return the nearest decision that keeps up."""
        up, down, matte, level, render = action
        up, down = self.up.nearest[up], self.down.nearest[down]
        codecs = self.up.edge_tflop[up] + self.down.edge_tflop[down]
        if not self.tiers_keep_up(codecs, matte, render, now):
            for pair in self._fallbacks[3 * matte + render]:
                matte, render = divmod(pair, 3)
                if self.tiers_keep_up(codecs, matte, render, now):
                    break
        return [up, down, matte, level if level < now.highest else now.highest, render]

    def evaluate(self, action: list[int], now: Moment, tier: int, quality: int) -> Found:
        """Return the outcomes of a decision."""
        up, down, matte, level, render = action
        edge, cloud = now.edge_rate, now.cloud_rate
        worn = quality - now.motion
        after = self._refresh[level] + (worn if worn > 0 else 0)
        if after > self._top:
            after = self._top
        uplink_mse = self._link_mse(now.uplink_row, now.uplink_share, up)
        mse = self._matte_weight[matte] * uplink_mse + self._tiers_mse[matte][render]
        mse += self._scene_mse[after] + self._link_mse(now.downlink_row, now.downlink_share, down)
        downlink = self.down.fixed_s[down] + self.down.edge_tflop[down] / edge
        rendering = (
            self._render_s[render] + self._render_edge[render] / edge + self._render_cloud[render] / cloud
        )
        matting = self._matte_s[matte] + self._matte_edge[matte] / edge + self._matte_cloud[matte] / cloud
        content = self._content_s + self.up.fixed_s[up] + self.up.edge_tflop[up] / edge + matting
        photon_ms = 1e3 * (self._pose_s[render] + rendering + (downlink if render else 0.0))
        cost = (
            self.up.usd_h[up] + self.down.usd_h[down] + self._tiers_usd[matte][render] + self._levels[level]
        )
        if render != tier:
            photon_ms += self._stall_ms[render]
            cost += self._switch_usd_h
        return Found(
            photon_ms,
            1e3 * (content + rendering + downlink),
            -10.0 * log10(mse),
            self.up.energy_j[up] + self.down.energy_j[down] + self._tiers_j[matte][render],
            cost,
            after,
        )

    def losses(self, found: Found) -> tuple[float, float, float, float, float]:
        """Return outcomes as what is lost by them."""
        photon_ms, content_ms, psnr_db, energy_j, cost_usd_h, _ = found
        return (
            photon_ms / self._photon_limit,
            content_ms / self._content_limit,
            (self._psnr_best - psnr_db) / self._psnr_scale,
            energy_j / self._energy_scale,
            cost_usd_h / self._cost_scale,
        )

    def reward(self, found: Found, lost: tuple[float, ...], preference: list[float]) -> float:
        """Return the scalar reward of outcomes and their losses."""
        photon, content, psnr, energy, cost = lost
        lack = (self._psnr_limit - found.psnr_db) / self._psnr_scale
        excess = photon - 1.0 if photon > 1.0 else 0.0
        excess += content - 1.0 if content > 1.0 else 0.0
        excess += lack if lack > 0.0 else 0.0
        a, b, c, d, e = preference
        weighted = photon * a + content * b + psnr * c + energy * d + cost * e
        return -weighted - self._penalty * excess
