"""What can be reached without knowing the future: a near-optimal causal policy, and a bound on all of them.

Scene and channel are Markov. Without a deadline, for scenes k, gains g = |h|^2 and frames f of the scene,

    V_t(left, k, g) = E_f max_u gain(f, g, u) + W_t(left - u, k, g)
    W_t(left, k, g) = E[V_{t+1}(left, k', g') | k, g]

V is computed for gains in bins and on a grid of budgets, every step of the last few codes and then every
whole code, linear in between. Taking what is worth most by it is a causal policy.

The bound is the information relaxation of Brown, Smith and Sun (Operations Research, 2010): somebody who
knows the whole episode, but pays ``V_{t+1}(left, k', g') - W_t(left, k, g)`` for it at every step. For a
causal policy the payments are zero on average, whatever V is, as W is its exact conditional mean; so what is
left over bounds every causal policy. It is a bound without deadline, hence of the problem with one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.vlscc.generator import SMALLEST_GAIN
from semverse.envs.vlscc.optimum import Frontier, gains
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Episode, FloatArray, IntArray

BINS = 8  # of the gain, equally probable
FINE_CODES = 8  # whole codes whose steps are all on the grid of budgets


@dataclass(frozen=True, eq=False)
class CausalPlan:
    """Values of a problem's frames to come."""

    problem: Problem
    edges: FloatArray  # [G - 1] between the bins of the gain
    budgets: IntArray  # [J] the grid
    values: FloatArray  # [T + 1, K, G, J]
    scene: IntArray  # [F] index of a frame's scene, or -1

    @staticmethod
    def of(problem: Problem, bins: int = BINS) -> CausalPlan:
        """Compute the values of a problem, backwards in time.

        Raises:
            InputError: scipy is missing.
        """
        edges = -np.log1p(-np.arange(1, bins) / bins)
        centres = -np.log1p(-(np.arange(bins) + 0.5) / bins)
        frames, begin, length = problem.scenes
        scene = np.full(problem.surfaces.frames, -1)
        scene[frames] = np.repeat(np.arange(len(begin)), length)
        decibels = problem.config.mean_snr_db + 10.0 * np.log10(centres)
        each = Episode(np.repeat(frames, bins), np.tile(decibels, len(frames)))
        worth = gains(each, problem)[0].reshape(len(frames), bins, -1)
        moves = transitions(centres, edges, problem.config.fading_correlation)
        budgets = _grid(problem)
        values = np.zeros((problem.config.frames + 1, len(begin), bins, len(budgets)))
        for t in reversed(range(problem.config.frames)):
            after = _mixed(np.einsum("ij,kjn->kin", moves, values[t + 1]), problem)
            best = _best_of_frames(worth, after, budgets, scene[frames])
            values[t] = np.add.reduceat(best, begin, axis=0) / length[:, None, None]
        return CausalPlan(problem, edges, budgets, values, scene)

    def ahead(self, time: IntArray, frames: IntArray, snr_db: FloatArray) -> FloatArray:
        """Return W of frames [N] at times [N] and ratios [N], at all budgets of the grid [N, J]."""
        config = self.problem.config
        moves = transitions(self._gain(snr_db), self.edges, config.fading_correlation)  # [N, G]
        same = self.values[time + 1, self.scene[frames]]  # [N, G, J]
        other = self.values.mean(axis=1)[time + 1]
        mixed = config.scene_stay * same + (1.0 - config.scene_stay) * other
        mean: FloatArray = np.einsum("nj,njb->nb", moves, mixed)
        return mean

    def levels(
        self, time: IntArray, frames: IntArray, snr_db: FloatArray, left: IntArray, limit: IntArray
    ) -> IntArray:
        """Return the levels [P, N] of frames [N].

        Args:
            time: [N] of an episode.
            frames: [N].
            snr_db: ratios [N].
            left: steps left of the budget [N].
            limit: steps that the frame may take [N].
        """
        values, found = self.step_values(time, frames, snr_db, left, limit)
        return np.ascontiguousarray(found.levels(values.argmax(axis=1)).T)

    def step_values(
        self, time: IntArray, frames: IntArray, snr_db: FloatArray, left: IntArray, limit: IntArray
    ) -> tuple[FloatArray, Frontier]:
        """Return what frames [N] and all after them are worth at 0 ... U steps [N, U + 1], and how.

        More steps than ``limit`` are worth what the limit is, to which they are cut. Arguments: see `levels`.
        """
        worth, found = gains(Episode(frames, snr_db), self.problem)
        steps = np.minimum(np.arange(worth.shape[1]), limit[:, None])
        rest = self.rest(time, frames, snr_db, left[:, None] - steps)
        return np.take_along_axis(worth, steps, axis=1) + rest, found

    def rest(self, time: IntArray, frames: IntArray, snr_db: FloatArray, left: IntArray) -> FloatArray:
        """Return what all after frames [N] is worth on average with budgets [N, ...] left then [N, ...]."""
        grids = self.ahead(np.minimum(time, self.problem.config.frames - 1), frames, snr_db)
        return np.array([self._at(*row) for row in zip(grids, left, strict=True)])

    def _best(self, worth: FloatArray, rest: FloatArray, left: int, limit: int) -> int:
        """Return how many steps a frame takes; worth [U + 1], rest [J]."""
        fits = np.arange(min(len(worth) - 1, limit) + 1)
        return int((worth[fits] + self._at(rest, left - fits)).argmax())

    def bound(self, episode: Episode) -> float:
        """Return what an episode contributes to the bound: the mean over episodes bounds every causal policy.

        The payments of the causal policy, zero on average, are given back: so no episode bounds less than
        that policy earns in it, and few episodes suffice.
        """
        length, budget = episode.length, self.problem.budget
        worth, _ = gains(episode, self.problem)
        rest = self.ahead(np.arange(length), episode.frames, episode.snr_db)
        bins = np.searchsorted(self.edges, self._gain(episode.snr_db))
        came = self.values[np.arange(length), self.scene[episode.frames], bins]
        paid = np.zeros_like(rest)
        paid[:-1] = came[1:] - rest[:-1]  # the last frame has nothing to pay for
        left, returned = budget, 0.0
        for t in range(length):
            left -= self._best(worth[t], rest[t], left, left)
            returned += float(self._at(paid[t], np.array(left)))
        best = np.zeros(budget + 1)
        for t in reversed(range(length)):
            best, after = np.full_like(best, -np.inf), best - self._at(paid[t], np.arange(budget + 1))
            for u, gain in enumerate(worth[t][: budget + 1]):
                np.maximum(best[u:], after[: len(best) - u] + gain, out=best[u:])
        return float(best[-1]) + returned

    def _at(self, grid: FloatArray, left: IntArray) -> FloatArray:
        """Return values at budgets [...] in steps of values [J] on the grid."""
        return np.interp(left, self.budgets, grid)

    def _gain(self, snr_db: FloatArray) -> FloatArray:
        gain: FloatArray = 10.0 ** ((snr_db - self.problem.config.mean_snr_db) / 10.0)
        return np.maximum(gain, SMALLEST_GAIN)


