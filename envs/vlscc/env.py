"""The rate control environments: one level a frame, a map of levels, scalar and vector reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.vlscc.core import Sent, Streams, check_actions
from semverse.envs.vlscc.optimum import optimum
from semverse.envs.vlscc.options import (
    RENDER_FPS,
    RENDER_MODES,
    action_space,
    make_meter,
    make_problem,
    observation_space,
    read_episode,
)
from semverse.envs.vlscc.problem import Content
from semverse.envs.vlscc.types import Episode

Observation = npt.NDArray[np.float32]


class VLSCCEnv(gymnasium.Env[Any, Any]):
    """Choose the code length of each frame of a stream (``semverse/VLSCC-v0``, paper 002).

    An XR server sends frames over a fading channel with a variable-length semantic-channel code. Frames
    differ in how much they need; the channel differs in how much it carries; only the mean number of symbols
    over a window is limited, to 2,000 of N = 4,000 a frame. An episode is one window.

    ## Action space
    ``Discrete(L)``: level q sends the first ``N q / (L - 1)`` symbols of the code. A level that budget or
    deadline do not allow is masked (`action_masks`, ``info["action_mask"]``); asked for all the same, the
    highest level that fits is sent, and ``info["repaired"]`` says so. Level 0 always fits.

    ## Observation space
    ``Box(K + E + 5)``: the frame's features (`unwrapped.problem.surfaces.feature_names`: what the transmitter
    knows without sending); the quality to expect at the profile's ``probe_levels``, which a transmitter works
    out with a decoder of its own; the ratio of the frame in dB; the symbols left for each frame left (over
    N, at most 1); shares of the frames left and of the deadline left; the quality of the last frame. The
    terminal observation shows the last frame once more.

    ## Reward
    ``quality - gamma q / (L - 1)`` (eq. 6 of the paper with the quality in place of minus the distortion).
    The quality is 1 - MPJPE / MPJPE when nothing is sent (its mean over the training content): 0 is as good
    as nothing, 1 perfect. The budget is hard, so gamma is 0 unless given.

    ## Link, delay, deadline
    Symbols leave one after the other; what the link does not send within a frame interval waits before the
    next frame. The delay of a frame counts from its begin to its last symbol, and no level may exceed the
    deadline.

    ## Info
    ``step``: quality, distortion (MPJPE, as looked up), symbols, delay_ms, level (executed), repaired,
    vector_reward (float32: minus distortion, symbols, delay in ms), and as ``reset``: action_mask (int8 [L]),
    symbols_left. `unwrapped.episode` holds all draws, with which `semverse.envs.vlscc.optimum.optimum` tells
    the best levels of the whole episode.

    ## Episodes
    Terminated after T frames. Scenes are a Markov chain, the channel is Gauss-Markov
    (`semverse.envs.vlscc.generator`). ``reset(options={"episode": Episode})`` plays a given one.

    ## Where the numbers come from
    The distortion is looked up in surfaces over frame, level and ratio that were measured with the shipped
    codec (`semverse.envs.vlscc.types.Surfaces`), linear in dB between ratios. Paper 002 has N, the budget
    and the metric; stream, fading, link and deadline are ours.

    Args:
        profile: "mesh", "classical", "toy" or the path of a YAML file.
        content: frames shown: "train", "held_out" or "all".
        codec: "table", or "live" to run the network itself (needs torch; slow).
        surfaces: name or path of surfaces; None keeps the profile's, as for everything below it.
        frames: T.
        budget_share: symbols of the window over those of T whole codes.
        mean_snr_db: mean ratio.
        fading_correlation: of the channel from frame to frame.
        scene_stay: probability that the next frame is of the same scene.
        link_share: symbols that the link sends in a frame interval, over N.
        deadline_share: symbols that it sends until a frame's deadline, over N.
        gamma: price of a whole code.
        probe_levels: levels at which the quality to expect is observed.
        render_mode: "rgb_array" or None.

    Raises:
        InputError: a wrong value.

    ## Version history
    v0: first.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012
    blocks = False  # frames of several blocks

    def __init__(
        self,
        profile: str | Path = "mesh",
        *,
        content: Content = "train",
        codec: str = "table",
        surfaces: str | None = None,
        frames: int | None = None,
        budget_share: float | None = None,
        mean_snr_db: float | None = None,
        fading_correlation: float | None = None,
        scene_stay: float | None = None,
        link_share: float | None = None,
        deadline_share: float | None = None,
        gamma: float | None = None,
        probe_levels: tuple[int, ...] | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.problem = make_problem(
            profile,
            content,
            blocks=self.blocks,
            render_mode=render_mode,
            surfaces=surfaces,
            frames=frames,
            budget_share=budget_share,
            mean_snr_db=mean_snr_db,
            fading_correlation=fading_correlation,
            scene_stay=scene_stay,
            link_share=link_share,
            deadline_share=deadline_share,
            gamma=gamma,
            probe_levels=probe_levels,
        )
        self.render_mode = render_mode
        self.observation_space = observation_space(self.problem)
        self.action_space = action_space(self.problem)
        self.streams = Streams(1, self.problem, make_meter(codec, self.problem))
        self._last: tuple[int, float, Sent] | None = None  # frame, ratio and what became of it

    @property
    def episode(self) -> Episode:
        """The draws of the episode at hand [T]."""
        return self.streams.episode.row(0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; ``options={"episode": Episode}`` sets its draws.

        Raises:
            InputError: an unknown option, or an episode that does not fit.
        """
        episode = read_episode(options, self.problem)
        super().reset(seed=seed)
        row = np.zeros(1, dtype=np.int64)
        if episode is None:
            self.streams.begin([self.np_random], row)
        else:
            self.streams.begin_with(episode, row)
        self._last = None
        return self.streams.observe()[0], _first(self.streams.start_infos())

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return which levels fit [L], or [P L] for a map: of each block, if no other block is sent."""
        masks: npt.NDArray[np.bool_] = self.streams.start_infos()["action_mask"].ravel().astype(np.bool_)
        return masks

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Send the frame at hand.

        Raises:
            InputError: no level.
            gymnasium.error.ResetNeeded: the episode is over.
        """
        if self.streams.time[0] >= self.problem.config.frames:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        levels = check_actions([action], 1, self.problem)
        frames, snr_db = self.streams.at_hand()
        sent = self.streams.send(levels, [self.np_random])
        self._last = int(frames[0]), float(snr_db[0]), sent
        over = bool(self.streams.time[0] >= self.problem.config.frames)
        info = _first(self.streams.infos(sent))
        return self.streams.observe()[0], self._reward(sent), over, False, info

    def _reward(self, sent: Sent) -> Any:
        return float(sent.reward[0])

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of the last frame as sent and as received, or None without a render mode."""
        if self.render_mode != "rgb_array" or self.streams.time[0] > self.problem.config.frames:
            return None
        from semverse.envs.vlscc.render import draw_frame

        return draw_frame(self.problem, self._last)


def _first(infos: dict[str, Any]) -> dict[str, Any]:
    """Return the info of the first row."""
    return {key: value[0].copy() if value.ndim > 1 else value[0].item() for key, value in infos.items()}


class VLSCCMapEnv(VLSCCEnv):
    """Choose a level for each block of a frame (``semverse/VLSCCMap-v0``, paper 002, section III-B).

    As `VLSCCEnv`, but a frame is a picture of P blocks, coded one by one; the quality is the PSNR of the
    whole frame, scaled so that 0 is the training content if nothing is sent and 1 the best that the codec
    does with any of it. The surfaces refer to the pictures; only ``codec="live"`` and `render` read them
    (below ``SEMVERSE_DATA``), and `render` shows maps of the blocks where they are missing.

    ## Action space
    ``MultiDiscrete([L] * P)``, the rate map. The mask (int8 [P, L]) allows each block what fits if no other
    is sent; a map that does not fit as a whole is cut: all levels to the largest common ceiling that fits,
    what is left over to the first blocks that were cut (``info["repaired"]``).

    ## Observation space
    ``Box(P (K + E) + 5)``: the features of each block in turn, the quality to expect of each block as if it
    were the frame, then as `VLSCCEnv`.

    Args:
        profile: "pictures", "toy_map" or the path of a YAML file.
        **options: as for `VLSCCEnv`.
    """

    blocks = True

    def __init__(self, profile: str | Path = "pictures", **options: Any) -> None:
        super().__init__(profile, **options)


class MOVLSCCEnv(VLSCCEnv):
    """VLSCC-v0 with the vector reward (``semverse/MO-VLSCC-v0``).

    The reward is float32 [3]: minus distortion (MPJPE), minus symbols, minus delay in ms. The budget holds
    all the same; ``budget_share=1`` lifts it.

    Args:
        profile: as for `VLSCCEnv`.
        **options: as for `VLSCCEnv`.
    """

    def __init__(self, profile: str | Path = "mesh", **options: Any) -> None:
        super().__init__(profile, **options)
        low = -np.array(
            [
                self.problem.table.max(),
                self.problem.frame_steps * self.problem.step_symbols,
                self.problem.deadline * self.problem.step_ms,
            ]
        )
        below = np.nextafter(low.astype(np.float32), np.float32(-np.inf))
        self.reward_space = gymnasium.spaces.Box(below, np.zeros(3, np.float32), dtype=np.float32)

    def _reward(self, sent: Sent) -> Any:
        return sent.vector()[0]


def episode_bound(env: VLSCCEnv) -> float:
    """Return what the episode that an environment just started can return at most: its exact optimum."""
    return optimum(env.episode, env.problem).value
