"""The stand-in environment as a native batch: all trainings advance in the same array operations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from semverse.envs.fedsem.core import Trainings
from semverse.envs.fedsem.options import (
    RENDER_FPS,
    RENDER_MODES,
    action_space,
    check_render_mode,
    make_problem,
    observation_space,
    read_epsilon,
)
from semverse.envs.fedsem.problem import check_actions
from semverse.envs.fedsem.surrogate import SurrogateLearner
from semverse.envs.native import BoolArray, Infos, IntArray, NativeVectorEnv


class FedSemFastVectorEnv(NativeVectorEnv):
    """N copies of `FedSemFastEnv` (``gymnasium.make_vec("semverse/FedSemFast-v0", num_envs=N)``).

    Args:
        num_envs: how many copies.
        profile: as for `FedSemFastEnv`.
        autoreset_mode: next step, same step or disabled (then ``reset(options={"reset_mask": ...})``).
        render_mode: None.
        **overrides: keys of the profile.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        profile: str | Path = "default",
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.render_mode = check_render_mode(render_mode)
        self.problem = make_problem(profile, overrides)
        super().__init__(
            num_envs, autoreset_mode, observation_space(self.problem), action_space(self.problem)
        )
        self.trainings = Trainings(num_envs, self.problem, SurrogateLearner(num_envs, self.problem))

    def _read(self, options: dict[str, Any]) -> float | None:
        return read_epsilon(options, self.problem)

    def _begin(self, rows: IntArray, given: float | None) -> None:
        self.trainings.begin(self._generators, rows, given)

    def _observe(self) -> npt.NDArray[np.float32]:
        return self.trainings.observe()

    def _start_infos(self) -> Infos:
        return self.trainings.start_infos()

    def _play(self, actions: Any, active: BoolArray) -> tuple[npt.NDArray[np.float64], BoolArray, Infos]:
        step = self.trainings.play(
            check_actions(actions, self.num_envs, self.problem), self._generators, active
        )
        over = self.trainings.time >= self.problem.config.rounds
        return step.reward, over, self.trainings.infos(step)
