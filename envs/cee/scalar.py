"""The model of an epoch for one user in plain Python floats: what numpy takes 100 times as long for.

Equal to `semverse.envs.cee.model` to a relative 1e-9, which a test keeps.
"""

from __future__ import annotations

from math import exp, log10
from typing import NamedTuple

from semverse.envs.cee.model import fallbacks
from semverse.envs.cee.problem import Link, Problem


class Moment(NamedTuple):
    """Conditions of an epoch, as `semverse.envs.cee.types.Conditions`."""

    uplink_db: float
    downlink_db: float
    edge_load: float
    cloud_load: float
    motion: int


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
        self.problem = problem
        self.rates, self.hz, self.limits, self.reward_config = c.rates, c.frame_rate_hz, c.limits, c.reward
        self.up, self.down = LinkLists(p.uplink), LinkLists(p.downlink)
        self._low_db, self._step_db = float(p.table.snr_db[0]), p.table.step_db
        self._last = len(p.table.snr_db) - 1
        self._log_mse: list[list[float]] = p.table.log_mse.tolist()
        self._pose_s, self._content_s = p.pose_s.tolist(), p.content_s
        self._stall_ms, self._switch_usd_h = p.stall_ms.tolist(), p.switch_usd_h
        self._load_limits = p.load_limits.tolist()
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

    def link_mse(self, snr_db: float, option: int) -> float:
        """Return the mean squared error of a link option."""
        position = min(max((snr_db - self._low_db) / self._step_db, 0.0), float(self._last))
        lower = min(int(position), self._last - 1)
        first = self._log_mse[lower][option]
        return exp(first + (position - lower) * (self._log_mse[lower + 1][option] - first))

    def tiers_keep_up(self, codecs_tflop: float, matte: int, render: int, now: Moment) -> bool:
        """Return whether edge and cloud GPU keep up, with so much for the codecs on the edge."""
        edge = codecs_tflop + self._matte_edge[matte] + self._render_edge[render]
        cloud = self._matte_cloud[matte] + self._render_cloud[render]
        return bool(
            edge * self.hz <= self.rates.edge * (1.0 - now.edge_load)
            and cloud * self.hz <= self.rates.cloud * (1.0 - now.cloud_load)
        )

    def repair(self, action: list[int], now: Moment) -> list[int]:
        """Return the nearest decision that keeps up."""
        up, down = self.up.nearest[action[0]], self.down.nearest[action[1]]
        level = action[3]
        while now.cloud_load > self._load_limits[level]:
            level -= 1
        codecs = self.up.edge_tflop[up] + self.down.edge_tflop[down]
        for pair in self._fallbacks[3 * action[2] + action[4]]:
            matte, render = divmod(pair, 3)
            if self.tiers_keep_up(codecs, matte, render, now):
                break
        return [up, down, matte, level, render]

    def evaluate(self, action: list[int], now: Moment, tier: int, quality: int) -> Found:
        """Return the outcomes of a decision."""
        up, down, matte, level, render = action
        after = min(max(quality - now.motion, 0) + self._refresh[level], self._top)
        mse = self._matte_weight[matte] * self.link_mse(now.uplink_db, up) + self._tiers_mse[matte][render]
        mse += self._scene_mse[after] + self.link_mse(now.downlink_db, down)
        edge, cloud = self.rates.edge * (1.0 - now.edge_load), self.rates.cloud * (1.0 - now.cloud_load)
        rendering = (
            self._render_s[render] + self._render_edge[render] / edge + self._render_cloud[render] / cloud
        )
        downlink = self.down.fixed_s[down] + self.down.edge_tflop[down] / edge
        matting = self._matte_s[matte] + self._matte_edge[matte] / edge + self._matte_cloud[matte] / cloud
        content = self._content_s + self.up.fixed_s[up] + self.up.edge_tflop[up] / edge + matting
        pose = self._pose_s[render] + rendering + (downlink if render else 0.0)
        cost = (
            self.up.usd_h[up] + self.down.usd_h[down] + self._tiers_usd[matte][render] + self._levels[level]
        )
        switched = render != tier
        return Found(
            1e3 * pose + (self._stall_ms[render] if switched else 0.0),
            1e3 * (content + rendering + downlink),
            -10.0 * log10(mse),
            self.up.energy_j[up] + self.down.energy_j[down] + self._tiers_j[matte][render],
            cost + (self._switch_usd_h if switched else 0.0),
            after,
        )

    def losses(self, found: Found) -> tuple[float, float, float, float, float]:
        """Return outcomes as what is lost by them."""
        r, limits = self.reward_config, self.limits
        return (
            found.motion_to_photon_ms / limits.motion_to_photon_ms,
            found.content_ms / limits.content_ms,
            (r.psnr_best_db - found.psnr_db) / r.psnr_scale_db,
            found.energy_j / r.energy_scale_j,
            found.cost_usd_h / r.cost_scale_usd_h,
        )

    def reward(self, found: Found, lost: tuple[float, ...], preference: list[float]) -> float:
        """Return the scalar reward of outcomes and their losses."""
        r, limits = self.reward_config, self.limits
        excess = max(lost[0] - 1.0, 0.0) + max(lost[1] - 1.0, 0.0)
        excess += max((limits.psnr_db - found.psnr_db) / r.psnr_scale_db, 0.0)
        a, b, c, d, e = preference
        weighted = lost[0] * a + lost[1] * b + lost[2] * c + lost[3] * d + lost[4] * e
        return -weighted - r.penalty * excess
