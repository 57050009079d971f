"""The bandwidth environment as a native batch: all rows advance in the same array operations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from semverse.envs.checks import check_count
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
from semverse.envs.isgc.types import BoolArray, IntArray
from semverse.envs.vector import check_mode, check_reset_mask, check_seeds

Observation = npt.NDArray[np.float32]
Infos = dict[str, Any]


class ISGCVectorEnv(VectorEnv[Observation, npt.NDArray[Any], npt.NDArray[Any]]):
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
        self.num_envs = check_count("num_envs", num_envs)
        self.autoreset_mode = check_mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
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
        self.single_observation_space = observation_space(self.config)
        self.single_action_space = action_space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators: list[Any] = [None] * num_envs
        self._seeds: list[int] = [-1] * num_envs
        self._stream = StateStream(num_envs, self.config, resample=self.setup.resample, optimum=optimum)
        self._drawn: Drawn | None = None
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._over = np.ones(num_envs, dtype=np.bool_)

    @property
    def config(self) -> ISGCConfig:
        """The profile with its overrides."""
        return self.setup.config

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """One generator a row, as in `SyncVectorEnv`."""
        self._seed_missing()
        return tuple(self._generators)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of each row's generator."""
        self._seed_missing()
        return tuple(self._seeds)

    def _seed_missing(self) -> None:
        for row, generator in enumerate(self._generators):
            if generator is None:
                self._generators[row], self._seeds[row] = seeding.np_random(None)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Infos]:
        """Start episodes in all rows, or in those of ``options["reset_mask"]`` [N].

        Args:
            seed: row i gets seed + i, or the i-th of a sequence; None goes on with the generators.
            options: "state", as for `ISGCEnv`, the same for every row; and "reset_mask".

        Raises:
            InputError: a wrong seed, mask or option.
        """
        seeds = check_seeds(seed, self.num_envs)
        given = dict(options or {})
        which = check_reset_mask(given.pop("reset_mask", None), self.num_envs)
        state = read_state(given, self.single_observation_space)
        if self._drawn is None and not which.all():
            raise gymnasium.error.ResetNeeded("reset all rows before some of them")
        rows = np.flatnonzero(which)
        for row in rows.tolist():
            if seeds[row] is not None:
                self._generators[row], self._seeds[row] = seeding.np_random(seeds[row])
                self._stream.restart(row)
        self._seed_missing()
        if state is None:
            drawn = self._stream.take(self._generators, rows)
        else:
            drawn = self.setup.drawn(np.repeat(state, len(rows), axis=0))
        self._begin(drawn, rows)
        assert self._drawn is not None
        return self._drawn.states.copy(), self._reset_infos(which)

    def _begin(self, drawn: Drawn, rows: IntArray) -> None:
        """Let rows start their episodes with the states drawn for them."""
        if len(rows) == self.num_envs or self._drawn is None:
            self._drawn = drawn
        else:
            self._drawn = self._drawn.but(rows, drawn)
        self._steps[rows] = 0
        self._over[rows] = False

    def _reset_infos(self, which: BoolArray) -> Infos:
        assert self._drawn is not None
        facts = self._drawn.facts
        infos = {"acceptance_rate": facts[ACCEPTANCE].copy(), "feasible": facts[FEASIBLE] > 0}
        return _shown(infos, which)

    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[Observation, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], Infos]:
        """Execute the split of every row; a row that restarts ignores its action.

        Raises:
            InputError: a wrong shape, or an action that is not finite.
            gymnasium.error.ResetNeeded: nothing was started, or a row is over and resets are disabled.
        """
        restart = self._over
        if self._drawn is None or (self.autoreset_mode is AutoresetMode.DISABLED and restart.any()):
            raise gymnasium.error.ResetNeeded("an episode is over; call reset()")
        if restart.all():
            return self._restart_all()
        setup = self.setup
        decided = decide(
            self._drawn, actions, self.config, shield=setup.shield, miss_penalty=setup.miss_penalty
        )
        rewards = np.where(restart, 0.0, decided.reward)
        self._steps += 1
        over = (self._steps >= setup.episode_length) & ~restart
        results = decided.infos(optimum=setup.optimum)
        ends: Infos = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP and over.any():
            ends, restart = self._ends(results, over), over
        infos = _shown(results, ~restart)
        # rows that just ended keep their last state, and draw no other
        self._advance(restart, ~over | restart)
        if restart.any():
            infos = _merged(infos, self._reset_infos(restart))
        self._over = over if self.autoreset_mode is not AutoresetMode.SAME_STEP else np.zeros_like(over)
        return self._drawn.states.copy(), rewards, over.copy(), np.zeros_like(over), {**ends, **infos}

    def _restart_all(self) -> tuple[Observation, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], Infos]:
        """Let every row begin its next episode; the actions are ignored."""
        self._drawn = self._stream.take(self._generators)
        self._steps.fill(0)
        self._over = np.zeros(self.num_envs, dtype=np.bool_)
        none = self._over.copy()
        infos = self._reset_infos(~none)
        return self._drawn.states.copy(), np.zeros(self.num_envs), none, none.copy(), infos

    def _advance(self, restart: BoolArray, moves: BoolArray) -> None:
        """Draw the next state of rows that move on; those that restart begin an episode with it."""
        if moves.all():
            self._drawn = self._stream.take(self._generators)
        elif moves.any():
            rows = np.flatnonzero(moves)
            assert self._drawn is not None
            self._drawn = self._drawn.but(rows, self._stream.take(self._generators, rows))
        self._steps[restart] = 0

    def _ends(self, infos: Infos, over: BoolArray) -> Infos:
        """Return the last observations and infos of the rows that are over."""
        assert self._drawn is not None
        last = np.full(self.num_envs, None, dtype=object)
        for row in np.flatnonzero(over).tolist():
            last[row] = self._drawn.states[row].copy()
        both = {"final_obs": last, "final_info": _shown(infos, over)}
        return {**both, **{f"_{key}": over.copy() for key in both}}


def _shown(infos: Infos, which: BoolArray) -> Infos:
    """Show infos in some rows only, in the manner of Gymnasium: zeros elsewhere, and a mask a key."""
    if not which.any():
        return {}
    shown: Infos = {}
    everywhere = bool(which.all())
    for key, values in infos.items():
        if everywhere:
            shown[key] = values
        else:
            shown[key] = values.copy()
            shown[key][~which] = 0
        shown[f"_{key}"] = which.copy()
    return shown


def _merged(infos: Infos, others: Infos) -> Infos:
    """Join two infos whose rows differ."""
    joined = {**others, **infos}
    for key in infos.keys() & others.keys():
        mine = infos[key if key.startswith("_") else f"_{key}"]
        joined[key] = (
            infos[key] | others[key] if key.startswith("_") else np.where(mine, infos[key], others[key])
        )
    return joined
