"""The bandwidth environment as a native batch: all rows advance in the same array operations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.core import decide
from semverse.envs.isgc.options import (
    RENDER_FPS,
    RENDER_MODES,
    Setup,
    action_space,
    observation_space,
    read_state,
)
from semverse.envs.isgc.stream import ACCEPTANCE, FEASIBLE, Drawn, StateStream
from semverse.envs.native import BoolArray, Infos, IntArray, NativeVectorEnv

Observation = npt.NDArray[np.float32]


class ISGCVectorEnv(NativeVectorEnv):
    """N copies of `ISGCEnv` (``gymnasium.make_vec("semverse/ISGC-v0", num_envs=N)``).

    Observations, rewards, terminations and infos equal those of a `gymnasium.vector.SyncVectorEnv` of the
    single environment bit by bit, under the same seeds, in every autoreset mode.

    Args:
        num_envs: how many copies.
        autoreset_mode: next step, same step or disabled (then ``reset(options={"reset_mask": ...})``).
        profile: as for `ISGCEnv`, and so are the others.
        shield: execute only splits that keep the deadline.
        infeasible: "resample" or "outage".
        miss_penalty: price of a missed deadline.
        episode_length: decisions an episode.
        optimum: put the exact optimum into the infos; off by default, for it costs far more than a step.
        render_mode: None.
        **overrides: q, printed_symbols, bandwidth_mhz, deadline_s.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        profile: str | Path = "psd",
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        shield: bool = True,
        infeasible: str = "resample",
        miss_penalty: float = 0.0,
        episode_length: int = 1,
        optimum: bool = False,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.setup = Setup.of(
            profile,
            shield=shield,
            infeasible=infeasible,
            miss_penalty=miss_penalty,
            episode_length=episode_length,
            optimum=optimum,
            render_mode=render_mode,
            **overrides,
        )
        self.render_mode = render_mode
        super().__init__(num_envs, autoreset_mode, observation_space(self.config), action_space())
        self._stream = StateStream(num_envs, self.config, resample=self.setup.resample, optimum=optimum)
        self._drawn: Drawn | None = None
        self._steps = np.zeros(num_envs, dtype=np.int64)

    @property
    def config(self) -> ISGCConfig:
        """The profile with its overrides."""
        return self.setup.config

    def _read(self, options: dict[str, Any]) -> Observation | None:
        return read_state(options, self.single_observation_space)

    def _seeded(self, row: int) -> None:
        self._stream.restart(row)

    def _begin(self, rows: IntArray, given: Observation | None) -> None:
        if given is not None:
            self._place(rows, self.setup.drawn(np.repeat(given, len(rows), axis=0)))
        else:
            self._draw(rows)
        self._steps[rows] = 0

    def _draw(self, rows: IntArray) -> None:
        """Draw the next state of rows."""
        some = None if len(rows) == self.num_envs else rows
        self._place(rows, self._stream.take(self._generators, some))

    def _place(self, rows: IntArray, drawn: Drawn) -> None:
        if len(rows) == self.num_envs or self._drawn is None:
            self._drawn = drawn
        else:
            self._drawn = self._drawn.but(rows, drawn)

    def _observe(self) -> Observation:
        assert self._drawn is not None
        return self._drawn.states.copy()

    def _start_infos(self) -> Infos:
        assert self._drawn is not None
        facts = self._drawn.facts
        return {"acceptance_rate": facts[ACCEPTANCE].copy(), "feasible": facts[FEASIBLE] > 0}

    def _play(self, actions: Any, active: BoolArray) -> tuple[npt.NDArray[np.float64], BoolArray, Infos]:
        assert self._drawn is not None
        setup = self.setup
        decided = decide(
            self._drawn, actions, self.config, shield=setup.shield, miss_penalty=setup.miss_penalty
        )
        self._steps += 1
        over = (self._steps >= setup.episode_length) & active
        infos = decided.infos(optimum=setup.optimum)
        moving = active & ~over  # rows that just ended keep their last state, and draw no other
        if moving.any():
            self._draw(np.flatnonzero(moving))
        return decided.reward, over, infos
