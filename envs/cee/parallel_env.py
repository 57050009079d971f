"""The service for many: users, the edge and the cloud decide together (``semverse/cee_parallel_v0``).

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

from semverse.envs.cee.core import OBSERVED, Users
from semverse.envs.cee.generator import draw_episodes
from semverse.envs.cee.model import evaluate, reward
from semverse.envs.cee.options import RENDER_MODES, Preference, Setup, observation_space
from semverse.envs.cee.shared import SharedOptimum, check_shared, epoch_optimum, share
from semverse.envs.cee.types import OBJECTIVES, Episode, IntArray, Outcomes, State
from semverse.envs.checks import check_count
from semverse.envs.errors import InputError

Dicts = tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]


class CEEParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Users ``user_0`` ... share band, edge and cloud; ``edge_0`` and ``cloud_0`` decide with them.

    Actions are boxes of whole numbers (PettingZoo's kit advises against `MultiDiscrete`): a user chooses
    uplink (0 to 91), downlink (0 to 91) and where to matte (0 to 2); ``edge_0`` for each user where to render
    (0 to 2); ``cloud_0`` the level of preprocessing (0 to 4). What does not fit into the resources together
    gives way, those first that take most (`semverse.envs.cee.shared.share`).

    Observations: those of all users as in `CEEEnv` (18 N numbers), a user's own first; edge and cloud see
    them in order, which is `state`.

    Rewards: ``reward="team"``: everybody gets the mean of the users' rewards; ``"selfish"``: each user its
    own, edge and cloud the mean.

    Infos of a user: motion_to_photon_ms, content_ms, psnr_db, energy_j, cost_usd_h, quality, executed,
    repaired; of everybody: social_reward, the sum over the users. `epoch_optimum` tells the largest sum.

    The agents are truncated after ``max_cycles`` epochs.

    Args:
        profile: as for `CEEEnv`, and so are preference and overrides.
        users: N.
        reward: "team" or "selfish".
        max_cycles: length of an episode; None keeps the profile's epochs.
        preference: five weights, None or "random".
        render_mode: "rgb_array" or None.
        **overrides: keys of the profile.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "name": "cee_parallel_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
    }

    def __init__(
        self,
        profile: str | Path = "default",
        *,
        users: int = 4,
        reward: str = "team",
        max_cycles: int | None = None,
        preference: Preference = None,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        if reward not in ("team", "selfish"):
            raise InputError(f"is {reward!r:.60}", key="reward", remedy="choose 'team' or 'selfish'")
        if max_cycles is not None:
            overrides["epochs"] = check_count("max_cycles", max_cycles, high=10_000)
        self.setup = Setup.of(
            profile, preference=preference, preset=None, render_mode=render_mode, **overrides
        )
        self.problem, self.reward, self.render_mode = self.setup.problem, reward, render_mode
        check_shared(self.problem)
        count = check_count("users", users, high=1000)
        self.user_names = [f"user_{i}" for i in range(count)]
        self.possible_agents = [*self.user_names, "edge_0", "cloud_0"]
        self.agents: list[str] = []
        own = observation_space(self.problem)
        low, high = np.tile(own.low, count), np.tile(own.high, count)
        self.state_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self._observation_spaces = {
            name: gymnasium.spaces.Box(low, high, dtype=np.float32) for name in self.possible_agents
        }
        levels, options = len(self.problem.preprocessing_tflop), self.problem.options
        self._action_spaces = {name: _whole_numbers([options, options, 3]) for name in self.user_names}
        self._action_spaces |= {
            "edge_0": _whole_numbers([3] * count),
            "cloud_0": _whole_numbers([levels] * count),
        }
        self.np_random, self.np_random_seed = seeding.np_random()
        self.users = Users(count, self.problem, self.setup.preference, None)
        self.users.begin_with(self._draw(), np.arange(count))
        self._last: tuple[IntArray, Outcomes] | None = None

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's observation space."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's action space."""
        return self._action_spaces[agent]

    def _draw(self) -> Episode:
        """Draw the episodes of all users [T, N]; they meet the same loads."""
        drawn = draw_episodes([self.np_random] * len(self.user_names), self.problem, self.setup.preference)
        load = np.ascontiguousarray(np.broadcast_to(drawn.load[..., :1], drawn.load.shape))
        return Episode(drawn.snr_db, load, drawn.motion, drawn.preference)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start an episode; options are ignored, as PettingZoo's tests demand."""
        del options
        if seed is not None:
            self.np_random, self.np_random_seed = seeding.np_random(seed)
        self.users.begin_with(self._draw(), np.arange(len(self.user_names)))
        self.agents, self._last = self.possible_agents.copy(), None
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> Dicts:
        """Play an epoch; whoever decides nothing decides for the first option of everything.

        Raises:
            InputError: an action that is none of its space.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        if not self.agents:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        asked = self._joint(actions)
        there, state = self.users.conditions(), self.users.state()
        executed = share(asked, there, self.problem)
        outcomes = evaluate(executed, there, state, self.problem)
        earned = reward(outcomes, self.users.episode.preference.T, self.problem)
        self.users.move(executed, outcomes)
        self._last = executed, outcomes
        truncated = int(self.users.time[0]) >= self.problem.config.epochs
        mean, own = float(earned.mean()), earned.tolist()
        rewards = dict.fromkeys(self.agents, mean)
        if self.reward == "selfish":
            rewards.update(zip(self.user_names, own, strict=True))
        results = (
            self._observations(),
            rewards,
            dict.fromkeys(self.agents, False),
            dict.fromkeys(self.agents, truncated),
            self._infos(asked, executed, outcomes, float(earned.sum())),
        )
        if truncated:
            self.agents = []
        return results

    def _joint(self, actions: dict[str, Any]) -> IntArray:
        """Return all decisions [N, 5].

        Raises:
            InputError: an action that is none of its space.
        """
        count = len(self.user_names)
        joint = np.zeros((count, 5), dtype=np.int64)
        for i, name in enumerate(self.user_names):
            joint[i, :3] = self._read(actions, name, 3)
        joint[:, 4] = self._read(actions, "edge_0", count)
        joint[:, 3] = self._read(actions, "cloud_0", count)
        return joint

    def _read(self, actions: dict[str, Any], agent: str, size: int) -> Any:
        if agent not in actions:
            return np.zeros(size, dtype=np.int64)
        space = self._action_spaces[agent]
        try:
            array = np.asarray(actions[agent])
        except ValueError:
            array = np.empty(0)
        whole = array.shape == (size,) and array.dtype.kind in "iu"
        if not whole or not space.contains(array.astype(np.int64)):
            remedy = f"give whole numbers up to {space.high.tolist()!r:.60}"
            raise InputError("is no decision", source=agent, key="action", remedy=remedy)
        return array

    def _infos(
        self, asked: IntArray, executed: IntArray, outcomes: Outcomes, social: float
    ) -> dict[str, dict[str, Any]]:
        infos: dict[str, dict[str, Any]] = {agent: {"social_reward": social} for agent in self.agents}
        for i, name in enumerate(self.user_names):
            infos[name] |= {key: float(getattr(outcomes, key)[i]) for key in OBJECTIVES}
            infos[name] |= {
                "quality": int(outcomes.quality[i]),
                "executed": executed[i].copy(),
                "repaired": bool((executed[i] != asked[i]).any()),
            }
        return infos

    def epoch_optimum(self) -> SharedOptimum:
        """Return the best decisions of the epoch at hand, which knows its true ratios (needs OR-Tools)."""
        state = State(self.users.tier, self.users.quality)
        return epoch_optimum(self.users.conditions(), state, self.users.episode.preference.T, self.problem)

    def _observations(self) -> dict[str, Any]:
        rows = self.users.observe()
        found = {name: np.roll(rows, -i, axis=0).ravel() for i, name in enumerate(self.user_names)}
        return {**found, "edge_0": rows.ravel(), "cloud_0": rows.ravel().copy()}

    def state(self) -> npt.NDArray[np.float32]:
        """Return the observations of all users [18 N]."""
        return self.users.observe().reshape(OBSERVED * len(self.user_names))

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of what each user's service comes to, or None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        from semverse.envs.cee.render import draw_users

        return draw_users(self.problem, self._last)

    def close(self) -> None:
        """Nothing to close."""


def _whole_numbers(sizes: list[int]) -> gymnasium.spaces.Box:
    """Return the space of whole numbers below sizes."""
    high = np.array(sizes, dtype=np.int64) - 1
    return gymnasium.spaces.Box(np.zeros_like(high), high, dtype=np.int64)


def parallel_env(**kwargs: Any) -> CEEParallelEnv:
    """Make the parallel environment; see `CEEParallelEnv`."""
    return CEEParallelEnv(**kwargs)


def raw_env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment without safety wrappers."""
    return parallel_to_aec(parallel_env(**kwargs))


def env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment with PettingZoo's safety wrappers."""
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(raw_env(**kwargs)))
