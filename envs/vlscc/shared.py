"""Users that share the symbols of a frame: who gets what, and the social optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.vlscc.model import cap_levels, curves, frame_distortion, place, reward
from semverse.envs.vlscc.optimum import frontier
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Shares:
    """What one frame of each of N users came to."""

    levels: IntArray  # [N] executed
    asked: IntArray  # [N]
    quality: FloatArray  # [N]
    distortion: FloatArray  # [N]
    symbols: FloatArray  # [N]
    reward: FloatArray  # [N]


def share_symbols(
    frames: IntArray, snr_db: FloatArray, asked: IntArray, room: int, problem: Problem
) -> Shares:
    """Send one frame of each user; who asks most gives way first if all ask for more than there is.

    Args:
        frames: [N], of one block.
        snr_db: [N].
        asked: levels [N].
        room: steps that all may take together.
        problem: profile and surfaces.
    """
    levels = cap_levels(asked[:, None], np.array([room]))[:, 0]
    lower, weight = place(snr_db, problem)
    distortion = frame_distortion(frames, lower, weight, levels[None], problem)
    quality = problem.quality(distortion)
    return Shares(
        levels=levels,
        asked=asked,
        quality=quality,
        distortion=distortion,
        symbols=levels.astype(np.float64) * problem.step_symbols,
        reward=reward(quality, levels, problem),
    )


def social_optimum(frames: IntArray, snr_db: FloatArray, room: int, problem: Problem) -> float:
    """Return the largest sum of rewards that users [N] can have with ``room`` steps, exactly."""
    levels = np.arange(problem.surfaces.levels)
    worth = reward(problem.quality(curves(frames, snr_db, problem)[:, 0]), levels, problem)  # [N, L]
    least = frontier(-worth[None]).distortion[0]
    return float(-least[: room + 1].min() * len(frames))
