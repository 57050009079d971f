"""What the bandwidth environments without a deadline have in common: profile, spaces, render mode."""

from __future__ import annotations

from typing import Any

import gymnasium

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.options import (
    RENDER_FPS,
    RENDER_MODES,
    action_space,
    check_render_mode,
    observation_space,
)


class BaseISGCEnv(gymnasium.Env[Any, Any]):
    """An environment that observes at least a state and takes three logits.

    Args:
        config: the profile.
        render_mode: "rgb_array" or None.

    Raises:
        InputError: an unknown render mode.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(self, config: ISGCConfig, render_mode: str | None) -> None:
        self.config = config
        self.render_mode = check_render_mode(render_mode)
        self.state_space = observation_space(config)
        self.observation_space: gymnasium.spaces.Box = self.state_space
        self.action_space = action_space()
