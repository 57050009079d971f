"""The placement environments of one request a step: scalar and vector reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.core import Placed, PlacementCore
from semverse.envs.scc.episode import EpisodeSource
from semverse.envs.scc.observation import Observation, observation_space
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray

INFEASIBLE_PENALTY = 1.0
RENDER_MODES = ("rgb_array", "human")
RENDER_FPS = 8


class SCCEnv(gymnasium.Env[Any, Any]):
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
        region: shipped scenario ("california", "virginia") or path of a scenario's YAML file.
        users: number of users; None keeps the scenario's, as for the following.
        spaces: number of virtual spaces.
        mecs: number of MECs.
        cells: OpenCellID-format CSV to draw the sites from.
        traces: file or folder of VR traces to draw the request probabilities from.
        order: in which order requests come: "heaviest", "space", "index" or "random".
        preference: [w_latency, w_energy] of every episode.
        instance: `Instance`, or the path of one, of every episode.
        infeasible_penalty: price of one unit of violation.
        render_mode: "rgb_array", "human" or None.

    Raises:
        InputError: a wrong value.

    ## Version history
    - v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        region: str | Path = "california",
        *,
        users: int | None = None,
        spaces: int | None = None,
        mecs: int | None = None,
        cells: str | Path | None = None,
        traces: str | Path | None = None,
        order: str = "heaviest",
        preference: npt.ArrayLike | None = None,
        instance: Instance | str | Path | None = None,
        infeasible_penalty: float = INFEASIBLE_PENALTY,
        render_mode: str | None = None,
    ) -> None:
        self.source = EpisodeSource(
            region,
            users=users,
            spaces=spaces,
            mecs=mecs,
            cells=cells,
            traces=traces,
            order=order,
            preference=preference,
            instance=instance,
        )
        self.render_mode = check_render_mode(render_mode)
        self.core = PlacementCore([self.source.placeholder()], check_penalty(infeasible_penalty))
        self.observation_space = observation_space(self.source.num_mecs)
        self.action_space = gymnasium.spaces.Discrete(self.source.num_mecs)
        self._viewer: Any = None

    @property
    def instance(self) -> Instance:
        """The problem at hand; a new object whenever it changes."""
        return self.core.instances[0]

    @property
    def preference(self) -> FloatArray:
        """Weights on normalised latency and energy [2]."""
        preference: FloatArray = self.core.preference[0].copy()
        return preference

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

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return the map as an image [height, width, 3], or None where there is nothing to return."""
        if self.render_mode != "rgb_array":
            return None
        return self._draw()

    def _draw(self) -> npt.NDArray[np.uint8]:
        from semverse.envs.scc.render import draw_episode

        return draw_episode(self.core)

    def _show(self) -> None:
        """Show the map in a window, as render mode "human" asks."""
        if self.render_mode == "human":
            from semverse.envs.scc.window import Window

            self._viewer = self._viewer or Window("semverse", RENDER_FPS)
            self._viewer.show(self._draw())

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._viewer is not None:
            self._viewer.close()
            self._viewer = None


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


def reward_space() -> gymnasium.spaces.Box:
    """Return the space of vector rewards [2]: never positive, and as low as the violation is high."""
    return gymnasium.spaces.Box(-np.inf, 0.0, (2,), np.float32)


def check_penalty(penalty: float) -> float:
    """Return the penalty.

    Raises:
        InputError: not a finite number >= 0.
    """
    if isinstance(penalty, bool) or not isinstance(penalty, int | float) or not 0 <= penalty < np.inf:
        raise InputError(f"is {penalty!r}", key="infeasible_penalty", remedy="give a finite number >= 0")
    return float(penalty)


def check_render_mode(mode: str | None) -> str | None:
    """Return the render mode.

    Raises:
        InputError: unknown mode.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise InputError(f"is {mode!r}", key="render_mode", remedy="choose " + ", ".join(RENDER_MODES))
    return mode
