"""What an epoch comes to: pure and batched; nothing else computes an outcome.

Motion-to-photon latency never contains capture, matting or preprocessing; if the headset renders itself, it
contains no downlink either. Content latency is that of the person's picture from capture to display.
Squared errors add up: of the uplink (weighted by the matte, and by what it does to the matte), of the matte
itself, of the 3-D scene, of rendering and of the downlink.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import BoolArray, Conditions, FloatArray, IntArray, Outcomes, State

PAIRS = 9  # of tiers for matting and rendering, 3 matte + render


def evaluate(actions: IntArray, conditions: Conditions, state: State, problem: Problem) -> Outcomes:
    """Return the outcomes of decisions, whether or not they keep up.

    Args:
        actions: [..., 5], as in `semverse.envs.cee.types.DECISIONS`.
        conditions: of the epoch; broadcasts to the leading axes.
        state: inherited; broadcasts to the leading axes.
        problem: constants.

    Returns:
        Outcomes that broadcast to the leading axes; one that does not depend on an axis need not have it.
    """
    up, down, matte, level, render = (actions[..., i] for i in range(5))
    p, c = problem, problem.config
    uplink_mse = link_mse(conditions.uplink_db, up, p)
    downlink_mse = link_mse(conditions.downlink_db, down, p)
    quality = next_quality(state.quality, conditions.motion, level, p)
    mse = p.matte_weight[matte] * uplink_mse + p.matte.mse[matte] + p.render.mse[render] + downlink_mse
    mse = mse + p.scene_mse[quality]
    edge_rate, cloud_rate = (
        c.rates.edge * (1.0 - conditions.edge_load),
        c.rates.cloud * (1.0 - conditions.cloud_load),
    )
    switched = render != state.tier
    rendering = p.render.fixed_s[render] + p.render.edge_tflop[render] / edge_rate
    rendering = rendering + p.render.cloud_tflop[render] / cloud_rate
    downlink = p.downlink.fixed_s[down] + p.downlink.edge_tflop[down] / edge_rate
    matting = (
        p.matte.fixed_s[matte]
        + p.matte.edge_tflop[matte] / edge_rate
        + p.matte.cloud_tflop[matte] / cloud_rate
    )
    content = p.content_s + p.uplink.fixed_s[up] + p.uplink.edge_tflop[up] / edge_rate + matting
    pose = p.pose_s[render] + rendering + np.where(render > 0, downlink, 0.0)
    energy = (
        p.uplink.energy_j[up]
        + p.downlink.energy_j[down]
        + p.matte.energy_j[matte]
        + p.render.energy_j[render]
    )
    cost = p.uplink.usd_h[up] + p.downlink.usd_h[down] + p.matte.usd_h[matte] + p.render.usd_h[render]
    cost = cost + p.preprocessing_usd_h[level] + np.where(switched, p.switch_usd_h, 0.0)
    return Outcomes(
        motion_to_photon_ms=1e3 * pose + np.where(switched, p.stall_ms[render], 0.0),
        content_ms=1e3 * (content + rendering + downlink),
        psnr_db=-10.0 * np.log10(mse),
        energy_j=energy,
        cost_usd_h=cost,
        quality=quality,
        keeps_up=keeps_up(actions, conditions, p),
    )


def link_mse(snr_db: FloatArray, option: IntArray, problem: Problem) -> FloatArray:
    """Return the mean squared error [...] of link options; its logarithm is linear between ratios."""
    t = problem.table
    position = np.clip((snr_db - t.snr_db[0]) / t.step_db, 0.0, len(t.snr_db) - 1.0)
    lower = np.minimum(position.astype(np.int64), len(t.snr_db) - 2)
    flat, at = t.log_mse.reshape(-1), lower * t.options + option
    first = flat[at]
    return np.asarray(np.exp(first + (position - lower) * (flat[at + t.options] - first)))


def next_quality(quality: IntArray, motion: IntArray, level: IntArray, problem: Problem) -> IntArray:
    """Return the quality of the 3-D scene in an epoch: motion wears it down, preprocessing restores it."""
    return np.asarray(
        np.minimum(np.maximum(quality - motion, 0) + problem.refresh[level], problem.top_quality),
        dtype=np.int64,
    )


def keeps_up(actions: IntArray, conditions: Conditions, problem: Problem) -> BoolArray:
    """Return whether no resource is busy for longer than a frame interval with each frame [...]."""
    up, down, matte, level, render = (actions[..., i] for i in range(5))
    p = problem
    links = p.uplink.allowed[up] & p.downlink.allowed[down]
    return np.asarray(
        links
        & tiers_keep_up(up, down, matte, render, conditions, p)
        & (conditions.cloud_load <= p.load_limits[level])
    )


def tiers_keep_up(
    up: IntArray, down: IntArray, matte: IntArray, render: IntArray, conditions: Conditions, problem: Problem
) -> BoolArray:
    """Return whether edge and cloud GPU keep up [...]."""
    p, rates, hz = problem, problem.config.rates, problem.config.frame_rate_hz
    edge = (
        p.uplink.edge_tflop[up]
        + p.downlink.edge_tflop[down]
        + p.matte.edge_tflop[matte]
        + p.render.edge_tflop[render]
    )
    cloud = p.matte.cloud_tflop[matte] + p.render.cloud_tflop[render]
    return np.asarray(
        (edge * hz <= rates.edge * (1.0 - conditions.edge_load))
        & (cloud * hz <= rates.cloud * (1.0 - conditions.cloud_load))
    )


def needs(actions: IntArray, problem: Problem) -> FloatArray:
    """Return what decisions take of resources that users share, each frame [..., 5].

    Seconds of uplink and downlink; TFLOP of the edge, the cloud's GPU and its cluster.
    """
    up, down, matte, level, render = (actions[..., i] for i in range(5))
    p = problem
    edge = p.uplink.edge_tflop[up] + p.downlink.edge_tflop[down] + p.matte.edge_tflop[matte]
    cloud = p.matte.cloud_tflop[matte] + p.render.cloud_tflop[render]
    return np.stack(
        [
            p.uplink.airtime_s[up],
            p.downlink.airtime_s[down],
            edge + p.render.edge_tflop[render],
            cloud,
            p.preprocessing_tflop[level],
        ],
        axis=-1,
    )


def repair(actions: IntArray, conditions: Conditions, problem: Problem) -> tuple[IntArray, BoolArray]:
    """Return the nearest decisions that keep up [N, 5], and which were changed [N].

    A link option goes to the allowed one of its codec with the nearest symbols, preprocessing down to the
    highest level that keeps up, and matting and rendering to the nearest pair of tiers that do (`fallbacks`).
    """
    p, done = problem, actions.copy()
    done[:, 0], done[:, 1] = p.uplink.nearest[actions[:, 0]], p.downlink.nearest[actions[:, 1]]
    highest = (conditions.cloud_load[:, None] <= p.load_limits).sum(axis=1) - 1
    done[:, 3] = np.minimum(actions[:, 3], highest)
    late = np.flatnonzero(~tiers_keep_up(done[:, 0], done[:, 1], done[:, 2], done[:, 4], conditions, p))
    if len(late):
        there = Conditions(
            *(
                getattr(conditions, f)[late, None]
                for f in ("uplink_db", "downlink_db", "edge_load", "cloud_load", "motion")
            )
        )
        order = fallbacks()[3 * done[late, 2] + done[late, 4]]  # [n, 9]
        fits = tiers_keep_up(done[late, 0, None], done[late, 1, None], order // 3, order % 3, there, p)
        pair = order[np.arange(len(late)), fits.argmax(axis=1)]
        done[late, 2], done[late, 4] = pair // 3, pair % 3
    return done, (done != actions).any(axis=1)


@lru_cache(maxsize=1)
def fallbacks() -> IntArray:
    """Return for every pair of tiers all pairs, the nearest first [9, 9]; rendering moves least."""
    pairs = np.arange(PAIRS)
    matte, render = pairs // 3, pairs % 3
    moves = 3 * np.abs(render[:, None] - render) + np.abs(matte[:, None] - matte)
    return np.argsort(moves, axis=1, kind="stable")


def action_masks(conditions: Conditions, problem: Problem) -> BoolArray:
    """Return which options can keep up together with some others [N, 2 O + 3 + K + 3]; conditions are [N]."""
    edge, cloud = problem.mask_limits
    mask = np.empty((len(conditions.edge_load), 2 * problem.options + len(edge)), dtype=np.bool_)
    mask[:, : problem.options], mask[:, problem.options : -len(edge)] = (
        problem.uplink.allowed,
        problem.downlink.allowed,
    )
    mask[:, -len(edge) :] = conditions.edge_load[:, None] <= edge
    mask[:, -len(edge) :] &= conditions.cloud_load[:, None] <= cloud
    return mask


def losses(outcomes: Outcomes, problem: Problem) -> FloatArray:
    """Return outcomes as what is lost by them, each in units of its limit or scale [..., 5]."""
    return np.stack(np.broadcast_arrays(*_losses(outcomes, problem)), axis=-1)


def _losses(outcomes: Outcomes, problem: Problem) -> tuple[FloatArray, ...]:
    r, limits = problem.config.reward, problem.config.limits
    return (
        outcomes.motion_to_photon_ms / limits.motion_to_photon_ms,
        outcomes.content_ms / limits.content_ms,
        (r.psnr_best_db - outcomes.psnr_db) / r.psnr_scale_db,
        outcomes.energy_j / r.energy_scale_j,
        outcomes.cost_usd_h / r.cost_scale_usd_h,
    )


def excess(outcomes: Outcomes, problem: Problem) -> FloatArray:
    """Return by how much limits are missed, in units of the limits [...]."""
    return np.asarray(_lateness(outcomes, problem) + _lack(outcomes, problem))


def _lateness(outcomes: Outcomes, problem: Problem) -> FloatArray:
    limits = problem.config.limits
    late = np.maximum(outcomes.motion_to_photon_ms / limits.motion_to_photon_ms - 1.0, 0.0)
    return np.asarray(late + np.maximum(outcomes.content_ms / limits.content_ms - 1.0, 0.0))


def _lack(outcomes: Outcomes, problem: Problem) -> FloatArray:
    r, limits = problem.config.reward, problem.config.limits
    return np.asarray(np.maximum((limits.psnr_db - outcomes.psnr_db) / r.psnr_scale_db, 0.0))


def reward(outcomes: Outcomes, preference: npt.ArrayLike, problem: Problem) -> FloatArray:
    """Return the scalar reward [...]: minus preferred losses, minus the penalty for missed limits.

    Args:
        outcomes: of epochs.
        preference: weights of `semverse.envs.cee.types.OBJECTIVES`, [5] or [..., 5].
        problem: constants.
    """
    weights, penalty = np.moveaxis(np.asarray(preference), -1, 0), problem.config.reward.penalty
    photon, content, quality, energy, cost = (
        weight * lost for weight, lost in zip(weights, _losses(outcomes, problem), strict=True)
    )
    # what has fewer axes is summed apart: whoever enumerates an epoch tries qualities of the scene as well
    rest = photon + content + energy + cost + penalty * _lateness(outcomes, problem)
    return np.asarray(-rest - (quality + penalty * _lack(outcomes, problem)))
