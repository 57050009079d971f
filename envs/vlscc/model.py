"""The rate control model: what levels bring and cost, and which are feasible. Pure and batched.

Frame t of P blocks is sent at levels l_tp, that is, with ``u_t = sum_p l_tp`` steps (`problem`). With the
waiting line b_t (steps that the link still has to send when frame t begins),

    quality_t = quality(mean_p D(frame, p, l_tp, snr_t))      D from the surfaces, linear in dB between ratios
    reward_t  = quality_t - gamma u_t / (P (L - 1))           paper 002, eq. 6, with quality for -distortion
    sum_t u_t <= budget        b_t + u_t <= deadline        b_{t+1} = max(0, b_t + u_t - link)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Costs, Episode, FloatArray, IntArray


def place(snr_db: FloatArray, problem: Problem) -> tuple[IntArray, FloatArray]:
    """Return between which grid points ratios [...] lie: the lower one, and the weight of the upper one.

    A ratio outside of the grid counts as the nearest one on it.
    """
    grid = problem.surfaces.snr_db
    at = (snr_db - grid[0]) * (1.0 / (grid[1] - grid[0]))
    at = np.minimum(np.maximum(at, 0.0), len(grid) - 1.0)
    lower = np.minimum(at.astype(np.int64), len(grid) - 2)
    return lower, at - lower


def frame_distortion(
    frames: IntArray, lower: IntArray, weight: FloatArray, levels: IntArray, problem: Problem
) -> FloatArray:
    """Return the distortions [N] of frames at levels [P, N]; ``lower`` and ``weight`` come from `place`."""
    blocks, count, ratios = problem.surfaces.distortion.shape[1:]
    added: FloatArray = np.zeros(())
    for p in range(blocks):  # in a fixed order: the same bits whatever the batch
        at = ((frames * blocks + p) * count + levels[p]) * ratios + lower
        low, high = problem.table.take(at), problem.table.take(at + 1)
        added = added + (low + weight * (high - low))
    mean: FloatArray = added * (1.0 / blocks)
    return mean


def expected_quality(frames: IntArray, lower: IntArray, weight: FloatArray, problem: Problem) -> FloatArray:
    """Return the quality [N, P, E] of each block at the ``probe_levels``, as if it were the whole frame."""
    blocks, count, ratios = problem.surfaces.distortion.shape[1:]
    levels = np.array(problem.config.probe_levels, dtype=np.int64)
    place_of = (np.arange(blocks)[:, None] * count + levels) * ratios  # [P, E] within a frame's table
    at = (frames * (blocks * count * ratios) + lower)[:, None, None] + place_of
    low, high = problem.table.take(at), problem.table.take(at + 1)
    return problem.quality(low + weight[:, None, None] * (high - low))


def curves(frames: IntArray, snr_db: FloatArray, problem: Problem) -> FloatArray:
    """Return the distortions [..., P, L] of frames [...] at each level."""
    lower, weight = place(snr_db, problem)
    table = problem.surfaces.distortion
    low, high = table[frames, ..., lower], table[frames, ..., lower + 1]
    found: FloatArray = low + weight[..., None, None] * (high - low)
    return found


def evaluate(episode: Episode, levels: npt.ArrayLike, problem: Problem) -> Costs:
    """Evaluate the levels of a whole episode.

    By hand, profile toy: a frame of size 2 at level 1 and 0 dB has distortion 2 / (1 + 1) = 1, quality
    1 - 1/2 = 0.5, and takes one step, 100 symbols.

    Args:
        episode: of T frames.
        levels: whole numbers [..., T, P].
        problem: profile and surfaces.

    Raises:
        InputError: levels of a wrong shape, or none that exist.
    """
    given = check_levels(levels, problem, episode.length)
    lower, weight = place(episode.snr_db, problem)
    shape = given.shape[:-1]
    frames = np.broadcast_to(episode.frames, shape)
    distortion = frame_distortion(frames, lower, weight, np.moveaxis(given, -1, 0), problem)
    steps = given.sum(axis=-1)
    waiting = np.zeros(shape, dtype=np.int64)
    for t in range(1, episode.length):
        waiting[..., t] = np.maximum(waiting[..., t - 1] + steps[..., t - 1] - problem.link, 0)
    quality = problem.quality(distortion)
    return Costs(
        quality=quality,
        distortion=distortion,
        symbols=steps * problem.step_symbols,
        delay_ms=(waiting + steps) * problem.step_ms,
        reward=reward(quality, steps, problem),
        feasible=(steps.sum(axis=-1) <= problem.budget) & (waiting + steps <= problem.deadline).all(axis=-1),
    )


def reward(quality: FloatArray, steps: IntArray, problem: Problem) -> FloatArray:
    """Return the reward of frames: quality minus the price of their share of a whole code."""
    price = problem.config.gamma / problem.frame_steps
    return quality - price * steps if price else quality


def cap_levels(levels: IntArray, limit: IntArray) -> IntArray:
    """Lower levels [P, N] until their sums keep to limits [N]: the highest levels give way first.

    All are cut to the largest common ceiling that fits; what is left over raises the first blocks that were
    cut by one level each. One block therefore gets the highest level that fits.
    """
    over = np.flatnonzero(levels.sum(axis=0) > limit)
    if not len(over):
        return levels
    capped = levels.copy()
    if len(levels) == 1:
        capped[0, over] = limit[over]
        return capped
    some, room = levels[:, over], limit[over]
    ceilings = np.arange(int(some.max()) + 1)
    sums = np.minimum(some, ceilings[:, None, None]).sum(axis=1)  # [ceiling, over]
    ceiling = (sums <= room).sum(axis=0) - 1
    cut = some > ceiling
    rest = room - np.take_along_axis(sums, ceiling[None], axis=0)[0]
    raised = cut & (cut.cumsum(axis=0) <= rest)
    capped[:, over] = np.minimum(some, ceiling) + raised
    return capped


def check_levels(levels: npt.ArrayLike, problem: Problem, frames: int) -> IntArray:
    """Return levels as whole numbers [..., T, P].

    Raises:
        InputError: a wrong shape, or a number that is no level.
    """
    array, last = np.asarray(levels), [frames, problem.surfaces.blocks]
    if array.ndim < 2 or list(array.shape[-2:]) != last:
        raise InputError(f"have shape {list(array.shape)}", key="levels", remedy=f"give [..., {last}]")
    top = problem.surfaces.levels - 1
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > top:
        raise InputError("hold no level", key="levels", remedy=f"give whole numbers from 0 to {top}")
    return array.astype(np.int64)
