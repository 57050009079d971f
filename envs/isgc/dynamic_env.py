"""The slotted bandwidth environment: fading, queues, and a band that is shared anew in every slot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.base_env import BaseISGCEnv
from semverse.envs.isgc.clairvoyant import clairvoyant_bound
from semverse.envs.isgc.config import load_profile
from semverse.envs.isgc.core import check_actions, split_of
from semverse.envs.isgc.dynamics import Episode, draw_episode, load_dynamics, serve
from semverse.envs.isgc.generator import sample_states
from semverse.envs.isgc.options import read_state
from semverse.envs.isgc.types import FloatArray

LARGEST_BACKLOG = 1e7  # Msut or Mbit; no episode comes near it


class ISGCDynamicEnv(BaseISGCEnv):
    """Share the band among three queues, slot by slot (``semverse/ISGCDynamic-v0``).

    ## Action space
    ``Box(-1, 1, (3,))``, logits as in `ISGCEnv`. There is no deadline and no shield: waiting costs.

    ## Observation space
    ``Box(14)``: the state as in `ISGCEnv` (its gains change from slot to slot), the backlog of the three
    queues (Msut, Mbit, Mbit; arrivals of the slot included), and the share of slots left.

    ## Reward
    ``sum_i q_i served_i - holding_cost sum_i q_i waiting_i`` in credit: each queue is served at the rate of
    its link for the 1 s of the slot, as far as it is filled.

    ## Info
    utility, holding (credit of the slot), split_mhz, served, waiting ([3] Msut, Mbit, Mbit).

    ## Episodes
    Terminated after ``slots``. Channels and arrivals are `semverse.envs.isgc.dynamics.draw_episode`: Gauss-
    Markov with correlation rho, Poisson requests in proportion (``load``) to what the band could serve at
    mean gains. All of it is ours, for paper 001 has no dynamics. `unwrapped.episode` holds the draws, with
    which `semverse.envs.isgc.clairvoyant.clairvoyant_bound` tells what could have been earned at most;
    `semverse.envs.isgc.policies.drift_plus_penalty` is the reference heuristic.

    Args:
        profile: "psd", "paper" or the path of a YAML file.
        dynamics: path of a YAML file; None reads the one that ships.
        slots: horizon; None keeps the file's, as for everything below it.
        correlation: rho.
        load: see above.
        holding_cost: credit a slot and unit of price.
        q: prices.
        bandwidth_mhz: the band.
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
        dynamics: str | Path | None = None,
        slots: int | None = None,
        correlation: float | None = None,
        load: float | None = None,
        holding_cost: float | None = None,
        q: tuple[float, float, float] | None = None,
        bandwidth_mhz: float | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(load_profile(profile, q=q, bandwidth_mhz=bandwidth_mhz), render_mode)
        self.dynamics = load_dynamics(
            dynamics, slots=slots, correlation=correlation, load=load, holding_cost=holding_cost
        )
        low, high = np.zeros(14, dtype=np.float32), np.full(14, LARGEST_BACKLOG, dtype=np.float32)
        low[:10], high[:10] = self.state_space.low, self.state_space.high
        high[13] = 1.0
        self.observation_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.episode: Episode | None = None
        self._slot = 0
        self._backlog = np.zeros(3)
        self._split: FloatArray | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start an episode; ``options={"state": array of 10}`` sets all of the state but its gains.

        Raises:
            InputError: an unknown option, or a state outside of its space.
        """
        given = read_state(options, self.state_space)
        super().reset(seed=seed)
        state = sample_states(self.np_random, 1, self.config) if given is None else given.astype(np.float64)
        self.episode = draw_episode(state[0], self.np_random, self.config, self.dynamics)
        self._slot, self._backlog, self._split = 0, self.episode.arrivals[0].copy(), None
        return self._observe(), {}

    @property
    def state(self) -> FloatArray:
        """State of the slot at hand [10]."""
        assert self.episode is not None
        present: FloatArray = self.episode.states[min(self._slot, self.episode.slots - 1)].copy()
        return present

    @property
    def backlog(self) -> FloatArray:
        """Queues of the slot at hand [3] in Msut, Mbit, Mbit."""
        return self._backlog.copy()

    def _observe(self) -> npt.NDArray[np.float32]:
        left = 1.0 - self._slot / self.dynamics.slots
        return np.concatenate([self.state, self._backlog, [left]]).astype(np.float32)

    def step(
        self, action: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Serve one slot.

        Raises:
            InputError: not three finite numbers.
            gymnasium.error.ResetNeeded: the episode is over.
        """
        if self.episode is None or self._slot >= self.episode.slots:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        split = split_of(check_actions([action], 1), self.config)[:, 0]
        slot = serve(self.state, self._backlog, split, self.config, self.dynamics)
        self._slot, self._split, self._backlog = self._slot + 1, split, slot.waiting.copy()
        over = self._slot >= self.episode.slots
        if not over:
            self._backlog += self.episode.arrivals[self._slot]
        info = {
            "utility": slot.utility,
            "holding": slot.holding,
            "split_mhz": split.copy(),
            "served": slot.served,
            "waiting": slot.waiting,
        }
        return self._observe(), slot.reward, over, False, info

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the queues and the last split, or None without a render mode."""
        if self.render_mode != "rgb_array" or self.episode is None:
            return None
        from semverse.envs.isgc.render import draw_queues

        return draw_queues(self.episode.arrivals[: self._slot + 1].sum(axis=0), self._backlog, self._split)


def episode_bound(env: ISGCDynamicEnv) -> float:
    """Return what the episode that an environment just started can return at most, in credit.

    Raises:
        InputError: scipy is missing.
    """
    assert env.episode is not None  # it was reset
    return clairvoyant_bound(env.episode, env.config, env.dynamics)
