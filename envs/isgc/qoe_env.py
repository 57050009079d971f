"""The bandwidth environment with several optima a state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.checks import check_count
from semverse.envs.isgc.base_env import BaseISGCEnv
from semverse.envs.isgc.config import load_profile
from semverse.envs.isgc.core import check_actions, split_of
from semverse.envs.isgc.generator import sample_states
from semverse.envs.isgc.options import read_state
from semverse.envs.isgc.qoe import evaluate_qoe, load_qoe, qoe_optimum, round_split
from semverse.envs.isgc.types import FloatArray

BLOCK = 64  # states drawn, and solved, at once


class ISGCQoEEnv(BaseISGCEnv):
    """Give discrete subchannels to links with sigmoid quality (``semverse/ISGCQoE-v0``).

    Several allocations of a state are nearly best, far from each other, and mixtures of them are bad: the
    setting in which an expressive policy may pay. Model and exact optimum: `semverse.envs.isgc.qoe`.

    ## Action space
    ``Box(-1, 1, (3,))``, logits as in `ISGCEnv`; the split is rounded to subchannels by largest remainders.

    ## Observation space
    ``Box(10)``, the state as in `ISGCEnv`. States are drawn as they come: there is no deadline here.

    ## Reward
    ``sum_i q_i quality_i / sum_i q_i`` in [0, 1].

    ## Info
    utility, optimal_utility (exact, by enumeration), subchannels ([3] whole numbers), optimal_subchannels,
    split_mhz (executed), raw_split_mhz (before rounding).

    ## Episodes
    Terminated after ``episode_length`` decisions, each on a fresh state.

    Args:
        profile: "psd", "paper" or the path of a YAML file.
        qoe: path of a YAML file; None reads the one that ships.
        subchannels: how many; None keeps the file's, as for everything below it.
        demand: share of the rate over the whole band that a service demands.
        width: of the quality's step.
        q: prices.
        episode_length: decisions an episode.
        render_mode: "rgb_array" or None.

    Raises:
        InputError: a wrong value.

    ## Version history
    v0: first.
    """

    def __init__(
        self,
        profile: str | Path = "psd",
        *,
        qoe: str | Path | None = None,
        subchannels: int | None = None,
        demand: float | None = None,
        width: float | None = None,
        q: tuple[float, float, float] | None = None,
        episode_length: int = 1,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(load_profile(profile, q=q), render_mode)
        self.qoe = load_qoe(qoe, subchannels=subchannels, demand=demand, width=width)
        self.episode_length = check_count("episode_length", episode_length)
        self._queue: list[tuple[FloatArray, FloatArray, float]] = []
        self._present: tuple[FloatArray, FloatArray, float] | None = None
        self._steps = episode_length
        self._split: FloatArray | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start an episode; ``options={"state": array of 10}`` sets its first state.

        Raises:
            InputError: an unknown option, or a state outside of the observation space.
        """
        state = read_state(options, self.observation_space)
        super().reset(seed=seed)
        if seed is not None:
            self._queue = []
        self._present = self._next() if state is None else self._solved(state.astype(np.float64))[0]
        self._steps, self._split = 0, None
        return self._present[0].astype(np.float32), {}

    def _next(self) -> tuple[FloatArray, FloatArray, float]:
        """Take the next state; a block of them is solved at once, which is much quicker."""
        if not self._queue:
            drawn = sample_states(self.np_random, BLOCK, self.config, resample=False)
            self._queue = self._solved(drawn)[::-1]
        return self._queue.pop()

    def _solved(self, states: FloatArray) -> list[tuple[FloatArray, FloatArray, float]]:
        best, value = qoe_optimum(states, self.config, self.qoe)
        return list(zip(states, best, value.tolist(), strict=True))

    def step(
        self, action: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Give out the subchannels.

        Raises:
            InputError: not three finite numbers.
            gymnasium.error.ResetNeeded: the episode is over.
        """
        if self._present is None or self._steps >= self.episode_length:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        state, best, value = self._present
        raw = split_of(check_actions([action], 1), self.config)[:, 0]
        given = round_split(raw, self.config, self.qoe)
        utility = float(evaluate_qoe(state, given[None], self.config, self.qoe)[0])
        split: FloatArray = given.astype(np.float64) * (self.config.bandwidth_mhz / self.qoe.subchannels)
        self._split = split
        self._steps += 1
        over = self._steps >= self.episode_length
        if not over:
            self._present = self._next()
        info = {
            "utility": utility,
            "optimal_utility": value,
            "subchannels": given,
            "optimal_subchannels": best.copy(),
            "split_mhz": split.copy(),
            "raw_split_mhz": raw.copy(),
        }
        return self._present[0].astype(np.float32), utility, over, False, info

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the last allocation, or None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        from semverse.envs.isgc.render import draw_shares

        return draw_shares(np.zeros((1, 3)) if self._split is None else self._split[None])
