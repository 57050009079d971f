"""The placement problem for many agents: base stations place their own users' requests in parallel.

PettingZoo's parallel API, and AEC through its standard wrapper (``semverse/scc_v0``).
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import parallel_to_aec, wrappers

from semverse.envs.errors import InputError
from semverse.envs.scc.base_env import (
    INFEASIBLE_PENALTY,
    RENDER_MODES,
    check_penalty,
    check_render_mode,
)
from semverse.envs.scc.core import Placed, PlacementCore
from semverse.envs.scc.episode import OPTIONS, EpisodeSource
from semverse.envs.scc.observation import MAX_ADDED, MEC_FEATURES, REQUEST_FEATURES
from semverse.envs.scc.types import Instance, IntArray
from semverse.envs.scc.viewer import RENDER_FPS, Viewer

Dicts = tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]


class SCCParallelEnv(Viewer, ParallelEnv):  # type: ignore[misc]
    """Base stations ``mec_0`` ... place the requests of the users attached to them, one each a cycle.

    Actions: ``Discrete(M)``, the MEC that serves the agent's request at hand. All agents decide on the
    same picture; then the requests are placed one after the other, starting with ``mec_k mod M`` in
    cycle k. Whoever finds the chosen MEC full by then gets the legal MEC of the smallest weighted
    increment instead (``repaired``); dead ends are as in `SCCEnv`. An agent with nothing left to place
    stays, is ``idle``, and its action is ignored; all agents terminate together.

    Observations: one float32 vector an agent, the arrays of `observation_space` joined in the order
    of `AGENT_FEATURES`. The mask of legal actions is in ``infos[agent]["action_mask"]``, or with
    ``mask_in_observation=True`` in the observation: ``{"observation", "action_mask"}``.

    Rewards: all agents share the scalar reward of the cycle (the sum over its placements, as in
    `SCCEnv`); ``infos[agent]["vector_reward"]`` holds both objectives. At the end each info holds what
    `SCCEnv` reports. `state` is the global picture: room and hosts of each MEC, preference, progress,
    normalised cost so far.

    Args:
        max_cycles: truncate after so many cycles; None plays until everything is placed.
        infeasible_penalty: price of one unit of violation.
        mask_in_observation: see above.
        render_mode: "rgb_array", "human" or None.
        **scenario: region, users, spaces, mecs, cells, traces, order, preference, instance as for
            `SCCEnv`; the order holds within each base station.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "name": "scc_v0",
        "render_modes": list(RENDER_MODES),
        "render_fps": RENDER_FPS,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        *,
        max_cycles: int | None = None,
        infeasible_penalty: float = INFEASIBLE_PENALTY,
        mask_in_observation: bool = False,
        render_mode: str | None = None,
        **scenario: Any,
    ) -> None:
        if max_cycles is not None and (type(max_cycles) is not int or max_cycles < 1):
            raise InputError(f"is {max_cycles!r}", key="max_cycles", remedy="give a whole number >= 1")
        self.max_cycles = max_cycles
        self.render_mode = check_render_mode(render_mode)
        self.source = EpisodeSource(**scenario)
        self.core = PlacementCore([self.source.placeholder()], check_penalty(infeasible_penalty))
        mecs = self.source.num_mecs
        self.possible_agents = [f"mec_{i}" for i in range(mecs)]
        self.agents: list[str] = []
        self.mask_in_observation = mask_in_observation
        self._observation_spaces = {a: _agent_space(mecs, mask_in_observation) for a in self.possible_agents}
        self._action_spaces = {a: gymnasium.spaces.Discrete(mecs) for a in self.possible_agents}
        self.state_space = gymnasium.spaces.Box(0.0, 1.0, (3 * mecs + 5,), np.float32)
        self.np_random, self.np_random_seed = seeding.np_random()
        self._turns = np.zeros((0, mecs), dtype=np.int64)
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
        """Start an episode; ``options`` as for `SCCEnv`, other keys are ignored (PettingZoo's rule)."""
        if seed is not None:
            self.np_random, self.np_random_seed = seeding.np_random(seed)
        known = {key: value for key, value in (options or {}).items() if key in OPTIONS}
        episode = self.source.draw(self.np_random, known)
        order, self._turns = rounds(episode.instance, episode.order)
        self.core.begin(0, episode.instance, episode.preference, order)
        self.core.refresh()
        self._cycle = 0
        self.agents = list(self.possible_agents)
        observations, masks = self._observations()
        infos = {agent: {"action_mask": masks[i]} for i, agent in enumerate(self.agents)}
        self._show()
        return observations, infos

    def step(self, actions: dict[str, Any]) -> Dicts:
        """Place the requests at hand of all agents; without an action the cheapest legal MEC is taken.

        Raises:
            InputError: an action that is no MEC at all; then nothing was placed.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        if not self.agents:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        placed = self._play(actions)
        self._cycle += 1
        terminated = bool(self.core.cursor[0] >= self.core.length[0])
        truncated = not terminated and self.max_cycles is not None and self._cycle >= self.max_cycles
        observations, masks = self._observations()
        reward = float(sum(step.reward[0] for step in placed.values()))
        vector = np.sum([step.vector[0] for step in placed.values()], axis=0).astype(np.float32)
        infos = {}
        for i, agent in enumerate(self.agents):
            infos[agent] = {"action_mask": masks[i], "vector_reward": vector.copy(), **_flags(placed.get(i))}
            if terminated:
                infos[agent].update(self.core.result(0))
        results = (
            observations,
            dict.fromkeys(self.agents, reward),
            dict.fromkeys(self.agents, terminated),
            dict.fromkeys(self.agents, truncated),
            infos,
        )
        if terminated or truncated:
            self.agents = []
        self._show()
        return results

    def _play(self, actions: dict[str, Any]) -> dict[int, Placed]:
        """Place this cycle's requests in turn; return what each agent's action did."""
        placed = {}
        positions = self._turns[self._cycle]
        turns = sorted(np.flatnonzero(positions < self.core.length[0]).tolist(), key=lambda a: positions[a])
        chosen = {i: actions.get(self.possible_agents[i]) for i in turns}
        for action in chosen.values():
            if action is not None:
                self.core.check_actions([action])
        for i, action in chosen.items():
            placed[i] = self.core.place([self.core.cheapest(0) if action is None else action])
            self.core.refresh()
        return placed

    def _observations(self) -> tuple[dict[str, Any], npt.NDArray[np.int8]]:
        nothing = np.full(len(self.possible_agents), self.core.length[0])
        positions = self._turns[self._cycle] if self._cycle < len(self._turns) else nothing
        mask, observation = self.core.look_ahead(0, positions)
        masks = mask.astype(np.int8)
        joined = np.concatenate([observation[name] for name in AGENT_FEATURES], axis=1)
        observations: dict[str, Any] = {}
        for i, agent in enumerate(self.agents):
            vector = joined[i].copy()
            observations[agent] = (
                {"observation": vector, "action_mask": masks[i].copy()}
                if self.mask_in_observation
                else vector
            )
        return observations, masks.copy()

    def state(self) -> npt.NDArray[np.float32]:
        """Return the global picture, [3 M + 5] in [0, 1]."""
        core, row = self.core, np.zeros(1, dtype=np.int64)
        _, seen = core.look_ahead(0, core.length[:1])
        hosts = (core.state.hosted[0] > 0).sum(axis=0)[None] / core.instances[0].num_spaces
        parts = (seen["cache_room"], seen["task_room"], hosts, seen["preference"], seen["progress"])
        joined = np.concatenate([*parts, core.normalised_cost(row)], axis=1)[0]
        bounded: npt.NDArray[np.float32] = np.minimum(joined, 1.0).astype(np.float32)
        return bounded


AGENT_FEATURES = (*MEC_FEATURES, "request", "preference", "progress")


def _agent_space(mecs: int, with_mask: bool) -> gymnasium.Space[Any]:
    limits = [MAX_ADDED] * (2 * mecs) + [1.0] * (3 * mecs + len(REQUEST_FEATURES) + 3)
    high = np.array(limits, dtype=np.float32)
    vector = gymnasium.spaces.Box(np.zeros_like(high), high, dtype=np.float32)
    if not with_mask:
        return vector
    mask = gymnasium.spaces.Box(0, 1, (mecs,), np.int8)
    return gymnasium.spaces.Dict({"observation": vector, "action_mask": mask})


def _flags(placed: Placed | None) -> dict[str, bool]:
    return {
        "idle": placed is None,
        "repaired": placed is not None and bool(placed.repaired[0]),
        "dead_end": placed is not None and bool(placed.dead_end[0]),
    }


def rounds(instance: Instance, order: IntArray) -> tuple[IntArray, IntArray]:
    """Arrange requests in cycles: in cycle k the base stations place their k-th request each.

    Args:
        instance: the problem, M MECs.
        order: the requests [R]; it is kept within each base station.

    Returns:
        The requests in the order they are placed [R], cycle k starting with station k mod M; and each
        station's position in that order, cycle by cycle [cycles, M] (R where it has nothing to place).
    """
    mecs = instance.num_mecs
    station = instance.users.mec[instance.requests.user[order]]
    grouped = np.argsort(station, kind="stable")
    count = np.bincount(station, minlength=mecs)
    first = np.cumsum(count) - count
    cycle = np.empty(len(order), dtype=np.int64)
    cycle[grouped] = np.arange(len(order)) - first[station[grouped]]
    arranged = np.lexsort(((station - cycle) % mecs, cycle))
    turns = np.full((int(count.max()), mecs), len(order))
    turns[cycle[arranged], station[arranged]] = np.arange(len(order))
    return order[arranged], turns


def parallel_env(**kwargs: Any) -> SCCParallelEnv:
    """Make the parallel environment; see `SCCParallelEnv`."""
    return SCCParallelEnv(**kwargs)


def raw_env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment without safety wrappers."""
    return parallel_to_aec(parallel_env(**kwargs))


def env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment, the calls of which are checked for their order."""
    return wrappers.OrderEnforcingWrapper(raw_env(**kwargs))