def transitions(gain: FloatArray, edges: FloatArray, correlation: float) -> FloatArray:
    """Return the probabilities [N, G] of the next gain's bin, after gains [N].

    Given h, 2 |h'|^2 / (1 - rho^2) is noncentral chi-square with 2 degrees of freedom and noncentrality
    2 rho^2 |h|^2 / (1 - rho^2).

    Raises:
        InputError: scipy is missing.
    """
    try:
        from scipy.stats import ncx2
    except ModuleNotFoundError as error:
        raise InputError(
            "needs the package 'scipy'", key="causal", remedy="pip install 'semverse[solvers]'"
        ) from error
    scale = 2.0 / (1.0 - correlation * correlation)
    below = ncx2.cdf(scale * edges, 2, (scale * correlation * correlation * gain)[:, None])
    found: FloatArray = np.diff(below, axis=1, prepend=0.0, append=1.0)
    return found


def _mixed(values: FloatArray, problem: Problem) -> FloatArray:
    """Return means [K, ...] over the next scene of values [K, ...]."""
    stay = problem.config.scene_stay
    mixed: FloatArray = stay * values + (1.0 - stay) * values.mean(axis=0)
    return mixed


def _grid(problem: Problem) -> IntArray:
    """Return the budgets at which values are known: 0, 1, 2 ... and then whole codes, up to the budget."""
    fine = np.arange(min(FINE_CODES * problem.frame_steps, problem.budget))
    coarse = np.arange(len(fine), problem.budget, problem.frame_steps)
    return np.concatenate([fine, coarse, [problem.budget]])


def _best_of_frames(worth: FloatArray, after: FloatArray, budgets: IntArray, scene: IntArray) -> FloatArray:
    """Return max_u worth(u) + after(left - u) [F, G, J].

    Args:
        worth: [F, G, U + 1] of frames that take 0 ... U steps.
        after: [K, G, J] of what is left, on the grid.
        budgets: [J] the grid.
        scene: [F] of the frames.
    """
    best = np.full((*worth.shape[:2], len(budgets)), -np.inf)
    for u in range(worth.shape[-1]):
        first = int(np.searchsorted(budgets, u))
        left = budgets[first:] - u
        upper = np.maximum(np.searchsorted(budgets, left), 1)
        share = (left - budgets[upper - 1]) / (budgets[upper] - budgets[upper - 1])
        rest = after[..., upper - 1] + share * (after[..., upper] - after[..., upper - 1])
        np.maximum(best[..., first:], worth[..., u, None] + rest[scene], out=best[..., first:])
    return best
