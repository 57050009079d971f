"""The cloud-edge-end environment as a native batch: all users advance in the same array operations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from semverse.envs.cee.core import Users, check_actions
from semverse.envs.cee.generator import draw_episodes
from semverse.envs.cee.options import (
    RENDER_FPS,
    RENDER_MODES,
    Preference,
    Setup,
    action_space,
    observation_space,
    read_start,
)
from semverse.envs.cee.types import Conditions, Episode, FloatArray, State
from semverse.envs.native import BoolArray, Infos, IntArray, NativeVectorEnv

Start = tuple[Episode | None, FloatArray | None]


class CEEVectorEnv(NativeVectorEnv):
    """N copies of `CEEEnv` (``gymnasium.make_vec("semverse/CEE-v0", num_envs=N)``).

    Everything equals a `gymnasium.vector.SyncVectorEnv` of the single environment, numbers to a relative 1e-9
    (the single one calculates in Python), under the same seeds, in every autoreset mode.

    Args:
        num_envs: how many copies.
        profile: as for `CEEEnv`, and so are the others.
        autoreset_mode: next step, same step or disabled (then ``reset(options={"reset_mask": ...})``).
        preference: five weights, None or "random".
        preset: "paper" or None.
        render_mode: None.
        **overrides: keys of the profile.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012
    truncates = True

    def __init__(
        self,
        num_envs: int = 1,
        profile: str | Path = "default",
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        preference: Preference = None,
        preset: str | None = None,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.setup = Setup.of(
            profile, preference=preference, preset=preset, render_mode=render_mode, **overrides
        )
        self.problem, self.render_mode = self.setup.problem, render_mode
        super().__init__(
            num_envs, autoreset_mode, observation_space(self.problem), action_space(self.problem)
        )
        self.users = Users(num_envs, self.problem, self.setup.preference, self.setup.fixed)

    @property
    def episode(self) -> Episode:
        """The draws of the episodes at hand [T, N]."""
        return self.users.episode

    @property
    def state(self) -> State:
        """Tiers and scene qualities that the epochs at hand inherit [N]."""
        return self.users.state()

    def reported(self) -> Conditions:
        """Return what is known when the epochs at hand are decided [N]."""
        return self.users.reported()

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return which options can be taken [N, 195], one decision after the other."""
        return self.users.mask()

    def _read(self, options: dict[str, Any]) -> Start:
        return read_start(options, self.problem)

    def _begin(self, rows: IntArray, given: Start | None) -> None:
        episode, weights = (None, None) if given is None else given
        if episode is not None:
            fields = (getattr(episode, key) for key in episode.__dataclass_fields__)
            self.users.begin_with(
                Episode(*(np.repeat(values, len(rows), axis=-1) for values in fields)), rows
            )
        elif weights is not None:
            generators = [self._generators[row] for row in rows.tolist()]
            self.users.begin_with(draw_episodes(generators, self.problem, weights), rows)
        else:
            self.users.begin(self._generators, rows)

    def _observe(self) -> npt.NDArray[np.float32]:
        return self.users.observe()

    def _start_infos(self) -> Infos:
        return self.users.start_infos()

    def _play(self, actions: Any, active: BoolArray) -> tuple[npt.NDArray[np.float64], BoolArray, Infos]:
        served = self.users.play(check_actions(actions, self.num_envs, self.problem), active)
        over = self.users.time >= self.problem.config.epochs
        return served.reward, over, self.users.infos(served)
