"""The bandwidth environments of one decision a state: scalar and vector reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.core import Decided, decide
from semverse.envs.isgc.model import evaluate
from semverse.envs.isgc.options import (
    RENDER_FPS,
    RENDER_MODES,
    Setup,
    action_space,
    observation_space,
    read_state,
)
from semverse.envs.isgc.stream import ACCEPTANCE, FEASIBLE, Drawn, StateStream
from semverse.envs.isgc.types import FloatArray

Observation = npt.NDArray[np.float32]


class ISGCEnv(gymnasium.Env[Any, Any]):
    """Split one band among three links of a metaverse service (``semverse/ISGC-v0``, paper 001).

    A device's semantic module sends meaning to an AIGC server, which sends content to a renderer, which
    sends feedback to the device. Each state asks for one split of the band (a contextual bandit).

    ## Action space
    ``Box(-1, 1, (3,))``: logits of the semantic, content and feedback link. The split is
    ``W_max softmax(logit_scale * logits)``; values outside of the box are clipped. With ``shield`` (the
    default) a split that misses the deadline is moved towards the quickest split just until it holds.

    ## Observation space
    ``Box(10)``, the state in the paper's printed order: ``[H, sigma_a, sigma_m, g_a, p_a, g_m, p_m, K, C_a,
    C_m]`` (entropy in suts a message, noise, gain, power in W, symbols a message, TFLOP/s). The terminal
    observation is the state last decided on.

    ## Reward
    Utility of the executed split: ``q_s R_s + q_a R_a + q_m R_m`` in credit/s; ``-miss_penalty`` where it
    misses a deadline that could be met (only without shield), 0 where none could.

    ## Info
    ``reset``: acceptance_rate (share of the draws so far that some split can serve), feasible. ``step``:
    utility (earned, credit/s), optimal_utility (exact), split_mhz (executed), raw_split_mhz (before the
    shield), feasible (some split of this state keeps the deadline), missed_deadline (of the raw split),
    latency_s (of the executed split).

    ## Episodes
    Terminated after ``episode_length`` decisions, each on a fresh state.

    ## Where the numbers come from
    Paper 001, section IV-C prints the ranges of H (1, 2), g (0, 1), p (3, 5), both noises N(0, 1), and K
    (0, 0.8). Ours, where it is silent or contradicts itself: W_max 20 MHz, T_max 2 s, D = (2 Msut, 3 Mbit,
    3 Mbit), Z_s / C_s = 0.1 s, Z_a 3.2 TFLOP with C_a U(5, 10) TFLOP/s, Z_m 3 TFLOP with C_m U(15, 20) (the
    printed example states lie there), sigma = max(|N(0, 1)|, 0.1) (a normal draw cannot be a scale), K
    U(0.8, 1) (all four printed states lie there; ``printed_symbols=True`` draws U(0, 0.8), floor 0.05), q
    (1, 1, 1) in profile psd and (2, 1, 1) in paper. The text of the semantic rate is read as R_s = W H / K,
    the only reading of sound dimensions. Fig. 5 prints positions 4 to 7 of its states as g_a, g_m, p_a, p_m,
    against the list [.., g_a, p_a, g_m, p_m, ..] that is used here; `model.PRINTED_STATES` has them swapped.
    Profile "psd" (ours): the noise grows with the bandwidth, so that rates are concave.

    Args:
        profile: "psd", "paper" or the path of a YAML file.
        q: prices of the three rates; None keeps the profile's, as for everything below it.
        printed_symbols: draw K from the printed range.
        bandwidth_mhz: the band.
        deadline_s: of the whole chain.
        shield: execute only splits that keep the deadline, if there are any.
        infeasible: what to do with states that no split can serve: "resample" or "outage" (keep them).
        miss_penalty: price of a missed deadline that could be met.
        episode_length: decisions an episode.
        optimum: put the exact optimum into the info.
        render_mode: "rgb_array" or None.

    Raises:
        InputError: a wrong value.

    ## Version history
    v0: first.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        profile: str | Path = "psd",
        *,
        q: tuple[float, float, float] | None = None,
        printed_symbols: bool | None = None,
        bandwidth_mhz: float | None = None,
        deadline_s: float | None = None,
        shield: bool = True,
        infeasible: str = "resample",
        miss_penalty: float = 0.0,
        episode_length: int = 1,
        optimum: bool = True,
        render_mode: str | None = None,
    ) -> None:
        self.setup = Setup.of(
            profile,
            q=q,
            printed_symbols=printed_symbols,
            bandwidth_mhz=bandwidth_mhz,
            deadline_s=deadline_s,
            shield=shield,
            infeasible=infeasible,
            miss_penalty=miss_penalty,
            episode_length=episode_length,
            optimum=optimum,
            render_mode=render_mode,
        )
        self.render_mode = render_mode
        self.observation_space = observation_space(self.config)
        self.action_space = action_space()
        self._stream = StateStream(1, self.config, resample=self.setup.resample, optimum=optimum)
        self._drawn: Drawn | None = None
        self._last: tuple[Observation, FloatArray] | None = None  # state and executed split
        self._steps = episode_length  # nothing was started yet

    @property
    def config(self) -> ISGCConfig:
        """The profile with its overrides."""
        return self.setup.config

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; ``options={"state": array of 10}`` sets its first state.

        Raises:
            InputError: an unknown option, or a state outside of the observation space.
        """
        state = read_state(options, self.observation_space)
        super().reset(seed=seed)
        if seed is not None:
            self._stream.restart(0)
        if state is None:
            self._drawn = self._stream.take([self.np_random])
        else:
            self._drawn = self.setup.drawn(state)
        self._steps, self._last = 0, None
        facts = self._drawn.facts
        info = {"acceptance_rate": float(facts[ACCEPTANCE, 0]), "feasible": bool(facts[FEASIBLE, 0])}
        return self._drawn.states[0].copy(), info

    def step(self, action: npt.NDArray[Any]) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Execute a split.

        Raises:
            InputError: not three finite numbers.
            gymnasium.error.ResetNeeded: the episode is over.
        """
        if self._drawn is None or self._steps >= self.setup.episode_length:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        setup = self.setup
        decided = decide(
            self._drawn, [action], self.config, shield=setup.shield, miss_penalty=setup.miss_penalty
        )
        self._last = self._drawn.states[0], decided.split[:, 0]
        self._steps += 1
        over = self._steps >= setup.episode_length
        if not over:
            self._drawn = self._stream.take([self.np_random])
        infos = decided.infos(optimum=setup.optimum)
        info = {key: value[0].copy() if value.ndim > 1 else value[0].item() for key, value in infos.items()}
        return self._drawn.states[0].copy(), self._reward(decided, info), over, False, info

    def _reward(self, decided: Decided, info: dict[str, Any]) -> Any:
        """Return the reward; it may add to the info."""
        return float(decided.reward[0])

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the last split beside the best one, or None without a render mode."""
        if self.render_mode != "rgb_array" or self._drawn is None:
            return None
        from semverse.envs.isgc.render import draw_split

        state, split = self._last or (self._drawn.states[0], None)
        return draw_split(state, split, self.config)


class MOISGCEnv(ISGCEnv):
    """ISGC-v0 with the vector reward (``semverse/MO-ISGC-v0``).

    The reward is float32 [3]: utility in credit/s, minus latency in s, minus transmission energy in J
    (power times time of each link; the semantic link's power is the profile's ``semantic_power_w``). A
    missed deadline earns utility 0 and still costs its latency and energy.

    Args:
        profile: as for `ISGCEnv`.
        **options: as for `ISGCEnv`.
    """

    def __init__(self, profile: str | Path = "psd", **options: Any) -> None:
        super().__init__(profile, **options)
        low = np.array([0.0, -np.inf, -np.inf], dtype=np.float32)
        high = np.array([np.inf, 0.0, 0.0], dtype=np.float32)
        self.reward_space = gymnasium.spaces.Box(low, high, dtype=np.float32)

    def _reward(self, decided: Decided, info: dict[str, Any]) -> Any:
        assert self._last is not None
        costs = evaluate(*self._last, self.config)
        values = (decided.utility[0], -costs.latency_s, -costs.energy_j)
        info["energy_j"] = float(costs.energy_j)
        info["vector_reward"] = np.array(values, dtype=np.float32)
        return info["vector_reward"].copy()
