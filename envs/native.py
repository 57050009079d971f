"""What of a native vector environment has nothing to do with its problem: seeds, autoreset, infos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from semverse.envs.checks import check_count
from semverse.envs.vector import check_mode, check_reset_mask, check_seeds, keep_heap

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Infos = dict[str, Any]
Step = tuple[Any, npt.NDArray[np.float64], BoolArray, BoolArray, Infos]


class NativeVectorEnv(VectorEnv[Any, Any, Any], ABC):
    """N copies of an environment that advance in the same array operations.

    Observations, rewards, terminations and infos equal those of a `gymnasium.vector.SyncVectorEnv` bit by bit
    if the hooks do: every row has its own generator, and nothing of a row depends on the others.

    Args:
        num_envs: N.
        autoreset_mode: next step, same step or disabled (then ``reset(options={"reset_mask": ...})``).
        observation_space: of one copy.
        action_space: of one copy.

    Raises:
        InputError: no copies, or an unknown autoreset mode.
    """

    truncates = False  # episodes are cut off when they are over, rather than terminated

    def __init__(
        self,
        num_envs: int,
        autoreset_mode: str | AutoresetMode,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
    ) -> None:
        keep_heap()
        self.num_envs = check_count("num_envs", num_envs)
        self.autoreset_mode = check_mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space, self.single_action_space = observation_space, action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self._generators: list[Any] = [None] * num_envs
        self._seeds: list[int] = [-1] * num_envs
        self._over = np.ones(num_envs, dtype=np.bool_)
        self._started = False

    @abstractmethod
    def _read(self, options: dict[str, Any]) -> Any:
        """Check reset options; what is returned goes to `_begin`."""

    @abstractmethod
    def _begin(self, rows: IntArray, given: Any) -> None:
        """Start episodes in rows; ``given`` is None after an autoreset."""

    @abstractmethod
    def _observe(self) -> Any:
        """Return fresh observations [N, ...]."""

    @abstractmethod
    def _start_infos(self) -> Infos:
        """Return what `reset` tells of every row."""

    @abstractmethod
    def _play(self, actions: Any, active: BoolArray) -> tuple[npt.NDArray[np.float64], BoolArray, Infos]:
        """Play the active rows; return rewards, which rows are over, and infos (inactive rows: anything)."""

    def _seeded(self, row: int) -> None:  # most keep nothing of a generator
        """Forget what the row's former generator drew in advance."""

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
    ) -> tuple[Any, Infos]:
        """Start episodes in all rows, or in those of ``options["reset_mask"]`` [N].

        Args:
            seed: row i gets seed + i, or the i-th of a sequence; None goes on with the generators.
            options: those of the single environment, the same for every row; and "reset_mask".

        Raises:
            InputError: a wrong seed, mask or option.
        """
        seeds, given = check_seeds(seed, self.num_envs), dict(options or {})
        which = check_reset_mask(given.pop("reset_mask", None), self.num_envs)
        read = self._read(given)
        if not self._started and not which.all():
            raise gymnasium.error.ResetNeeded("reset all rows before some of them")
        rows = np.flatnonzero(which)
        for row in rows.tolist():
            if seeds[row] is not None:
                self._generators[row], self._seeds[row] = seeding.np_random(seeds[row])
                self._seeded(row)
        self._seed_missing()
        self._begin(rows, read)
        self._over[rows], self._started = False, True
        return self._observe(), shown(self._start_infos(), which)

    def step(self, actions: Any) -> Step:
        """Play every row; a row that restarts ignores its action.

        Raises:
            InputError: an action that does not exist.
            gymnasium.error.ResetNeeded: nothing was started, or a row is over and resets are disabled.
        """
        restart = self._over
        if not self._started or (self.autoreset_mode is AutoresetMode.DISABLED and restart.any()):
            raise gymnasium.error.ResetNeeded("an episode is over; call reset()")
        if restart.all():
            return self._restart_all()
        rewards, over, infos = self._play(actions, ~restart)
        rewards, over = np.where(restart, 0.0, rewards), over & ~restart
        ends: Infos = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP and over.any():
            ends, restart = self._ends(infos, over), over
        infos = shown(infos, ~restart)
        if restart.any():
            self._begin(np.flatnonzero(restart), None)
            infos = merged(infos, shown(self._start_infos(), restart))
        self._over = over if self.autoreset_mode is not AutoresetMode.SAME_STEP else np.zeros_like(over)
        ended, none = over.copy(), np.zeros_like(over)
        terminated, truncated = (none, ended) if self.truncates else (ended, none)
        return self._observe(), rewards, terminated, truncated, {**ends, **infos}

    def _restart_all(self) -> Step:
        """Let every row begin its next episode."""
        self._begin(np.arange(self.num_envs), None)
        self._over = np.zeros(self.num_envs, dtype=np.bool_)
        none = self._over.copy()
        infos = shown(self._start_infos(), ~none)
        return self._observe(), np.zeros(self.num_envs), none, none.copy(), infos

    def _ends(self, infos: Infos, over: BoolArray) -> Infos:
        """Return the last observations and infos of the rows that are over."""
        observation, last = self._observe(), np.full(self.num_envs, None, dtype=object)
        for row in np.flatnonzero(over).tolist():
            last[row] = observation[row]
        both = {"final_obs": last, "final_info": shown(infos, over)}
        return {**both, **{f"_{key}": over.copy() for key in both}}


def shown(infos: Infos, which: BoolArray) -> Infos:
    """Show infos in some rows only, in the manner of Gymnasium: zeros elsewhere, and a mask a key."""
    if not which.any():
        return {}
    found: Infos = {}
    everywhere = bool(which.all())
    for key, values in infos.items():
        if everywhere:
            found[key] = values
        else:
            found[key] = values.copy()
            found[key][~which] = 0
        found[f"_{key}"] = which.copy()
    return found


def merged(infos: Infos, others: Infos) -> Infos:
    """Join two infos whose rows differ."""
    joined = {**others, **infos}
    for key in infos.keys() & others.keys():
        if key.startswith("_"):
            joined[key] = infos[key] | others[key]
        else:
            mine = infos[f"_{key}"].reshape(-1, *[1] * (infos[key].ndim - 1))
            joined[key] = np.where(mine, infos[key], others[key])
    return joined
