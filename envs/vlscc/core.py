"""What happens in a step, for any number of streams at once; the single environment is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.vlscc.generator import draw_episodes
from semverse.envs.vlscc.model import cap_levels, expected_quality, frame_distortion, place, reward
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import BoolArray, Episode, FloatArray, IntArray

Float32 = npt.NDArray[np.float32]
Generators = Sequence[np.random.Generator]


class Meter(Protocol):
    """Tells the distortions [N] of frames [N] at ratios [N] in dB and levels [P, N]."""

    def __call__(
        self, frames: IntArray, snr_db: FloatArray, levels: IntArray, generators: Generators
    ) -> FloatArray:
        """Return what arrives; a meter that draws noise does so with one generator a row."""


@dataclass(frozen=True, eq=False)
class Sent:
    """What N frames came to."""

    levels: IntArray  # [P, N] executed
    repaired: BoolArray  # [N] the levels asked for did not fit
    quality: FloatArray  # [N]
    distortion: FloatArray  # [N]
    symbols: FloatArray  # [N]
    delay_ms: FloatArray  # [N]
    reward: FloatArray  # [N]

    def vector(self) -> Float32:
        """Return minus distortion, symbols and delay [N, 3]."""
        return np.stack([-self.distortion, -self.symbols, -self.delay_ms], axis=-1).astype(np.float32)


class Streams:
    """N streams, each at its own frame.

    Args:
        num: N.
        problem: profile and surfaces.
        meter: measures instead of looking the distortion up.
    """

    def __init__(self, num: int, problem: Problem, meter: Meter | None = None) -> None:
        self.problem, self.meter = problem, meter
        frames = problem.config.frames
        self._rows = np.arange(num)
        self.episode = Episode(
            np.full((frames, num), problem.scenes[0][0]), np.full((frames, num), problem.surfaces.snr_db[0])
        )
        self.time = np.full(num, frames)  # nothing was started yet
        self.left = np.zeros(num, dtype=np.int64)  # steps of the budget
        self.waiting = np.zeros(num, dtype=np.int64)  # steps that the link still has to send
        self.last_quality = np.zeros(num)
        self._features = problem.surfaces.features.reshape(problem.surfaces.frames, -1).astype(np.float32)

    def begin(self, generators: Generators, rows: IntArray) -> None:
        """Start episodes in some rows, each drawn by its row's generator."""
        self.begin_with(draw_episodes([generators[row] for row in rows.tolist()], self.problem), rows)

    def begin_with(self, episode: Episode, rows: IntArray) -> None:
        """Start given episodes [T, n] in n rows."""
        if len(rows) == len(self._rows):
            self.episode = episode
        else:  # what was handed out before stays what it was
            before = self.episode
            self.episode = Episode(before.frames.copy(), before.snr_db.copy())
            self.episode.frames[:, rows], self.episode.snr_db[:, rows] = episode.frames, episode.snr_db
        self.time[rows], self.left[rows], self.waiting[rows] = 0, self.problem.budget, 0
        self.last_quality[rows] = 0.0

    def limit(self) -> IntArray:
        """Return how many steps the frames at hand may take [N]: what budget and deadline leave."""
        return np.minimum(self.left, self.problem.deadline - self.waiting)

    def at_hand(self) -> tuple[IntArray, FloatArray]:
        """Return frame and ratio at hand [N]; after the last frame that frame."""
        time = self.time
        if bool((time == time[0]).all()):
            t = min(int(time[0]), self.problem.config.frames - 1)
            return self.episode.frames[t], self.episode.snr_db[t]
        at = np.minimum(time, self.problem.config.frames - 1)
        return self.episode.frames[at, self._rows], self.episode.snr_db[at, self._rows]

    def mask(self) -> npt.NDArray[np.int8]:
        """Return which levels of a block fit, if no other block is sent [N, L]."""
        levels = np.arange(self.problem.surfaces.levels)
        return (levels <= self.limit()[:, None]).astype(np.int8)

    def send(self, levels: IntArray, generators: Generators, active: BoolArray | None = None) -> Sent:
        """Send the frames at hand at levels [P, N], cut to what fits, and move on (only active rows)."""
        problem, (frames, snr_db) = self.problem, self.at_hand()
        limit = self.limit()
        executed = cap_levels(levels, limit)
        steps = executed.sum(axis=0)
        if self.meter is None:
            lower, weight = place(snr_db, problem)
            distortion = frame_distortion(frames, lower, weight, executed, problem)
        else:
            distortion = self.meter(frames, snr_db, executed, generators)
        quality = problem.quality(distortion)
        sent = Sent(
            levels=executed,
            repaired=(executed != levels).any(axis=0),
            quality=quality,
            distortion=distortion,
            symbols=steps * problem.step_symbols,
            delay_ms=(self.waiting + steps) * problem.step_ms,
            reward=reward(quality, steps, problem),
        )
        self._advance(steps, quality, active)
        return sent

    def _advance(self, steps: IntArray, quality: FloatArray, active: BoolArray | None) -> None:
        waiting = np.maximum(self.waiting + steps - self.problem.link, 0)
        if active is None or bool(active.all()):
            self.time, self.left = self.time + 1, self.left - steps
            self.waiting, self.last_quality = waiting, quality.copy()
        else:
            self.time[active] += 1
            self.left[active] -= steps[active]
            self.waiting[active], self.last_quality[active] = waiting[active], quality[active]

    def observe(self) -> Float32:
        """Return the observations [N, P (K + E) + 5] (`semverse.envs.vlscc.options.observation_space`)."""
        problem, (frames, snr_db) = self.problem, self.at_hand()
        left_frames = problem.config.frames - self.time
        spread = np.maximum(left_frames, 1) * problem.frame_steps
        features, size, grid = self._features.shape[1], observation_size(problem), problem.surfaces.snr_db
        seen = np.empty((len(self._rows), size), dtype=np.float32)
        np.take(self._features, frames, axis=0, out=seen[:, :features])
        expected = expected_quality(frames, *place(snr_db, problem), problem)
        seen[:, features : size - 5] = expected.reshape(len(expected), -1)
        seen[:, size - 5] = np.minimum(np.maximum(snr_db, grid[0]), grid[-1])
        seen[:, size - 4] = np.minimum(self.left / spread, 1.0)
        seen[:, size - 3] = left_frames * (1.0 / problem.config.frames)
        seen[:, size - 2] = (problem.deadline - self.waiting) * (1.0 / problem.deadline)
        seen[:, size - 1] = self.last_quality
        return seen

    def infos(self, sent: Sent) -> dict[str, Any]:
        """Return the infos of what was just sent: one array [N, ...] a key."""
        one = self.problem.surfaces.blocks == 1
        return {
            "quality": sent.quality,
            "distortion": sent.distortion,
            "symbols": sent.symbols,
            "delay_ms": sent.delay_ms,
            "level": sent.levels[0].copy() if one else sent.levels.T.copy(),
            "repaired": sent.repaired,
            "vector_reward": sent.vector(),
            **self.start_infos(),
        }

    def start_infos(self) -> dict[str, Any]:
        """Return what is known of the frames at hand."""
        mask, blocks = self.mask(), self.problem.surfaces.blocks
        return {
            "action_mask": mask if blocks == 1 else np.repeat(mask[:, None], blocks, axis=1),
            "symbols_left": self.left * self.problem.step_symbols,
        }


def observation_size(problem: Problem) -> int:
    """Return how many numbers an observation has."""
    s = problem.surfaces
    return int(s.blocks * (s.features.shape[-1] + len(problem.config.probe_levels)) + 5)


def check_actions(actions: npt.ArrayLike, num: int, problem: Problem) -> IntArray:
    """Return actions [N] (one block) or [N, P] as levels [P, N].

    Raises:
        InputError: a wrong shape, or numbers that are no levels.
    """
    array, blocks, top = np.asarray(actions), problem.surfaces.blocks, problem.surfaces.levels - 1
    shape = (num,) if blocks == 1 else (num, blocks)
    if array.shape != shape:
        raise InputError(f"has shape {list(array.shape)}", key="action", remedy=f"give shape {list(shape)}")
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > top:
        raise InputError("is no level", key="action", remedy=f"give whole numbers from 0 to {top}")
    return np.ascontiguousarray(array.reshape(num, blocks).T, dtype=np.int64)
