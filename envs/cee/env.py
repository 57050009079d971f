"""The cloud-edge-end environments for one headset: scalar and vector reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.cee.core import OBSERVED, START_TIER, action_sizes, masks, start_quality
from semverse.envs.cee.dynamic import optimum
from semverse.envs.cee.generator import draw_episodes
from semverse.envs.cee.options import (
    RENDER_FPS,
    RENDER_MODES,
    Preference,
    Setup,
    action_space,
    observation_space,
    read_start,
    reward_space,
)
from semverse.envs.cee.scalar import FloatModel, Found, Moment
from semverse.envs.cee.types import Conditions, Episode, State
from semverse.envs.errors import InputError

Observation = npt.NDArray[np.float32]


class CEEEnv(gymnasium.Env[Any, Any]):
    """Decide who computes what for a VR service, with which codecs (``semverse/CEE-v0``, paper 000).

    A headset films its user. The video goes up to the edge and on to the cloud; the person is matted and
    fused with a remote background; a 3-D scene is reconstructed and rendered; the view goes down again.
    Every 16 frames one decides anew, while channels, loads and the motion of the scene change.

    ## Action space
    ``MultiDiscrete([92, 92, 3, 5, 3])``: uplink and downlink option (H.264 of five modulation and coding
    schemes, four QPs, four GOPs; semantic transmission of three rates, four GOPs; `unwrapped.problem.table`
    names them), tier that mattes (device, edge, cloud), level of 3-D preprocessing, tier that renders. A
    decision with which a radio link, edge or cloud are busy for longer than a frame interval each frame is
    replaced by the nearest one that keeps up (`semverse.envs.cee.model.repair`), and ``info["repaired"]``
    says so. `action_masks` tells what can be taken if the other decisions are chosen well. With
    ``links="measured"`` there are 86 options a link, of which the semantic ones were measured.

    ## Observation space
    ``Box(18)``: reported uplink and downlink Es/N0 in dB (those of the epoch before: what is chosen now meets
    newer ones), loads of edge and cloud (0 to 1), motion (1 to 3), tier that rendered last (one-hot, 3),
    quality of the 3-D scene (0 to 6), preference (5), share of epochs left, and of the last epoch:
    motion-to-photon and content latency over their limits, and 35 dB minus the PSNR in units of 10 dB.

    ## Reward
    Minus the preferred sum of motion-to-photon latency, content latency, lack of quality, energy and cost,
    each over its limit or scale, minus a penalty for missed limits (`semverse.envs.cee.model.reward`).

    ## Info
    motion_to_photon_ms, content_ms, psnr_db, energy_j, cost_usd_h, quality (of the 3-D scene), executed
    (decision, int64 [5]), repaired, vector_reward (float32 [5]), action_mask (int8 [195], also of a reset).

    ## State
    The tier that rendered (moving costs a stall and the transfer of the scene), and the quality of the 3-D
    scene, which motion wears down and preprocessing restores.

    ## Episodes
    Truncated after 60 epochs (32 s). `unwrapped.episode` holds all draws (`semverse.envs.cee.generator`),
    with which `semverse.envs.cee.dynamic.optimum` tells the best decisions of the whole episode.
    ``reset(options={"episode": Episode, "preference": weights})`` plays a given one.

    Args:
        profile: "default" or the path of a YAML file.
        preference: five weights; None: those of the profile; "random": drawn for each episode.
        preset: "paper" plays the fixed system of the paper, whatever is decided; None: nothing is fixed.
        render_mode: "rgb_array" or None.
        **overrides: keys of the profile, e.g. ``epochs=30`` or ``rates={"edge": 70.0}``.

    Raises:
        InputError: a wrong value.

    ## Version history
    v0: first.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        profile: str | Path = "default",
        *,
        preference: Preference = None,
        preset: str | None = None,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.setup = Setup.of(
            profile, preference=preference, preset=preset, render_mode=render_mode, **overrides
        )
        self.problem, self.render_mode = self.setup.problem, render_mode
        self.observation_space = observation_space(self.problem)
        self.action_space = action_space(self.problem)
        self.model = FloatModel(self.problem)
        self._sizes: list[int] = action_sizes(self.problem).tolist()
        self._fixed: list[int] | None = None if self.setup.fixed is None else self.setup.fixed.tolist()
        self._epochs = self.problem.config.epochs
        self._episode: Episode | None = None
        self._time = self._epochs
        self.last: tuple[list[int], Found] | None = None  # decision and outcomes

    @property
    def episode(self) -> Episode:
        """The draws of the episode at hand [T]."""
        assert self._episode is not None  # it was reset
        return self._episode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; options set its draws or its preference.

        Raises:
            InputError: an unknown option, or one that does not fit.
        """
        given, weights = read_start(options, self.problem)
        super().reset(seed=seed)
        if given is None:
            drawn = self.setup.preference if weights is None else weights
            given = draw_episodes([self.np_random], self.problem, drawn)
        self._begin(given.row(0))
        return self._observe(), {"action_mask": self._action_mask()}

    def _begin(self, episode: Episode) -> None:
        """Take the draws over as lists: single numbers out of arrays cost as much as a whole step."""
        self._episode = episode
        self._snr: list[list[float]] = episode.snr_db.tolist()
        self._moments = self.model.moments(episode)
        ratios, loads = episode.snr_db[1:].T, episode.load.T
        real = Conditions(ratios[0], ratios[1], loads[0], loads[1], episode.motion)
        known = masks(real, self.problem, self.setup.fixed).astype(np.int8)
        self._masks = np.concatenate([known, known[-1:]])  # the last epoch goes on
        self._preference: list[float] = episode.preference.tolist()
        self._seen = self._known(episode)
        self._time, self._tier, self._quality = 0, START_TIER, start_quality(self.problem)
        self._lost = (0.0, 0.0, 0.0)
        self.last = None

    def _known(self, episode: Episode) -> Observation:
        """Return the observations of all epochs [T + 1, 18], but for what decisions lead to."""
        found = np.zeros((self._epochs + 1, OBSERVED), dtype=np.float32)
        after = np.minimum(np.arange(self._epochs + 1), self._epochs - 1)  # the last epoch goes on
        found[:, :2], found[:, 2:4] = episode.snr_db, episode.load[after]
        found[:, 4], found[:, 9:14] = episode.motion[after], episode.preference
        found[:, 14] = 1.0 - np.arange(self._epochs + 1) / self._epochs
        return found

    @property
    def now(self) -> Moment:
        """Conditions of the epoch at hand; after the last epoch those of the last one."""
        return self._moments[min(self._time, self._epochs - 1)]

    @property
    def state(self) -> State:
        """Tier and scene quality that the epoch at hand inherits."""
        return State(np.array([self._tier]), np.array([self._quality]))

    def reported(self) -> Conditions:
        """Return what is known when the epoch at hand is decided [1]: its ratios are an epoch old."""
        up, down = self._snr[self._time]
        now = self.now
        values = (up, down, now.edge_load, now.cloud_load, now.motion)
        return Conditions(*(np.array([value]) for value in values))

    def _observe(self) -> Observation:
        found: Observation = self._seen[self._time].copy()
        found[5 + self._tier], found[8] = 1.0, self._quality
        found[15], found[16], found[17] = self._lost
        return found

    def _action_mask(self) -> npt.NDArray[np.int8]:
        mask: npt.NDArray[np.int8] = self._masks[self._time].copy()
        return mask

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return which options can be taken [195], one decision after the other."""
        return self._action_mask().astype(np.bool_)

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Play an epoch.

        Raises:
            InputError: no decision.
            gymnasium.error.ResetNeeded: the episode is over.
        """
        if self._time >= self._epochs:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        asked, now = self._read(action), self._moments[self._time]
        executed = self.model.repair(asked if self._fixed is None else self._fixed, now)
        found = self.model.evaluate(executed, now, self._tier, self._quality)
        lost = self.model.losses(found)
        self.last = executed, found
        photon_ms, content_ms, psnr_db, energy_j, cost_usd_h, quality = found
        self._time, self._tier, self._quality, self._lost = self._time + 1, executed[4], quality, lost[:3]
        info = {
            "motion_to_photon_ms": photon_ms,
            "content_ms": content_ms,
            "psnr_db": psnr_db,
            "energy_j": energy_j,
            "cost_usd_h": cost_usd_h,
            "quality": quality,
            "executed": np.array(executed),
            "repaired": executed != asked,
            "vector_reward": np.array(
                [-photon_ms, -content_ms, psnr_db, -energy_j, -cost_usd_h], dtype=np.float32
            ),
            "action_mask": self._action_mask(),
        }
        earned = self._reward(found, lost, info)
        return self._observe(), earned, False, self._time >= self._epochs, info

    def _read(self, action: Any) -> list[int]:
        """Return a decision as plain numbers.

        Raises:
            InputError: another shape, or an option that does not exist.
        """
        array = action if isinstance(action, np.ndarray) else _array(action)
        if array.shape != (5,) or array.dtype.kind not in "iu":
            raise InputError("is no decision", key="action", remedy="give five whole numbers")
        asked: list[int] = array.tolist()
        up, down, matte, level, render = asked
        links, levels = self._sizes[0], self._sizes[3]
        if (
            0 <= up < links
            and 0 <= down < links
            and 0 <= matte < 3
            and 0 <= level < levels
            and 0 <= render < 3
        ):
            return asked
        raise InputError("is no decision", key="action", remedy=f"give numbers below {self._sizes}")

    def _reward(self, found: Found, lost: tuple[float, ...], info: dict[str, Any]) -> Any:
        del info
        return self.model.reward(found, lost, self._preference)

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the tiers, what runs where, and the links, or None without a render mode."""
        if self.render_mode != "rgb_array" or self._episode is None:
            return None
        from semverse.envs.cee.render import draw_service

        return draw_service(self.problem, self.last, self._moments[max(self._time - 1, 0)])


def _array(action: Any) -> npt.NDArray[Any]:
    try:
        return np.asarray(action)
    except ValueError as error:
        raise InputError("is no array", key="action", remedy="give five whole numbers") from error


class MOCEEEnv(CEEEnv):
    """CEE-v0 with the vector reward (``semverse/MO-CEE-v0``).

    The reward is float32 [5]: minus motion-to-photon latency in ms, minus content latency in ms, PSNR in dB,
    minus energy in J, minus cost in $/h.

    Args:
        profile: as for `CEEEnv`.
        **options: as for `CEEEnv`.
    """

    def __init__(self, profile: str | Path = "default", **options: Any) -> None:
        super().__init__(profile, **options)
        self.reward_space = reward_space()

    def _reward(self, found: Found, lost: tuple[float, ...], info: dict[str, Any]) -> Any:
        return info["vector_reward"].copy()


def episode_bound(env: CEEEnv) -> float:
    """Return what the episode that an environment just started can return at most: its exact optimum."""
    return optimum(env.episode, env.problem, (START_TIER, start_quality(env.problem))).value
