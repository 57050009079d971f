"""Options and spaces that the VL-SCC environments have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.vlscc.core import Meter, observation_size
from semverse.envs.vlscc.problem import Content, Problem
from semverse.envs.vlscc.types import Episode

RENDER_MODES = ("rgb_array",)
RENDER_FPS = 30


def make_problem(
    profile: str | Path, content: Content, *, blocks: bool, render_mode: str | None, **overrides: Any
) -> Problem:
    """Load the problem of an environment.

    Args:
        profile: see `semverse.envs.vlscc.config.load_profile`.
        content: "train", "held_out" or "all".
        blocks: frames must have several blocks; else exactly one.
        render_mode: "rgb_array" or None.
        **overrides: keys of the profile.

    Raises:
        InputError: a wrong value.
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise InputError(f"is {render_mode!r:.60}", key="render_mode", remedy="choose 'rgb_array' or None")
    problem = Problem.of(profile, content, **overrides)
    if (problem.surfaces.blocks > 1) != blocks:
        remedy = "use VLSCC-v0 for one block, VLSCCMap-v0 for several"
        raise InputError(f"has frames of {problem.surfaces.blocks} blocks", key="surfaces", remedy=remedy)
    return problem


def make_meter(codec: str, problem: Problem) -> Meter | None:
    """Return what tells the distortion: None for the table, the network itself for "live".

    Raises:
        InputError: another word, or surfaces that were not measured with a codec.
    """
    if codec == "table":
        return None
    if codec != "live":
        raise InputError(f"is {codec!r:.60}", key="codec", remedy="choose 'table' or 'live'")
    from semverse.envs.vlscc.live import LiveMeter

    return LiveMeter(problem)


def action_space(problem: Problem) -> gymnasium.spaces.Discrete | gymnasium.spaces.MultiDiscrete:
    """Return the space of a frame's levels."""
    s = problem.surfaces
    if s.blocks == 1:
        return gymnasium.spaces.Discrete(s.levels)
    return gymnasium.spaces.MultiDiscrete([s.levels] * s.blocks)


def observation_space(problem: Problem) -> gymnasium.spaces.Box:
    """Return the space of observations [P (K + E) + 5].

    The features of the frame, block by block; the quality to expect at each of the profile's
    ``probe_levels``, block by block; the ratio in dB; the symbols left a frame left over those of a whole
    code (1: they will do for whole codes); shares of frames left, and of the deadline; the last quality.
    """
    s = problem.surfaces
    features = s.features.reshape(s.frames, -1)
    probes = s.blocks * len(problem.config.probe_levels)
    worst, best = problem.quality_bounds
    low = [*features.min(axis=0), *[worst] * probes, s.snr_db[0], 0.0, 0.0, 0.0, min(worst, 0.0)]
    high = [*features.max(axis=0), *[best] * probes, s.snr_db[-1], 1.0, 1.0, 1.0, max(best, 0.0)]
    ends = np.array([low, high]).astype(np.float32)
    computed = [*range(features.shape[1], len(low) - 5), len(low) - 1]  # these may be rounded beyond
    ends[:, computed] = np.nextafter(ends[:, computed], np.array([[-np.inf], [np.inf]], dtype=np.float32))
    return gymnasium.spaces.Box(ends[0], ends[1], dtype=np.float32)


def read_episode(options: dict[str, Any] | None, problem: Problem) -> Episode | None:
    """Return the episode [T, 1] of reset options, or None.

    Raises:
        InputError: an unknown option, or an episode of another length or with frames that do not exist.
    """
    given = dict(options or {})
    episode = given.pop("episode", None)
    if given:
        known = "known: episode"
        raise InputError("is unknown", source="reset options", key=next(iter(map(str, given))), remedy=known)
    if episode is None:
        return None
    length, frames = problem.config.frames, problem.surfaces.frames
    good = isinstance(episode, Episode) and np.shape(episode.frames) == np.shape(episode.snr_db) == (length,)
    if good:
        whole = episode.frames.dtype.kind in "iu" and np.isfinite(episode.snr_db).all()
        good = bool(whole and ((episode.frames >= 0) & (episode.frames < frames)).all())
    if not good:
        remedy = f"give an Episode of {length} frames, each from 0 to {frames - 1}, with finite ratios"
        raise InputError("is none of this problem", source="reset options", key="episode", remedy=remedy)
    return Episode(episode.frames[:, None].astype(np.int64), episode.snr_db[:, None].astype(np.float64))


def user_space(problem: Problem) -> gymnasium.spaces.Box:
    """Return the space of a user's observations [K + E + 3]: without budget and deadline."""
    full, size = observation_space(problem), observation_size(problem)
    kept = [*range(size - 4), size - 3, size - 1]
    return gymnasium.spaces.Box(full.low[kept], full.high[kept], dtype=np.float32)
