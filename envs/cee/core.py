"""What happens in a step, for any number of users at once, each at an epoch of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.cee.generator import draw_episodes
from semverse.envs.cee.model import action_masks, evaluate, losses, repair, reward
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import (
    DECISIONS,
    TIERS,
    BoolArray,
    Conditions,
    Episode,
    FloatArray,
    IntArray,
    Outcomes,
    State,
)
from semverse.envs.errors import InputError

Float32 = npt.NDArray[np.float32]
OBSERVED = 18  # numbers of an observation
START_TIER = TIERS.index("edge")


@dataclass(frozen=True, eq=False)
class Served:
    """What an epoch of N users came to."""

    actions: IntArray  # [N, 5] executed
    repaired: BoolArray  # [N] the decisions asked for could not be taken
    outcomes: Outcomes  # [N]
    reward: FloatArray  # [N]


class Users:
    """N users, each at its own epoch.

    Args:
        num: N.
        problem: constants.
        preference: [5] of every episode; None draws one an episode.
        fixed: [5] a decision that takes the place of every other one, or None.
    """

    def __init__(
        self, num: int, problem: Problem, preference: FloatArray | None, fixed: IntArray | None
    ) -> None:
        self.problem, self.preference, self.fixed = problem, preference, fixed
        epochs = problem.config.epochs
        self._rows = np.arange(num)
        self.episode = Episode(
            np.zeros((epochs + 1, 2, num)),
            np.zeros((epochs, 2, num)),
            np.ones((epochs, num), dtype=np.int64),
            np.zeros((5, num)),
        )
        self.time = np.full(num, epochs)  # nothing was started yet
        self.tier = np.full(num, START_TIER)
        self.quality = np.full(num, start_quality(problem))
        self.last = np.zeros((num, 3))  # losses by latencies and quality in the last epoch

    def begin(self, generators: Sequence[np.random.Generator], rows: IntArray) -> None:
        """Start episodes in some rows, each drawn by its row's generator."""
        drawn = draw_episodes([generators[row] for row in rows.tolist()], self.problem, self.preference)
        self.begin_with(drawn, rows)

    def begin_with(self, episode: Episode, rows: IntArray) -> None:
        """Start given episodes [..., n] in n rows."""
        if len(rows) == len(self._rows):
            self.episode = episode
        else:  # what was handed out before stays what it was
            fields = {key: getattr(self.episode, key).copy() for key in episode.__dataclass_fields__}
            for key, values in fields.items():
                values[..., rows] = getattr(episode, key)
            self.episode = Episode(**fields)
        self.time[rows], self.tier[rows], self.quality[rows] = 0, START_TIER, start_quality(self.problem)
        self.last[rows] = 0.0

    def _at(self, values: npt.NDArray[Any], time: IntArray) -> Any:
        """Return the entries of [T, ..., N] at times [N]: [..., N]."""
        first = int(time[0])
        if bool((time == first).all()):
            return values[first]
        return np.moveaxis(values[time, ..., self._rows], 0, -1)

    def conditions(self) -> Conditions:
        """Return what the epochs at hand really bring [N]; after the last epoch that of the last one."""
        time = np.minimum(self.time, self.problem.config.epochs - 1)
        up, down = self._at(self.episode.snr_db, time + 1)
        edge, cloud = self._at(self.episode.load, time)
        return Conditions(up, down, edge, cloud, self._at(self.episode.motion, time))

    def reported(self) -> Conditions:
        """Return what is known when the epochs at hand are decided [N]: their ratios are an epoch old."""
        real = self.conditions()
        up, down = self._at(self.episode.snr_db, self.time)
        return Conditions(up, down, real.edge_load, real.cloud_load, real.motion)

    def state(self) -> State:
        """Return what the epochs at hand inherit [N]."""
        return State(self.tier.copy(), self.quality.copy())

    def mask(self) -> BoolArray:
        """Return which options can be taken [N, 2 O + 3 + K + 3], if the others are chosen well."""
        return masks(self.conditions(), self.problem, self.fixed)

    def executed(self, actions: IntArray) -> tuple[IntArray, BoolArray]:
        """Return what is done where decisions [N, 5] are asked for, and where that is not the same [N]."""
        if self.fixed is None:
            return repair(actions, self.conditions(), self.problem)
        done, _ = repair(np.tile(self.fixed, (len(actions), 1)), self.conditions(), self.problem)
        return done, (done != actions).any(axis=1)

    def observe(self) -> Float32:
        """Return observations [N, 18] in the order of `semverse.envs.cee.env.CEEEnv`."""
        c, p = self.reported(), self.problem
        found = np.zeros((len(self._rows), OBSERVED), dtype=np.float32)
        found[:, 0], found[:, 1], found[:, 2], found[:, 3] = (
            c.uplink_db,
            c.downlink_db,
            c.edge_load,
            c.cloud_load,
        )
        found[:, 4] = c.motion
        found[self._rows, 5 + self.tier] = 1.0
        found[:, 8] = self.quality
        found[:, 9:14] = self.episode.preference.T
        found[:, 14] = 1.0 - self.time / p.config.epochs
        found[:, 15:] = self.last
        return found

    def play(self, asked: IntArray, active: BoolArray | None = None) -> Served:
        """Play the epoch at hand; inactive rows stay where they are."""
        p, there = self.problem, self.conditions()
        actions, repaired = self.executed(asked)
        outcomes = evaluate(actions, there, State(self.tier, self.quality), p)
        earned = reward(outcomes, self.episode.preference.T, p)
        self.move(actions, outcomes, active)
        return Served(actions, repaired, outcomes, earned)

    def move(self, actions: IntArray, outcomes: Outcomes, active: BoolArray | None = None) -> None:
        """Go on to the next epoch after decisions [N, 5] were executed; inactive rows stay where they are."""
        lost = losses(outcomes, self.problem)[:, :3]
        if active is None or bool(active.all()):
            self.time, self.tier = self.time + 1, actions[:, 4].copy()
            self.quality, self.last = outcomes.quality, lost
        else:
            self.time = self.time + active
            self.tier = np.where(active, actions[:, 4], self.tier)
            self.quality = np.where(active, outcomes.quality, self.quality)
            self.last = np.where(active[:, None], lost, self.last)

    def start_infos(self) -> dict[str, Any]:
        """Return what a reset tells of every row."""
        return {"action_mask": self.mask().astype(np.int8)}

    def infos(self, served: Served) -> dict[str, Any]:
        """Return what a step tells of every row."""
        o = served.outcomes
        return {
            "motion_to_photon_ms": o.motion_to_photon_ms,
            "content_ms": o.content_ms,
            "psnr_db": o.psnr_db,
            "energy_j": o.energy_j,
            "cost_usd_h": o.cost_usd_h,
            "quality": o.quality,
            "executed": served.actions,
            "repaired": served.repaired,
            "vector_reward": o.vector().astype(np.float32),
            **self.start_infos(),
        }


