"""The placement environment as a native batch: all rows advance in the same array operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from semverse.envs.errors import InputError
from semverse.envs.scc.base_env import (
    INFEASIBLE_PENALTY,
    check_penalty,
    check_render_mode,
)
from semverse.envs.scc.core import Placed, PlacementCore
from semverse.envs.scc.episode import EpisodeSource, check_options, read_instance
from semverse.envs.scc.observation import Observation, observation_space
from semverse.envs.scc.types import BoolArray
from semverse.envs.scc.viewer import RENDER_FPS
from semverse.envs.vector import check_mode, check_reset_mask, check_seeds

Infos = dict[str, Any]


class SCCVectorEnv(VectorEnv[Observation, npt.NDArray[Any], npt.NDArray[Any]]):
    """N copies of `SCCEnv` (``gymnasium.make_vec("semverse/SCC-v0", num_envs=N)``).

    Observations, rewards, terminations and infos equal those of a `gymnasium.vector.SyncVectorEnv` of
    the single environment bit by bit, under the same seeds, in every autoreset mode.

    Args:
        num_envs: how many copies.
        autoreset_mode: next step, same step or disabled (then ``reset(options={"reset_mask": ...})``).
        infeasible_penalty: as for `SCCEnv`.
        render_mode: "rgb_array" or None.
        **scenario: everything else `SCCEnv` takes.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        infeasible_penalty: float = INFEASIBLE_PENALTY,
        render_mode: str | None = None,
        **scenario: Any,
    ) -> None:
        if isinstance(num_envs, bool) or not isinstance(num_envs, int) or num_envs < 1:
            raise InputError(f"is {num_envs!r}", key="num_envs", remedy="give a whole number >= 1")
        self.num_envs = num_envs
        self.autoreset_mode = check_mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = check_render_mode(render_mode, ("rgb_array",))
        self.source = EpisodeSource(**scenario)
        self.core = PlacementCore([self.source.placeholder()] * num_envs, check_penalty(infeasible_penalty))
        self.single_observation_space = observation_space(self.source.num_mecs)
        self.single_action_space = gymnasium.spaces.Discrete(self.source.num_mecs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators: list[np.random.Generator | None] = [None] * num_envs
        self._seeds: list[int] = [-1] * num_envs
        self._over = np.ones(num_envs, dtype=np.bool_)  # nothing was started yet
        self._started = False

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """One generator a row, as in `SyncVectorEnv`."""
        return tuple(self._generator(row) for row in range(self.num_envs))

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of each row's generator."""
        return tuple(self._seeds[row] for row in range(self.num_envs) if self._generator(row))

    def _generator(self, row: int, seed: int | None = None) -> np.random.Generator:
        generator = self._generators[row]
        if seed is not None or generator is None:
            generator, self._seeds[row] = seeding.np_random(seed)
            self._generators[row] = generator
        return generator

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Infos]:
        """Start episodes in all rows, or in those of ``options["reset_mask"]`` [N].

        Args:
            seed: row i gets seed + i, or the i-th of a sequence; None goes on with the generators.
            options: as for `SCCEnv`, the same for every row; and "reset_mask".

        Raises:
            InputError: a wrong seed, mask or option.
        """
        seeds = check_seeds(seed, self.num_envs)
        given = dict(check_options(options, "reset_mask"))
        which = check_reset_mask(given.pop("reset_mask", None), self.num_envs)
        if given.get("instance") is not None:
            given["instance"] = read_instance(given["instance"])
        if not self._started and not which.all():
            raise gymnasium.error.ResetNeeded("reset all rows before some of them")
        for row in np.flatnonzero(which).tolist():
            self._begin(row, given, seeds[row])
        self._over[which] = False
        self._started = True
        observation = self.core.look()
        mask = np.where(which[:, None], self.core.mask, 0).astype(np.int8)
        return observation, {"action_mask": mask, "_action_mask": which}

    def _begin(self, row: int, options: dict[str, Any] | None = None, seed: int | None = None) -> None:
        episode = self.source.draw(self._generator(row, seed), options)
        self.core.begin(row, episode.instance, episode.preference, episode.order)

    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[Observation, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], Infos]:
        """Place the request at hand of every row; a row that restarts ignores its action.

        Raises:
            InputError: an action that is no MEC, or a wrong number of actions.
            gymnasium.error.ResetNeeded: nothing was started, or a row is over and resets are disabled.
        """
        restart = self._over
        if not self._started or (self.autoreset_mode is AutoresetMode.DISABLED and restart.any()):
            raise gymnasium.error.ResetNeeded("an episode is over; call reset()")
        placed = self.core.place(actions)
        rewards = np.where(restart, 0.0, placed.reward)
        over = placed.done & ~restart
        for row in np.flatnonzero(restart).tolist():
            self._begin(row)
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            observation, infos = self._finish_same_step(placed, over)
            self._over = np.zeros_like(over)
        else:
            observation = self.core.look()
            infos = self._infos(placed, ~restart)
            for row in np.flatnonzero(over).tolist():
                infos = self._add_info(infos, self.core.result(row), row)
            self._over = over
        return observation, rewards, over.copy(), np.zeros(self.num_envs, dtype=np.bool_), infos

    def _finish_same_step(self, placed: Placed, over: BoolArray) -> tuple[Observation, Infos]:
        """Restart what is over at once; the last observation and info go into the new info."""
        observation = self.core.look()
        rows = np.flatnonzero(over).tolist()
        if not rows:
            return observation, self._infos(placed, ~over)
        ends = [
            {
                "final_obs": {key: value[row].copy() for key, value in observation.items()},
                "final_info": {**self._row_info(placed, row), **self.core.result(row)},
            }
            for row in rows
        ]
        for row in rows:
            self._begin(row)
        observation = self.core.look()
        infos = self._infos(placed, ~over)
        for row, end in zip(rows, ends, strict=True):
            infos = self._add_info(infos, end, row)
        return observation, infos

    def _infos(self, placed: Placed, shown: BoolArray) -> Infos:
        """Return the infos of a step; rows not shown were just reset and have an action mask only."""
        infos: Infos = {
            "action_mask": self.core.mask.astype(np.int8),
            "_action_mask": np.ones(self.num_envs, dtype=np.bool_),
        }
        if not shown.any():
            return infos
        columns = (
            ("vector_reward", placed.vector.astype(np.float32)),
            ("repaired", placed.repaired),
            ("dead_end", placed.dead_end),
        )
        all_shown = bool(shown.all())
        for name, values in columns:
            if not all_shown:
                values[~shown] = 0
            infos[name], infos[f"_{name}"] = values, shown.copy()
        return infos

    def _row_info(self, placed: Placed, row: int) -> Infos:
        return {
            "action_mask": self.core.mask[row].astype(np.int8),
            "vector_reward": placed.vector[row].astype(np.float32),
            "repaired": bool(placed.repaired[row]),
            "dead_end": bool(placed.dead_end[row]),
        }

    def action_masks(self) -> BoolArray:
        """Return the legal MECs of every row [N, M]."""
        mask: BoolArray = self.core.mask.copy()
        return mask

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:
        """Return the map of every row, or None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        from semverse.envs.scc.render import draw_episode

        return tuple(draw_episode(self.core, row) for row in range(self.num_envs))
