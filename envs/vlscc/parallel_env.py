"""Rate control for many agents: users that share the symbols of a frame (``semverse/vlscc_parallel_v0``).

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
from semverse.envs.vlscc.core import check_actions
from semverse.envs.vlscc.generator import draw_episodes
from semverse.envs.vlscc.model import expected_quality, place
from semverse.envs.vlscc.options import RENDER_MODES, action_space, make_problem, user_space
from semverse.envs.vlscc.problem import Content
from semverse.envs.vlscc.shared import Shares, share_symbols, social_optimum
from semverse.envs.vlscc.types import Episode

Dicts = tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]


class VLSCCParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Users ``user_0`` ... send a frame each in every cycle and share the symbols of the cycle.

    Actions: ``Discrete(L)``, as `VLSCCEnv`. If all ask for more than ``budget_share`` N symbols a user, the
    highest levels give way first (`semverse.envs.vlscc.model.cap_levels`); nothing is saved for later cycles.

    Observations: ``Box(K + E + 3)``: the features of the user's own frame, the quality to expect at the probe
    levels, its ratio in dB, the share of cycles left, the quality of its last frame; `state` joins them all.

    Rewards: ``reward="team"``: everybody gets the mean of ``quality - gamma q / (L - 1)``; ``"selfish"``:
    each gets its own.

    Infos: quality, distortion, symbols, level (executed), repaired of the user; social_reward (sum over the
    users) and social_optimum (exact), whose ratio under selfish agents is the price of anarchy.

    The agents are truncated after ``max_cycles``.

    Args:
        profile: as for `VLSCCEnv`, and so are content and overrides (deadline and link have no part here).
        users: N.
        reward: "team" or "selfish".
        max_cycles: length of an episode; None keeps the profile's frames.
        content: "train", "held_out" or "all".
        render_mode: "rgb_array" or None.
        **overrides: surfaces, budget_share and so on.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "name": "vlscc_parallel_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
    }

    def __init__(
        self,
        profile: str | Path = "mesh",
        *,
        users: int = 4,
        reward: str = "team",
        max_cycles: int | None = None,
        content: Content = "train",
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        if reward not in ("team", "selfish"):
            raise InputError(f"is {reward!r:.60}", key="reward", remedy="choose 'team' or 'selfish'")
        self.problem = make_problem(
            profile, content, blocks=False, render_mode=render_mode, frames=max_cycles, **overrides
        )
        self.reward, self.render_mode = reward, render_mode
        self.possible_agents = [f"user_{i}" for i in range(check_count("users", users, high=1000))]
        self.agents: list[str] = []
        self.room = int(self.problem.config.budget_share * users * self.problem.frame_steps)
        space = user_space(self.problem)
        self._observation_spaces = {agent: user_space(self.problem) for agent in self.possible_agents}
        self._action_spaces = {agent: action_space(self.problem) for agent in self.possible_agents}
        low, high = np.tile(space.low, users), np.tile(space.high, users)
        self.state_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.np_random, self.np_random_seed = seeding.np_random()
        self._features = self.problem.surfaces.features[:, 0]
        self.episode = self._draw()
        self._quality = np.zeros(users)
        self._last: Shares | None = None
        self._cycle = 0

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's observation space."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's action space."""
        return self._action_spaces[agent]

    def _draw(self) -> Episode:
        """Draw the streams of all users [T, N]."""
        return draw_episodes([self.np_random] * len(self.possible_agents), self.problem)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start an episode; options are ignored, as PettingZoo's tests demand."""
        del options
        if seed is not None:
            self.np_random, self.np_random_seed = seeding.np_random(seed)
        self.episode = self._draw()
        self.agents = self.possible_agents.copy()
        self._cycle, self._last = 0, None
        self._quality = np.zeros(len(self.agents))
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> Dicts:
        """Send a frame of each user; a user without an action asks for nothing.

        Raises:
            InputError: an action that is no level.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        if not self.agents:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        asked = check_actions(
            [actions.get(agent, 0) for agent in self.agents], len(self.agents), self.problem
        )
        frames, snr_db = self.episode.frames[self._cycle], self.episode.snr_db[self._cycle]
        shares = share_symbols(frames, snr_db, asked[0], self.room, self.problem)
        best = social_optimum(frames, snr_db, self.room, self.problem)
        self._last, self._quality = shares, shares.quality
        self._cycle += 1
        truncated = self._cycle >= self.problem.config.frames
        rewards = shares.reward if self.reward == "selfish" else np.full(len(asked[0]), shares.reward.mean())
        results = (
            self._observations(),
            dict(zip(self.agents, rewards.tolist(), strict=True)),
            dict.fromkeys(self.agents, False),
            dict.fromkeys(self.agents, truncated),
            {agent: _info(shares, best, i) for i, agent in enumerate(self.agents)},
        )
        if truncated:
            self.agents = []
        return results

    def _rows(self) -> npt.NDArray[np.float32]:
        """Return the observations of all users [N, K + E + 3]."""
        length, grid = self.problem.config.frames, self.problem.surfaces.snr_db
        at = min(self._cycle, length - 1)
        left = np.full(len(self._quality), 1.0 - self._cycle / length)
        snr_db = np.clip(self.episode.snr_db[at], grid[0], grid[-1])
        frames, rest = self.episode.frames[at], np.stack([snr_db, left, self._quality], axis=-1)
        expected = expected_quality(frames, *place(snr_db, self.problem), self.problem)[:, 0]
        return np.concatenate([self._features[frames], expected, rest], axis=-1).astype(np.float32)

    def _observations(self) -> dict[str, Any]:
        return dict(zip(self.possible_agents, self._rows(), strict=True)) if self.agents else {}

    def state(self) -> npt.NDArray[np.float32]:
        """Return the observations of all users [N (K + E + 3)]."""
        return self._rows().ravel()

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the last levels, asked for and executed, or None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        from semverse.envs.vlscc.render import draw_shares

        return draw_shares(self.problem, self._last, self.room)

    def close(self) -> None:
        """Nothing to close."""


def _info(shares: Shares, best: float, user: int) -> dict[str, Any]:
    return {
        "quality": float(shares.quality[user]),
        "distortion": float(shares.distortion[user]),
        "symbols": float(shares.symbols[user]),
        "level": int(shares.levels[user]),
        "repaired": bool(shares.levels[user] != shares.asked[user]),
        "social_reward": float(shares.reward.sum()),
        "social_optimum": best,
    }


def parallel_env(**kwargs: Any) -> VLSCCParallelEnv:
    """Make the parallel environment; see `VLSCCParallelEnv`."""
    return VLSCCParallelEnv(**kwargs)


def raw_env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment without safety wrappers."""
    return parallel_to_aec(parallel_env(**kwargs))


def env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment with PettingZoo's safety wrappers."""
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(raw_env(**kwargs)))
