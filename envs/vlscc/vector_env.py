"""The rate control environment as a native batch: all streams advance in the same array operations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from semverse.envs.native import BoolArray, Infos, IntArray, NativeVectorEnv
from semverse.envs.vlscc.core import Streams, check_actions
from semverse.envs.vlscc.options import (
    RENDER_FPS,
    RENDER_MODES,
    action_space,
    make_meter,
    make_problem,
    observation_space,
    read_episode,
)
from semverse.envs.vlscc.problem import Content
from semverse.envs.vlscc.types import Episode


class VLSCCVectorEnv(NativeVectorEnv):
    """N copies of `VLSCCEnv` (``gymnasium.make_vec("semverse/VLSCC-v0", num_envs=N)``).

    Everything equals a `gymnasium.vector.SyncVectorEnv` of the single environment bit by bit, under the same
    seeds, in every autoreset mode.

    Args:
        num_envs: how many copies.
        profile: as for `VLSCCEnv`, and so are the others.
        autoreset_mode: next step, same step or disabled (then ``reset(options={"reset_mask": ...})``).
        content: "train", "held_out" or "all".
        codec: "table" or "live".
        render_mode: None.
        **overrides: surfaces, frames, budget_share and so on.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012
    blocks = False

    def __init__(
        self,
        num_envs: int = 1,
        profile: str | Path = "mesh",
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        content: Content = "train",
        codec: str = "table",
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.problem = make_problem(
            profile, content, blocks=self.blocks, render_mode=render_mode, **overrides
        )
        self.render_mode = render_mode
        super().__init__(
            num_envs, autoreset_mode, observation_space(self.problem), action_space(self.problem)
        )
        self.streams = Streams(num_envs, self.problem, make_meter(codec, self.problem))

    @property
    def episode(self) -> Episode:
        """The draws of the episodes at hand [T, N]."""
        return self.streams.episode

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return which levels fit [N, L], or [N, P L] for maps."""
        masks = self.streams.start_infos()["action_mask"].astype(np.bool_)
        found: npt.NDArray[np.bool_] = masks.reshape(self.num_envs, -1)
        return found

    def _read(self, options: dict[str, Any]) -> Episode | None:
        return read_episode(options, self.problem)

    def _begin(self, rows: IntArray, given: Episode | None) -> None:
        if given is None:
            self.streams.begin(self._generators, rows)
        else:
            frames = np.repeat(given.frames, len(rows), axis=1)
            self.streams.begin_with(Episode(frames, np.repeat(given.snr_db, len(rows), axis=1)), rows)

    def _observe(self) -> npt.NDArray[np.float32]:
        return self.streams.observe()

    def _start_infos(self) -> Infos:
        return self.streams.start_infos()

    def _play(self, actions: Any, active: BoolArray) -> tuple[npt.NDArray[np.float64], BoolArray, Infos]:
        levels = check_actions(actions, self.num_envs, self.problem)
        sent = self.streams.send(levels, self._generators, active)
        over = self.streams.time >= self.problem.config.frames
        return sent.reward, over, self.streams.infos(sent)


class VLSCCMapVectorEnv(VLSCCVectorEnv):
    """N copies of `VLSCCMapEnv`.

    Args:
        num_envs: how many copies.
        profile: "pictures", "toy_map" or the path of a YAML file.
        **options: as for `VLSCCVectorEnv`.
    """

    blocks = True

    def __init__(self, num_envs: int = 1, profile: str | Path = "pictures", **options: Any) -> None:
        super().__init__(num_envs, profile, **options)
