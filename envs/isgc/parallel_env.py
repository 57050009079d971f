"""The bandwidth problem for many agents: devices that bid for one band (``semverse/isgc_parallel_v0``).

PettingZoo's parallel API, and AEC through its standard wrapper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import parallel_to_aec, wrappers

from semverse.envs.checks import check_count
from semverse.envs.errors import InputError
from semverse.envs.isgc.config import load_profile
from semverse.envs.isgc.core import check_actions
from semverse.envs.isgc.generator import sample_states
from semverse.envs.isgc.options import (
    RENDER_MODES,
    action_space,
    check_render_mode,
    observation_space,
)
from semverse.envs.isgc.shared import Shares, SocialOptimum, share_by_bids, social_optimum
from semverse.envs.isgc.types import FloatArray

Dicts = tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]


class ISGCParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Devices ``device_0`` ... bid for their three links; the band is shared in proportion to exp(bids).

    Actions: ``Box(-1, 1, (3,))``, the bids of the semantic, content and feedback link. Bidding more takes
    band from everybody else. With ``shield`` a device whose split misses its deadline moves its own share
    towards its quickest split; a device that still misses it earns nothing.

    Observations: the device's own state, ``Box(10)`` as in `ISGCEnv`; `state` joins them all [10 N].

    Rewards: ``reward="team"``: everybody gets the mean utility; ``"selfish"``: each gets its own.

    Infos: utility, latency_s, split_mhz, raw_split_mhz, missed_deadline of the device; social_utility (sum
    over the devices) and social_optimum (exact), whose ratio under selfish agents is the price of anarchy.

    Every cycle brings fresh states; the agents are truncated after ``max_cycles``. The band is N times the
    profile's, and every state is feasible with its equal share, so that everybody can be served.

    Args:
        profile: "psd", "paper" or the path of a YAML file.
        devices: N.
        reward: "team" or "selfish".
        max_cycles: length of an episode.
        shield: see above.
        q: prices; None keeps the profile's.
        render_mode: "rgb_array" or None.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "name": "isgc_parallel_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
    }

    def __init__(
        self,
        profile: str | Path = "psd",
        *,
        devices: int = 3,
        reward: str = "team",
        max_cycles: int = 10,
        shield: bool = True,
        q: tuple[float, float, float] | None = None,
        render_mode: str | None = None,
    ) -> None:
        if reward not in ("team", "selfish"):
            raise InputError(f"is {reward!r:.60}", key="reward", remedy="choose 'team' or 'selfish'")
        self.config = load_profile(profile, q=q)
        self.reward, self.shield = reward, shield
        self.max_cycles = check_count("max_cycles", max_cycles)
        self.render_mode = check_render_mode(render_mode)
        self.possible_agents = [f"device_{i}" for i in range(check_count("devices", devices, high=1000))]
        self.agents: list[str] = []
        self.band_mhz = self.config.bandwidth_mhz * devices
        self._space = observation_space(self.config)
        self._observation_spaces = {a: observation_space(self.config) for a in self.possible_agents}
        self._action_spaces = {a: action_space() for a in self.possible_agents}
        low, high = np.tile(self._space.low, devices), np.tile(self._space.high, devices)
        self.state_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.np_random, self.np_random_seed = seeding.np_random()
        self._states: FloatArray = np.tile(self._space.low.astype(np.float64), (devices, 1))
        self._last: tuple[FloatArray, Shares] | None = None
        self._cycle = 0

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's observation space."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's action space."""
        return self._action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start an episode; options other than "states" ([N, 10]) are ignored, as PettingZoo's tests demand.

        Raises:
            InputError: states of a wrong shape, or outside of their space.
        """
        if seed is not None:
            self.np_random, self.np_random_seed = seeding.np_random(seed)
        states = (options or {}).get("states")
        self._states = self._draw() if states is None else self._check(states)
        self.agents = self.possible_agents.copy()
        self._cycle, self._last = 0, None
        return self._observations(), {agent: {} for agent in self.agents}

    def _draw(self) -> FloatArray:
        return sample_states(self.np_random, len(self.possible_agents), self.config)

    def _check(self, states: Any) -> FloatArray:
        try:
            array = np.asarray(states, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise InputError("is no array", key="states", remedy="give [N, 10] numbers") from error
        shape = (len(self.possible_agents), 10)
        if array.shape != shape or not all(row in self._space for row in array):
            raise InputError(
                "has a wrong shape or lies outside of the observation space",
                source="reset options",
                key="states",
                remedy=f"give {list(shape)} numbers within the space",
            )
        return array.astype(np.float64)

    def step(self, actions: dict[str, Any]) -> Dicts:
        """Share the band by the bids; a device without a bid bids 0 for each link.

        Raises:
            InputError: a bid that is not three finite numbers.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        if not self.agents:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        bids = [actions.get(agent, np.zeros(3)) for agent in self.agents]
        logits = check_actions(bids, len(self.agents))
        shares = share_by_bids(self._states, logits, self.config, self.band_mhz, shield=self.shield)
        best = social_optimum(self._states, self.config, self.band_mhz)
        rewards = self._rewards(shares)
        infos = {agent: _info(shares, best, i) for i, agent in enumerate(self.agents)}
        self._last = self._states, shares
        self._cycle += 1
        truncated = self._cycle >= self.max_cycles
        self._states = self._states if truncated else self._draw()
        results = (
            self._observations(),
            dict(zip(self.agents, rewards, strict=True)),
            dict.fromkeys(self.agents, False),
            dict.fromkeys(self.agents, truncated),
            infos,
        )
        if truncated:
            self.agents = []
        return results

    def _rewards(self, shares: Shares) -> list[float]:
        if self.reward == "selfish":
            return [float(u) for u in shares.utility]
        return [float(shares.utility.mean())] * len(shares.utility)

    def _observations(self) -> dict[str, Any]:
        return {agent: self._states[i].astype(np.float32) for i, agent in enumerate(self.agents)}

    def state(self) -> npt.NDArray[np.float32]:
        """Return the states of all devices [10 N]."""
        return self._states.astype(np.float32).ravel()

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the last shares, or None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        from semverse.envs.isgc.render import draw_shares

        split = np.zeros((len(self.possible_agents), 3)) if self._last is None else self._last[1].split_mhz
        return draw_shares(split)

    def close(self) -> None:
        """Nothing to close."""


def _info(shares: Shares, best: SocialOptimum, device: int) -> dict[str, Any]:
    return {
        "utility": float(shares.utility[device]),
        "latency_s": float(shares.latency_s[device]),
        "split_mhz": shares.split_mhz[device].copy(),
        "raw_split_mhz": shares.raw_split_mhz[device].copy(),
        "missed_deadline": bool(shares.missed[device]),
        "social_utility": float(shares.utility.sum()),
        "social_optimum": best.total,
    }


def parallel_env(**kwargs: Any) -> ISGCParallelEnv:
    """Make the parallel environment; see `ISGCParallelEnv`."""
    return ISGCParallelEnv(**kwargs)


def raw_env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment without safety wrappers."""
    return parallel_to_aec(parallel_env(**kwargs))


def env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment with PettingZoo's safety wrappers."""
    return wrappers.OrderEnforcingWrapper(wrappers.ClipOutOfBoundsWrapper(raw_env(**kwargs)))