def masks(conditions: Conditions, problem: Problem, fixed: IntArray | None) -> BoolArray:
    """Return which options can be taken [N, 2 O + 3 + K + 3]; if a decision is fixed, its own alone."""
    if fixed is None:
        return action_masks(conditions, problem)
    sizes = action_sizes(problem)
    count = len(conditions.edge_load)
    mask = np.zeros((count, int(sizes.sum())), dtype=np.bool_)
    executed, _ = repair(np.tile(fixed, (count, 1)), conditions, problem)
    np.put_along_axis(mask, np.cumsum(sizes) - sizes + executed, True, axis=1)
    return mask


def start_quality(problem: Problem) -> int:
    """Return the quality of the 3-D scene when an episode begins: half of the best."""
    return problem.top_quality // 2


def action_sizes(problem: Problem) -> IntArray:
    """Return how many options each decision has [5]."""
    return np.array([problem.options, problem.options, 3, len(problem.preprocessing_tflop), 3])


def check_actions(actions: Any, num: int, problem: Problem) -> IntArray:
    """Return decisions [N, 5].

    Raises:
        InputError: another shape, or an option that does not exist.
    """
    sizes = action_sizes(problem)
    try:
        array = np.asarray(actions)
    except ValueError as error:
        raise InputError("is no array", key="action", remedy=f"give shape {[num, 5]}") from error
    if array.shape != (num, len(DECISIONS)):
        raise InputError(f"has shape {list(array.shape)}", key="action", remedy=f"give shape {[num, 5]}")
    if array.dtype.kind not in "iu" or array.min() < 0 or (array >= sizes).any():
        raise InputError("is no decision", key="action", remedy=f"give whole numbers below {sizes.tolist()}")
    return array.astype(np.int64)
