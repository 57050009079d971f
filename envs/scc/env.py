"""The placement environments of one request a step: scalar and vector reward."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from semverse.envs.scc.base_env import BaseSCCEnv, reward_space
from semverse.envs.scc.core import Placed
from semverse.envs.scc.observation import Observation, observation_space
from semverse.envs.scc.types import BoolArray, IntArray


class SCCEnv(BaseSCCEnv):
    """Place virtual spaces on a distributed edge, one request a step (``semverse/SCC-v0``).

    ## Action space
    ``Discrete(M)``: the MEC that serves the request at hand. `action_masks` and ``info["action_mask"]``
    say which have room. An illegal action is replaced by the legal MEC of the smallest
    preference-weighted increment (``info["repaired"]``). Where no MEC has room (a dead end) every choice
    is allowed, the request goes over capacity and ``info["dead_end"]`` says so.

    ## Observation space
    See `semverse.envs.scc.observation.observation_space`.

    ## Reward
    Minus the preference-weighted increment of the objectives, each divided by the reference point of
    paper 003, eq. 35, and minus ``infeasible_penalty`` per unit of added violation (GB over cache,
    requests over max_tasks). The undiscounted return is minus the scalarised cost of the final placement.
    ``info["vector_reward"]`` holds both objectives apart; reward = preference @ vector_reward.

    ## Episode
    A reset draws an instance from the scenario and a preference from Dirichlet(1), unless they are given
    here or as ``reset(options={"instance": ..., "preference": [w_latency, w_energy]})``. The episode
    terminates with the last request; then ``info`` holds ``placement``, ``latency_ms``, ``energy_j``,
    ``feasible`` and ``violation``.

    Args:
        *args, **kwargs: see `BaseSCCEnv`.

    Raises:
        InputError: a wrong value.

    ## Version history
    - v0: first version.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.observation_space = observation_space(self.source.num_mecs)
        self.action_space = gymnasium.spaces.Discrete(self.source.num_mecs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; see the class for ``options``."""
        super().reset(seed=seed)
        episode = self.source.draw(self.np_random, options)
        self.core.begin(0, episode.instance, episode.preference, episode.order)
        observation = self._look()
        self._show()
        return observation, {"action_mask": self.core.mask[0].astype(np.int8)}

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Place the request at hand.

        Raises:
            InputError: the action is no MEC at all.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        placed = self._place(action)
        over = bool(placed.done[0])
        observation = self._look()
        info = self._info(placed)
        if over:
            info.update(self.core.result(0))
        self._show()
        return observation, self._reward(placed), over, False, info

    def _place(self, action: Any) -> Placed:
        if self.core.cursor[0] >= self.core.length[0]:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        return self.core.place([action])

    def _look(self) -> Observation:
        return {key: value[0] for key, value in self.core.look().items()}

    def _info(self, placed: Placed) -> dict[str, Any]:
        return {
            "action_mask": self.core.mask[0].astype(np.int8),
            "vector_reward": placed.vector[0].astype(np.float32),
            "repaired": bool(placed.repaired[0]),
            "dead_end": bool(placed.dead_end[0]),
        }

    def _reward(self, placed: Placed) -> Any:
        return float(placed.reward[0])

    def action_masks(self) -> BoolArray:
        """Return which MECs the request at hand may go to [M] (the name sb3-contrib looks for)."""
        mask: BoolArray = self.core.mask[0].copy()
        return mask

    def plan_action(self, placement: IntArray) -> int:
        """Return the action that carries on with a whole placement [R]."""
        return int(placement[self.core.request[0]])


class MOSCCEnv(SCCEnv):
    """`SCCEnv` that returns its reward as a vector (``semverse/MO-SCC-v0``).

    ``reward`` is float32 [2]: minus the normalised increments of latency and energy (and minus the
    penalty in each). The preference only decides repairs and is shown in the observation; it is
    [0.5, 0.5] unless another is given.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reward_space = reward_space()

    def _reward(self, placed: Placed) -> Any:
        return placed.vector[0].astype(np.float32)
